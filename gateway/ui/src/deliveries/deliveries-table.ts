/** Rows of deliveries, of all notifications or of one client, with what can be done about each. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { ListedDelivery } from '../contract';
import { t } from '../i18n';
import { causeOf } from '../notifications/causes';
import '../notifications/delivery-dialog';
import { statePill, timelineStyles } from '../notifications/timeline';
import { may } from '../store/session';
import { base } from '../ui/base';
import { type Icon, icon } from '../ui/icons';
import { whenExactly } from '../ui/when';
import './discard-dialog';
import './retry-dialog';

/** A dialog over the rows. */
type Opened = { kind: 'delivery' | 'retry' | 'discard'; one: ListedDelivery } | null;

@customElement('deliveries-table')
export class DeliveriesTable extends LitElement {
  static override styles = [
    base,
    timelineStyles,
    css`
      .cause span { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; }
      @media (min-width: 721px) {
        table { table-layout: fixed; min-width: 860px; }
        th, td { padding-inline: 10px; }
        th:first-child, td:first-child { padding-left: var(--s4); }
        td, td.actions { padding-block: 4px; vertical-align: middle; line-height: 1.4; }
        .stands { width: 116px; } .provider { width: 96px; } .at { width: 126px; } .actions { width: 92px; } .to { width: 18%; } .cause { width: 17%; }
        td.lead { min-width: 0; }
        .clip { display: block; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: left; }
        td.at { white-space: nowrap; }
      }
      td.lead .link-button, td.lead a { min-height: 24px; line-height: 24px; }
      .clip:focus-visible { outline-offset: -2px; }
      @media (max-width: 720px) { td.lead .clip { display: block; text-align: left; } td .icon-button { width: 44px; height: 44px; } table.cards td.cause:not(:has(span)) { display: none; } }
    `,
  ];

  @property({ attribute: false }) items: ListedDelivery[] = [];
  /** All rows are of one client, whose page this is: a row begins with its notification. */
  @property({ type: Boolean, attribute: 'of-client' }) ofClient = false;
  @state() private opened: Opened = null;

  override render() {
    return html`<div class="table-scroll"><table class="cards">
      <caption class="hidden">${t('envios.title')}</caption>
      <thead><tr><th>${t(this.ofClient ? 'notification.title' : 'envios.client')}</th><th class="to">${t('envios.to')}</th><th class="stands">${t('filter.state')}</th><th class="cause">${t('envios.cause')}</th><th class="provider">${t('envios.provider')}</th><th class="at">${t('envios.when')}</th><th class="actions"><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>${repeat(
        this.items,
        (one) => one.id,
        (one) => this.row(one),
      )}</tbody>
    </table></div>
    ${this.dialog()}`;
  }

  private row(one: ListedDelivery) {
    const last = one.attempts.at(-1);
    const cause = last && isUnwell(last.outcome) ? causeOf(last) : '';
    return html`<tr>
      <td class="lead">${this.ofClient ? this.notification(one) : this.client(one)}</td>
      <td class="to" data-label=${t('envios.to')}><span class="clip" title=${one.to ?? nothing}>${one.to ?? t('suppressions.erased')}</span></td>
      <td class="stands" data-label=${t('filter.state')}>${statePill(one.state)}${one.discarded ? html`<div class="small muted">${t('envios.discarded_one')}</div>` : nothing}</td>
      <td class="cause" data-label=${t('envios.cause')}>${cause ? html`<span title=${cause}>${cause}</span>` : nothing}</td>
      <td class="provider" data-label=${t('envios.provider')}><span class="clip">${last?.provider ?? ''}</span></td>
      <td class="at" data-label=${t('envios.when')}>${whenExactly(last?.at ?? one.notification.created_at)}</td>
      <td class="actions">${this.actions(one)}</td>
    </tr>`;
  }

  private client(one: ListedDelivery) {
    const { id, title } = one.notification;
    return html`${this.opener(one, one.client.name)}
      <a class="small muted clip" href="/notificaciones/${id}" title=${title}>${title}</a>`;
  }

  private notification(one: ListedDelivery) {
    return html`${this.opener(one, one.notification.title)}
      <span class="small muted clip">${t(`channel.${one.channel}`)}</span>`;
  }

  private opener(one: ListedDelivery, label: string) {
    return html`<button class="link-button strong clip" type="button" aria-haspopup="dialog" title=${label} @click=${() => this.show({ kind: 'delivery', one })}>${label}</button>`;
  }

  private actions(one: ListedDelivery) {
    if (one.state !== 'failed' || !may('notifier')) return nothing;
    const { name } = one.client;
    const button = (mark: Icon, title: string, label: string, kind: 'retry' | 'discard') =>
      html`<button class="icon-button" type="button" title=${title} aria-label=${label} @click=${() => this.show({ kind, one })}>${icon(mark, 18)}</button>`;
    return html`${button('refresh', t('envios.retry'), t('envios.retry_one', { name }), 'retry')}${one.discarded ? nothing : button('trash', t('envios.discard'), t('envios.discard_one', { name }), 'discard')}`;
  }

  private dialog() {
    const { opened } = this;
    const close = () => this.show(null);
    const done = (words: string) => () => this.changed(words);
    switch (opened?.kind) {
      case 'delivery':
        return html`<delivery-dialog record=${opened.one.id} ?of-client=${this.ofClient} @dialog-closed=${close}></delivery-dialog>`;
      case 'retry':
        return html`<retry-dialog .delivery=${opened.one} @done=${done(t('envios.retried', { n: 1 }))} @dialog-closed=${close}></retry-dialog>`;
      case 'discard':
        return html`<discard-dialog .delivery=${opened.one} @done=${done(t('envios.discard_done'))} @dialog-closed=${close}></discard-dialog>`;
      default:
        return nothing;
    }
  }

  private show(what: Opened): void {
    this.opened = what;
  }

  /** The page says what was done, and reads the rows again. */
  private changed(words: string): void {
    this.show(null);
    this.dispatchEvent(new CustomEvent('changed', { detail: words }));
  }
}

const isUnwell = (outcome: string): boolean => !['accepted', 'delivered', 'cancelled'].includes(outcome);
