/** «Envíos»: the deliveries of all notifications, and the dead letters among them. The filters are in the address. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { countDeliveries, searchDeliveries } from '../api';
import { asText, FIRST_DAY, LAST_DAY, TEXT_MAX } from '../app/address';
import { place, replaceQuery } from '../app/router';
import { CHANNELS } from '../channels';
import type { Counted, ListedDelivery } from '../contract';
import { t } from '../i18n';
import { causeOf } from '../notifications/causes';
import '../notifications/delivery-dialog';
import { statePill, timelineStyles } from '../notifications/timeline';
import { sentence } from '../problem';
import { PagedList } from '../store/paged-list';
import { companies, may } from '../store/session';
import { Watching } from '../store/store';
import { toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import { selectField, textField, withChosen } from '../ui/field';
import { type Icon, icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import '../ui/saved-views';
import { STATES } from '../ui/segmented-bar';
import { whenExactly } from '../ui/when';
import './discard-dialog';
import { addressOf, CLASSES, DISCARDED, type Filters, filtersInAddress, requested } from './filters';
import './retry-dialog';
import './retry-many-dialog';
import type { Retried } from './retry-many-dialog';

/** Debounce of the filters, in milliseconds. */
const ASK_AFTER_MS = 300;

const PATH = '/envios';
/** The views of everybody: what asks for a person. */
const VIEWS = () => [
  { name: t('views.failed'), query: 'estado=failed' },
  { name: t('views.doubt'), query: 'estado=in_doubt' },
  { name: t('views.deferred'), query: 'estado=deferred' },
];
const queryHere = (): string => place.get().query.toString();

/** A dialog over the list. */
type Opened =
  | { kind: 'delivery' | 'retry' | 'discard'; one: ListedDelivery }
  | { kind: 'many'; counted: Counted }
  | null;

@customElement('deliveries-page')
export class DeliveriesPage extends LitElement {
  static override styles = [
    base,
    timelineStyles,
    css`
      .filters { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: var(--s3); }
      details { margin: var(--s3) 0 var(--s4); }
      summary { width: fit-content; min-height: 24px; cursor: pointer; font-size: var(--text-s); font-weight: 550; color: var(--ink-2); }
      details .filters { margin-top: var(--s3); }
      input[type="date"] { min-width: 0; }
      .told { display: inline-flex; align-items: center; gap: var(--s2); color: var(--ok); font-weight: 550; }
      .clear { margin-bottom: var(--s4); }
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
      @media (max-width: 720px) { .filters { grid-template-columns: repeat(2, minmax(0, 1fr)); } input[type="date"] { padding: 8px; } td.lead .clip { display: block; text-align: left; } td .icon-button { width: 44px; height: 44px; } table.cards td.cause:not(:has(span)) { display: none; } }
    `,
  ];

  @state() private filters: Filters = filtersInAddress();
  @state() private opened: Opened = null;
  /** What the last action did: said above the list, since a toast would cover the actions of the last rows. */
  @state() private told = '';
  private readonly companies = new Watching(this, companies);
  private readonly list = new PagedList<ListedDelivery>(this, (after) =>
    searchDeliveries({ ...requested(this.filters), after }),
  );
  private readonly place = new Watching(this, place);
  /** The query that the filters were read from, or written to. */
  private query = queryHere();
  private timer?: ReturnType<typeof setTimeout>;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  /** A link to this page, such as to all deliveries of a client, brings other filters. */
  protected override willUpdate(): void {
    if (this.place.value.path !== PATH || this.query === queryHere()) return;
    this.query = queryHere();
    this.filters = filtersInAddress();
    [this.opened, this.told] = [null, ''];
    void this.list.load();
  }

