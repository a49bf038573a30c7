/** Asks for confirmation before an action that cannot be undone. */
import { html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import { base } from './base';
import { Modal, modalStyles } from './modal';

export interface Question {
  heading: string;
  text: string;
  action: string;
  /** The button that changes nothing: «Cancelar» unless the action itself cancels something. */
  dismiss?: string;
  danger?: boolean;
}

@customElement('confirm-dialog')
export class ConfirmDialog extends LitElement {
  static override styles = [base, modalStyles];

  @property({ attribute: false }) question!: Question;
  answer: (yes: boolean) => void = () => undefined;

  private readonly modal = new Modal(this, () => this.say(false));

  override render() {
    const { heading, text, action, dismiss = t('cancel'), danger } = this.question;
    return this.modal.render({
      heading,
      content: html`<p class="verbatim">${text}</p>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        <button class="button" type="button" autofocus @click=${() => this.say(false)}>${dismiss}</button>
        <button class="button primary ${danger ? 'danger' : ''}" type="button" @click=${() => this.say(true)}>${action}</button>
      </div>`,
    });
  }

  private say(yes: boolean): void {
    this.answer(yes);
    this.remove();
  }
}

/** True when the user confirms. */
export function confirmed(question: Question): Promise<boolean> {
  const dialog = document.createElement('confirm-dialog') as ConfirmDialog;
  dialog.question = question;
  return new Promise((resolve) => {
    dialog.answer = resolve;
    document.body.append(dialog);
  });
}
