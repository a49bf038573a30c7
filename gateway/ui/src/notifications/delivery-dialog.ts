/** One delivery by its id: to whom it went, and what became of it. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getDelivery } from '../api';
import type { Delivery } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { base } from '../ui/base';
import '../ui/empty-state';
import '../ui/loading-rows';
import { Modal, modalStyles } from '../ui/modal';
import { statePill, timeline, timelineStyles } from './timeline';

@customElement('delivery-dialog')
export class DeliveryDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    timelineStyles,
    css`
      .whom { margin-bottom: var(--s4); }
      .ways { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s4); margin-top: var(--s4); font-size: var(--text-s); }
      .timeline { padding-left: 6px; }
    `,
  ];

  @property() delivery = '';
  @state() private shown: Delivery | null = null;
  @state() private failure = '';

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  override render() {
    return this.modal.render({ heading: t('delivery.title'), content: html`${this.content()}` });
  }

  private content() {
    if (this.failure)
      return html`<empty-state icon="alert" heading=${t('delivery.missing')} text=${this.failure}></empty-state>`;
    return this.shown ? told(this.shown) : html`<loading-rows count="2"></loading-rows>`;
  }

  private async load(): Promise<void> {
    try {
      this.shown = await getDelivery(this.delivery);
    } catch (error) {
      this.failure = sentence(error);
    }
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

function told(one: Delivery) {
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

/** The clients of its company that have this name: an erased one has none to look for. */
const clientPage = ({ company_id, client }: Delivery): string =>
  `/clientes?${new URLSearchParams({ empresa: company_id, q: client.name })}`;
