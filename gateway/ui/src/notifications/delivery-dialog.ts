/** A dialog with one delivery by its id: its recipient and its attempts. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { getDelivery } from '../api';
import type { Delivery } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { RecordDialog } from '../ui/record-dialog';
import { statePill, timeline, timelineStyles } from './timeline';

@customElement('delivery-dialog')
export class DeliveryDialog extends RecordDialog<Delivery> {
  static override styles = [
    RecordDialog.styles,
    timelineStyles,
    css`
      .whom { margin-bottom: var(--s4); }
      .ways { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s4); margin-top: var(--s4); font-size: var(--text-s); }
      .timeline { padding-left: 6px; }
    `,
  ];

  protected heading = () => t('delivery.title');
  protected read = getDelivery;

  protected told(one: Delivery) {
    const { client, contact, to } = one;
    const reached = [contact === client.name ? '' : contact, to].filter(Boolean).join(' · ');
    return html`<div class="whom">
        <p class="strong wrap">${client.name}</p>
        ${reached ? html`<p class="muted wrap">${reached}</p>` : nothing}
        <p>${statePill(one.state)}</p>
      </div>
      ${timeline(one)}
      <p class="ways">
        <a href="/notificaciones/${one.notification_id}">${t('delivery.notification')}</a>
        ${to ? html`<a href=${clientPage(one)}>${t('delivery.client')}</a>` : nothing}
      </p>`;
  }

  protected failed(error: unknown) {
    return html`<empty-state icon="alert" heading=${t('delivery.missing')} text=${sentence(error)}></empty-state>`;
  }
}

/** The link to the company's clients with this client's name. */
const clientPage = ({ company_id, client }: Delivery): string =>
  `/clientes?${new URLSearchParams({ empresa: company_id, q: client.name })}`;
