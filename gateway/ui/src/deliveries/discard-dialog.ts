/** Says of a failed delivery that it is not sent again, for a reason. */
import { html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { discardDelivery } from '../api';
import type { ListedDelivery } from '../contract';
import { t } from '../i18n';
import { ReasonDialog } from '../ui/reason-dialog';

@customElement('discard-dialog')
export class DiscardDialog extends ReasonDialog {
  @property({ attribute: false }) delivery!: ListedDelivery;

  protected heading = () => t('envios.discard_heading');
  protected action = () => t('envios.discard');
  protected act = (reason: string) => discardDelivery(this.delivery.id, reason);

  protected meaning() {
    const whom = [this.delivery.client.name, this.delivery.to].filter(Boolean).join(' · ');
    return html`<p class="strong wrap">${whom}</p><p>${t('envios.discard_text')}</p>`;
  }
}
