/** Pauses a provider, for a reason. */
import { html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { pauseProvider } from '../api';
import type { Provider } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { base } from '../ui/base';
import { focusFirstError, textArea } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';

/** The server's limit, in characters. */
const REASON_MAX = 500;

@customElement('pause-provider-dialog')
export class PauseProviderDialog extends LitElement {
  static override styles = [base, modalStyles];

  @property({ attribute: false }) provider!: Provider;
  /** Whether another provider of the channel takes its messages. */
  @property({ type: Boolean }) last = false;
  @state() private reason = '';
  @state() private error = '';
  @state() private failure = '';
  @state() private busy = false;

  private readonly modal = new Modal(this, () => this.closed());

  override render() {
    const { name, channel } = this.provider;
    return this.modal.render({
      heading: t('providers.pause_heading', { name }),
      content: html`<form id="pause" class="stack" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}
        <p>${t('providers.pause_text')}</p>
        ${this.last ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('providers.pause_last', { channel: t(`channel.${channel}`) })}</span></p>` : nothing}
        ${textArea({
          name: 'reason',
          label: t('providers.reason'),
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
        <button class="button primary" type="submit" form="pause" ?disabled=${this.busy}>${t('providers.pause')}</button>
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
      await pauseProvider(this.provider, this.reason);
      this.dispatchEvent(new CustomEvent('done'));
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
