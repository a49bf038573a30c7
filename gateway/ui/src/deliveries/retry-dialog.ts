/** Sends one failed delivery again, to the same address or to an edited one. */
import { html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { retryDelivery } from '../api';
import type { ListedDelivery } from '../contract';
import { t } from '../i18n';
import { ActDialog } from '../ui/act-dialog';
import { checkField, textField } from '../ui/field';

/** The longest address, in characters. */
const ADDRESS_MAX = 254;

@customElement('retry-dialog')
export class RetryDialog extends ActDialog {
  @property({ attribute: false }) delivery!: ListedDelivery;
  @state() private to = '';
  @state() private updatesClient = false;
  protected override readonly field = 'to';

  override connectedCallback(): void {
    super.connectedCallback();
    this.to = this.delivery.to ?? '';
  }

  protected override heading(): string {
    return t('envios.retry_heading');
  }

  protected override action(): string {
    return t('envios.retry');
  }

  protected override fields() {
    const { client, channel } = this.delivery;
    return html`<p class="strong wrap">${client.name}</p>
      <p>${t('envios.retry_text')}</p>
      ${textField({ name: 'to', label: t(`envios.address.${channel}`), value: this.to, error: this.error, maxlength: ADDRESS_MAX, required: true, onInput: this.edit })}
      ${this.edited ? checkField({ name: 'update_client', label: t('envios.update_client'), checked: this.updatesClient, onInput: this.choose }) : nothing}`;
  }

  protected override wrong(): string {
    return this.to.trim() ? '' : t('required');
  }

  protected override send(): Promise<unknown> {
    return retryDelivery(this.delivery.id, this.edited ? { to: this.to, update_client: this.updatesClient } : {});
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
}