  override render() {
    const asked = Object.values(this.filters).some(Boolean);
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('envios.title')}</h1>${this.told ? nothing : html`<p>${t('envios.lead')}</p>`}<div role="status">${this.told ? html`<span class="told">${icon('check', 18)}${this.told}</span>` : nothing}</div></div>
        ${this.retriesMany ? html`<button class="button" type="button" @click=${this.askMany}>${icon('refresh', 18)}${t('envios.retry_all')}</button>` : nothing}
      </div>
      <saved-views path=${PATH} .views=${VIEWS()}></saved-views>
      ${this.fields()}
      ${asked ? html`<p class="clear"><button class="link-button" type="button" @click=${this.clear}>${t('filter.clear')}</button></p>` : nothing}
      <section class="card" aria-label=${t('envios.title')}>${listFrame(this.list, this.empty(asked), () => this.table())}</section>
      ${this.dialog()}
    </div>`;
  }

  /** Only what the list shows can be chosen: the dead letters. */
  private get retriesMany(): boolean {
    return may('notifier') && this.filters.state === 'failed' && this.list.items.length > 0;
  }

  private fields() {
    const { filters } = this;
    const all = (label: string) => ({ value: '', label });
    const here = this.companies.value.map((c) => ({ value: c.id, label: c.name }));
    const states = [...STATES.map((value) => ({ value: value as string, label: t(`state.${value}`, { n: 2 }) }))];
    states.push({ value: DISCARDED, label: t('envios.discarded') });
    const classes = CLASSES.map((value) => ({ value, label: t(`class.${value}`) }));
    const channels = CHANNELS.map((value) => ({ value, label: t(`channel.${value}`) }));
    const isMore = Boolean(filters.channel || filters.provider || filters.from || filters.until);
    return html`<div class="filters">
      ${selectField({ name: 'company', label: t('send.company'), value: filters.company, options: [all(t('filter.all_companies')), ...withChosen(here, filters.company)], onInput: (company) => this.filter({ company }) })}
      ${selectField({ name: 'state', label: t('filter.state'), value: filters.state, options: [all(t('filter.all_states')), ...states], onInput: (state) => this.filter({ state }) })}
      ${selectField({ name: 'class', label: t('envios.cause'), value: filters.class, options: [all(t('envios.all_causes')), ...classes], onInput: (cause) => this.filter({ class: cause }) })}
      ${this.text('to', t('envios.to'))}
    </div>
    <details ?open=${isMore}>
      <summary>${t('envios.more_filters')}</summary>
      <div class="filters">
        ${selectField({ name: 'channel', label: t('send.channel'), value: filters.channel, options: [all(t('envios.all_channels')), ...channels], onInput: (channel) => this.filter({ channel }) })}
        ${this.text('provider', t('envios.provider'))} ${this.day('from', t('audit.from'))} ${this.day('until', t('audit.to'))}
      </div>
    </details>`;
  }

  private text(name: 'to' | 'provider', label: string) {
    const onInput = (typed: string) => this.filter({ [name]: asText(typed).trim() });
    return textField({ name, label, value: this.filters[name], maxlength: TEXT_MAX, onInput });
  }

  private day(name: 'from' | 'until', label: string) {
    const onInput = (day: string) => this.filter({ [name]: day });
    return textField({ name, label, type: 'date', value: this.filters[name], min: FIRST_DAY, max: LAST_DAY, onInput });
  }

  private table() {
    return html`<div class="table-scroll"><table class="cards">
      <caption class="hidden">${t('envios.title')}</caption>
      <thead><tr><th>${t('envios.client')}</th><th class="to">${t('envios.to')}</th><th class="stands">${t('filter.state')}</th><th class="cause">${t('envios.cause')}</th><th class="provider">${t('envios.provider')}</th><th class="at">${t('envios.when')}</th><th class="actions"><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>${repeat(
        this.list.items,
        (one) => one.id,
        (one) => this.row(one),
      )}</tbody>
    </table></div>`;
  }

  private row(one: ListedDelivery) {
    const last = one.attempts.at(-1);
    const cause = last && isUnwell(last.outcome) ? causeOf(last) : '';
    const { id, title } = one.notification;
    return html`<tr>
      <td class="lead"><button class="link-button strong clip" type="button" aria-haspopup="dialog" @click=${() => this.show({ kind: 'delivery', one })}>${one.client.name}</button>
        <a class="small muted clip" href="/notificaciones/${id}" title=${title}>${title}</a></td>
      <td class="to" data-label=${t('envios.to')}><span class="clip" title=${one.to ?? nothing}>${one.to ?? t('suppressions.erased')}</span></td>
      <td class="stands" data-label=${t('filter.state')}>${statePill(one.state)}${one.discarded ? html`<div class="small muted">${t('envios.discarded_one')}</div>` : nothing}</td>
      <td class="cause" data-label=${t('envios.cause')}>${cause ? html`<span title=${cause}>${cause}</span>` : nothing}</td>
      <td class="provider" data-label=${t('envios.provider')}><span class="clip">${last?.provider ?? ''}</span></td>
      <td class="at" data-label=${t('envios.when')}>${whenExactly(last?.at ?? one.notification.created_at)}</td>
      <td class="actions">${this.actions(one)}</td>
    </tr>`;
  }

  private actions(one: ListedDelivery) {
    if (one.state !== 'failed' || !may('notifier')) return nothing;
    const { name } = one.client;
    const button = (mark: Icon, title: string, label: string, kind: 'retry' | 'discard') =>
      html`<button class="icon-button" type="button" title=${title} aria-label=${label} @click=${() => this.show({ kind, one })}>${icon(mark, 18)}</button>`;
    return html`${button('refresh', t('envios.retry'), t('envios.retry_one', { name }), 'retry')}${one.discarded ? nothing : button('trash', t('envios.discard'), t('envios.discard_one', { name }), 'discard')}`;
  }

  private empty(asked: boolean) {
    if (asked)
      return html`<empty-state icon="search" heading=${t('envios.none_found')} text=${t('filter.none_text')}></empty-state>`;
    return html`<empty-state icon="notify" heading=${t('envios.empty')} text=${t('envios.empty_text')}></empty-state>`;
  }

  private dialog() {
    const { opened } = this;
    const close = () => this.show(null);
    switch (opened?.kind) {
      case 'delivery':
        return html`<delivery-dialog record=${opened.one.id} @dialog-closed=${close}></delivery-dialog>`;
      case 'retry':
        return html`<retry-dialog .delivery=${opened.one} @done=${this.retried} @dialog-closed=${close}></retry-dialog>`;
      case 'discard':
        return html`<discard-dialog .delivery=${opened.one} @done=${this.discarded} @dialog-closed=${close}></discard-dialog>`;
      case 'many':
        return html`<retry-many-dialog .filter=${requested(this.filters)} .counted=${opened.counted} @done=${this.retriedMany} @dialog-closed=${close}></retry-many-dialog>`;
      default:
        return nothing;
    }
  }

  private show(what: Opened): void {
    this.opened = what;
  }

  private filter(change: Partial<Filters>): void {
    this.filters = { ...this.filters, ...change };
    this.told = '';
    replaceQuery(addressOf(this.filters));
    this.query = queryHere();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.list.replace(), ASK_AFTER_MS);
  }

  private clear = (): void => {
    const nothing = Object.fromEntries(Object.keys(this.filters).map((name) => [name, '']));
    this.filter(nothing as Filters);
  };

  private askMany = async (): Promise<void> => {
    try {
      this.show({ kind: 'many', counted: await countDeliveries(requested(this.filters)) });
    } catch (error) {
      toastFailure(sentence(error));
    }
  };

  private retried = (): void => this.changed(t('envios.retried', { n: 1 }));
  private discarded = (): void => this.changed(t('envios.discard_done'));

  private retriedMany = (event: CustomEvent<Retried>): void => {
    const { retried, refused } = event.detail;
    const more = refused > 0 ? ` ${t('envios.refused', { n: refused })}` : '';
    this.changed(t('envios.retried', { n: retried }) + more);
  };

  private changed(text: string): void {
    this.show(null);
    this.told = text;
    void this.list.refresh();
  }
}

const isUnwell = (outcome: string): boolean => !['accepted', 'delivered', 'cancelled'].includes(outcome);
