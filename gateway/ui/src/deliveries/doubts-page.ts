/** «En duda»: the deliveries of which nobody knows whether they were sent, each with the form that ends its doubt. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { searchDeliveries } from '../api';
import type { ListedDelivery } from '../contract';
import { t } from '../i18n';
import '../notifications/delivery-dialog';
import { PagedList } from '../store/paged-list';
import { companyName } from '../store/session';
import { base } from '../ui/base';
import { listFrame } from '../ui/list-frame';
import { whenExactly } from '../ui/when';

@customElement('doubts-page')
export class DoubtsPage extends LitElement {
  static override styles = [
    base,
    css`
      td { vertical-align: middle; overflow-wrap: anywhere; }
      td a.small, td .link-button { display: inline-block; min-height: 24px; text-align: left; }
    `,
  ];

  @state() private opened: ListedDelivery | null = null;
  private readonly list = new PagedList<ListedDelivery>(this, (after) =>
    searchDeliveries({ state: 'in_doubt', after }),
  );

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('doubts.title')}</h1><p>${t('doubts.lead')}</p></div>
      </div>
      <section class="card" aria-label=${t('doubts.title')}>${listFrame(this.list, this.empty(), () => this.table())}</section>
      ${this.opened ? html`<delivery-dialog record=${this.opened.id} @dialog-closed=${this.close}></delivery-dialog>` : nothing}
    </div>`;
  }

  private empty() {
    return html`<empty-state icon="check" heading=${t('doubts.empty')} text=${t('doubts.empty_text')}></empty-state>`;
  }

  private table() {
    return html`<div class="table-scroll"><table class="cards">
      <caption class="hidden">${t('doubts.title')}</caption>
      <thead><tr><th>${t('envios.client')}</th><th>${t('envios.to')}</th><th>${t('send.company')}</th><th>${t('envios.provider')}</th><th>${t('doubts.since')}</th></tr></thead>
      <tbody>${repeat(
        this.list.items,
        (one) => one.id,
        (one) => this.row(one),
      )}</tbody>
    </table></div>`;
  }

  private row(one: ListedDelivery) {
    const last = one.attempts.at(-1);
    return html`<tr>
      <td class="lead"><button class="link-button strong" type="button" aria-haspopup="dialog" @click=${() => this.open(one)}>${one.client.name}</button>
        <br /><a class="small muted" href="/notificaciones/${one.notification.id}">${one.notification.title}</a></td>
      <td data-label=${t('envios.to')}>${one.to ?? t('suppressions.erased')}</td>
      <td data-label=${t('send.company')}>${companyName(one.company_id)}</td>
      <td data-label=${t('envios.provider')}>${last?.provider ?? ''}</td>
      <td data-label=${t('doubts.since')}>${whenExactly(last?.at ?? one.notification.created_at)}</td>
    </tr>`;
  }

  private open(one: ListedDelivery): void {
    this.opened = one;
  }

  /** A doubt that was ended in the dialog is gone from the list. */
  private close(): void {
    this.opened = null;
    void this.list.refresh();
  }
}
