/** Sends one failed delivery again, to the same address or to an edited one. */
import { html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { retryDelivery } from '../api';
import type { ListedDelivery } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { base } from '../ui/base';
import { checkField, focusFirstError, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';

/** The longest address, in characters. */
const ADDRESS_MAX = 254;

@customElement('retry-dialog')
export class RetryDialog extends LitElement {
  static override styles = [base, modalStyles];

  @property({ attribute: false }) delivery!: ListedDelivery;
  @state() private to = '';
  @state() private updatesClient = false;
  @state() private error = '';
  @state() private failure = '';
  @state() private busy = false;

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    this.to = this.delivery.to ?? '';
  }

  override render() {
    const { client, channel } = this.delivery;
    return this.modal.render({
      heading: t('envios.retry_heading'),
      content: html`<form id="retry" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}
        <p class="strong wrap">${client.name}</p>
        <p>${t('envios.retry_text')}</p>
        ${textField({ name: 'to', label: t(`envios.address.${channel}`), value: this.to, error: this.error, maxlength: ADDRESS_MAX, required: true, onInput: this.edit })}
        ${this.edited ? checkField({ name: 'update_client', label: t('envios.update_client'), checked: this.updatesClient, onInput: this.choose }) : nothing}
      </form>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        <button class="button" type="button" ?disabled=${this.busy} @click=${this.closed}>${t('back')}</button>
        <button class="button primary" type="submit" form="retry" ?disabled=${this.busy}>${t('envios.retry')}</button>
      </div>`,
      locked: this.busy,
    });
  }

  private get edited(): boolean {
    return this.to.trim() !== (this.delivery.to ?? '');
  }

  private edit = (to: string): void => {
    this.to = to;
    this.error = '';
  };

  private choose = (on: boolean): void => {
    this.updatesClient = on;
  };

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    if (!this.to.trim()) this.error = t('required');
    if (this.error) return focusFirstError(this);
    this.failure = '';
    this.busy = true;
    try {
      await retryDelivery(this.delivery.id, this.edited ? { to: this.to, update_client: this.updatesClient } : {});
      this.dispatchEvent(new CustomEvent('done'));
    } catch (error) {
      this.error = error instanceof Problem ? (error.fields.to ?? '') : '';
      if (!this.error) this.failure = sentence(error);
    } finally {
      this.busy = false;
    }
    if (this.error) await focusFirstError(this);
  }

  private closed(): void {
    if (!this.busy) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
