/** Asks before something that cannot be taken back. */
import { html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import { base } from './base';
import './modal-dialog';

export interface Question {
  heading: string;
  text: string;
  action: string;
  danger?: boolean;
}

@customElement('confirm-dialog')
export class ConfirmDialog extends LitElement {
  static override styles = [base];

  @property({ attribute: false }) question!: Question;
  answer: (yes: boolean) => void = () => undefined;

  override render() {
    const { heading, text, action, danger } = this.question;
    return html`<modal-dialog open heading=${heading} @dialog-closed=${() => this.say(false)}>
      <p class="verbatim">${text}</p>
      <div slot="footer" class="row wraps" id="actions">
        <span class="grow"></span>
        <button class="button" type="button" data-autofocus @click=${() => this.say(false)}>${t('cancel')}</button>
        <button class="button primary ${danger ? 'danger' : ''}" type="button" @click=${() => this.say(true)}>${action}</button>
      </div>
    </modal-dialog>`;
  }

  private say(yes: boolean): void {
    this.answer(yes);
    this.remove();
  }
}

/** True when the person agrees. */
export function confirmed(question: Question): Promise<boolean> {
  const dialog = document.createElement('confirm-dialog') as ConfirmDialog;
  dialog.question = question;
  return new Promise((resolve) => {
    dialog.answer = resolve;
    document.body.append(dialog);
  });
}
