/** A dialog that asks for the reason of an act before it is done. */
import { type CSSResultGroup, html, LitElement, nothing, type TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { base } from './base';
import { focusFirstError, textArea } from './field';
import { icon } from './icons';
import { Modal, modalStyles } from './modal';

/** The server's limit, in characters. */
const REASON_MAX = 500;

export abstract class ReasonDialog extends LitElement {
  static override styles: CSSResultGroup = [base, modalStyles];

  @state() private reason = '';
  @state() private error = '';
  @state() private failure = '';
  @state() private busy = false;

  private readonly modal = new Modal(this, () => this.closed());

  protected abstract heading(): string;
  /** What the act means. */
  protected abstract meaning(): TemplateResult;
  /** The label of the button that does it. */
  protected abstract action(): string;
  protected abstract act(reason: string): Promise<unknown>;

  override render() {
    return this.modal.render({
      heading: this.heading(),
      content: html`<form id="reasoned" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}
        ${this.meaning()}
        ${textArea({
          name: 'reason',
          label: t('reason.label'),
          value: this.reason,
          error: this.error,
          required: true,
          rows: 3,
          onInput: (reason) => {
            this.reason = reason;
            this.error = '';
          },
        })}
      </form>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        <button class="button" type="button" ?disabled=${this.busy} @click=${this.closed}>${t('back')}</button>
        <button class="button primary" type="submit" form="reasoned" ?disabled=${this.busy}>${this.action()}</button>
      </div>`,
      locked: this.busy,
    });
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    if (!this.reason.trim()) this.error = t('required');
    else if ([...this.reason].length > REASON_MAX) this.error = t('too_long', { n: REASON_MAX });
    if (this.error) return focusFirstError(this);
    this.failure = '';
    this.busy = true;
    try {
      const detail = await this.act(this.reason);
      this.dispatchEvent(new CustomEvent('done', { detail }));
    } catch (error) {
      this.error = error instanceof Problem ? (error.fields.reason ?? '') : '';
      if (!this.error) this.failure = sentence(error);
    } finally {
      this.busy = false;
    }
  }

  private closed(): void {
    if (!this.busy) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
