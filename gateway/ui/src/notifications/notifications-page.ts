/** «Notificaciones»: the notifications to clients, newest first, each with its progress. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getNotifications } from '../api';
import { dayInAddress, fromAddress, isId, startOfDay } from '../app/address';
import { place, replaceQuery } from '../app/router';
import { CHANNEL } from '../channels';
import type { Notification } from '../contract';
import { t } from '../i18n';
import { PagedList } from '../store/paged-list';
import { companies, companyName, may } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { selectField, withChosen } from '../ui/field';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import '../ui/saved-views';
import '../ui/segmented-bar';
import { when } from '../ui/when';
import { isLive, standing } from './progress';
import { titleOf } from './title';

/** How often the list is reloaded while a notification is running. */
const REFRESH_MS = 3_000;
const STATES = ['awaiting_approval', 'scheduled', 'resolving', 'running', 'paused', 'completed', 'cancelled'] as const;
const isState = (value: string): boolean => STATES.some((state) => state === value);
/** Of how many days, today among them. */
const PERIODS = ['1', '7', '30'] as const;
const isPeriod = (value: string): boolean => PERIODS.some((days) => days === value);
const PATH = '/notificaciones';

/** The filters as the address has them. */
interface Filters {
  empresa: string;
  estado: string;
  periodo: string;
}
const filtersHere = (): Filters => ({
  empresa: fromAddress('empresa', isId),
  estado: fromAddress('estado', isState),
  periodo: fromAddress('periodo', isPeriod),
});

/** The views of everybody: what asks for somebody, what goes on, and what is of this shift. */
const VIEWS = () => [
  { name: t('views.today'), query: 'periodo=1' },
  { name: t('views.approval'), query: 'estado=awaiting_approval' },
  { name: t('views.running'), query: 'estado=running' },
  { name: t('views.scheduled'), query: 'estado=scheduled' },
  { name: t('views.paused'), query: 'estado=paused' },
];

@customElement('notifications-page')
export class NotificationsPage extends LitElement {
  static override styles = [
    base,
    css`
      a.row-link { display: grid; grid-template-columns: auto minmax(0, 1fr) minmax(200px, 300px); gap: 4px var(--s4); align-items: center; padding: var(--s4) var(--s5); border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; }
      li:last-child a.row-link { border-bottom: 0; }
      a.row-link:hover { background: var(--surface-2); }
      a.row-link:focus-visible { outline-offset: -3px; }
      .mark { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 13px; background: var(--surface-3); color: var(--ink-2); }
      .text { display: grid; grid-template-columns: minmax(0, 1fr); }
      .what, .company { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .what { font-weight: 550; }
      .company { display: inline-block; max-width: 100%; vertical-align: bottom; }
      .progress { display: grid; grid-template-columns: minmax(0, 1fr); gap: 6px; min-width: 0; justify-items: end; }
      .progress segmented-bar { width: 100%; }
      .outcome { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 4px var(--s3); max-width: 100%; }
      .outcome .num { white-space: nowrap; }
      .outcome .pill { min-width: 0; white-space: normal; overflow-wrap: anywhere; }
      @media (max-width: 720px) { .toolbar .field { flex-basis: 130px; } a.row-link { grid-template-columns: auto minmax(0, 1fr); padding: var(--s4); } .progress { grid-column: 1 / -1; justify-items: stretch; } .outcome { justify-content: space-between; } }
    `,
  ];

  @state() private filters: Filters = filtersHere();
  private readonly companies = new Watching(this, companies);
  private readonly place = new Watching(this, place);
  private readonly list = new PagedList<Notification>(this, (after) => getNotifications({ ...this.asked(), after }));
  /** The query that the filters were read from, or written to. */
  private query = place.get().query.toString();
  private timer?: ReturnType<typeof setInterval>;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
    this.timer = setInterval(() => this.lookAgain(), REFRESH_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  /** A view, or a link from another page, brings other filters. */
  protected override willUpdate(): void {
    const { path, query } = this.place.value;
    if (path !== PATH || this.query === query.toString()) return;
    this.query = query.toString();
    this.filters = filtersHere();
    void this.list.replace();
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('notifications.title')}</h1><p>${t('notifications.lead')}</p></div>
        ${may('notifier') ? html`<a class="button" href="/notificaciones/nueva">${icon('plus', 18)}${t('notifications.new')}</a>` : nothing}
      </div>
      <saved-views path=${PATH} .views=${VIEWS()}></saved-views>
      ${this.fields()}
      <section class="card" aria-label=${t('notifications.title')}>${listFrame(this.list, this.empty(), () => this.rows())}</section>
    </div>`;
  }

  private fields() {
    const { empresa, estado, periodo } = this.filters;
    const here = this.companies.value.map((c) => ({ value: c.id, label: c.name }));
    return html`<div class="toolbar">
      ${selectField({
        name: 'company',
        label: t('send.company'),
        value: empresa,
        options: [{ value: '', label: t('filter.all_companies') }, ...withChosen(here, empresa)],
        onInput: (company) => this.filter({ empresa: company }),
      })}
      ${selectField({
        name: 'state',
        label: t('filter.state'),
        value: estado,
        options: [
          { value: '', label: t('filter.all_states') },
          ...STATES.map((value) => ({ value, label: t(`standing.short.${value}`) })),
        ],
        onInput: (state) => this.filter({ estado: state }),
      })}
      ${selectField({
        name: 'period',
        label: t('period.title'),
        value: periodo,
        options: [
          { value: '', label: t('period.any') },
          ...PERIODS.map((value) => ({ value, label: t(`period.${value}`) })),
        ],
        onInput: (period) => this.filter({ periodo: period }),
      })}
    </div>`;
  }

  private rows() {
    return html`<ul>${repeat(
      this.list.items,
      (one) => one.id,
      (one) => html`<li>${this.row(one)}</li>`,
    )}</ul>`;
  }

  private row(one: Notification) {
    const { text, tone } = standing(one);
    return html`<a class="row-link" href="/notificaciones/${one.id}">
      <span class="mark">${icon(CHANNEL[one.channel].icon)}</span>
      <span class="text">
        <span class="what">${titleOf(one)}</span>
        <span class="small muted"><span class="company">${companyName(one.company_id)}</span> · ${t(`category.${one.category}`)} · ${when(one.requested_at)}</span>
      </span>
      <span class="progress"><segmented-bar thin .totals=${one.totals}></segmented-bar><span class="outcome"><span class="small muted num">${recipients(one)}</span><span class="pill ${tone}">${text}</span></span></span>
    </a>`;
  }

  private empty() {
    if (Object.values(this.filters).some(Boolean))
      return html`<empty-state icon="search" heading=${t('notifications.none_found')} text=${t('filter.none_text')}></empty-state>`;
    return html`<empty-state icon="notify" heading=${t('notifications.empty')} text=${t('notifications.empty_text')}></empty-state>`;
  }

  private filter(change: Partial<Filters>): void {
    this.filters = { ...this.filters, ...change };
    replaceQuery({ ...this.filters });
    this.query = place.get().query.toString();
    void this.list.load();
  }

  /** As the server takes them. A period begins with the first of its days, in the reader's zone. */
  private asked() {
    const { empresa, estado, periodo } = this.filters;
    if (!periodo) return { company: empresa, state: estado };
    const first = new Date();
    first.setDate(first.getDate() - Number(periodo) + 1);
    return { company: empresa, state: estado, from: startOfDay(dayInAddress(first), 0) };
  }

  /** Only the first page is reloaded, and only while a notification on it is running. */
  private lookAgain(): void {
    const moving = this.list.state === 'ready' && this.list.items.some((one) => isLive(one.state));
    if (moving && document.visibilityState === 'visible') void this.refresh();
  }

  private async refresh(): Promise<void> {
    const page = await getNotifications(this.asked()).catch(() => null);
    if (!page) return;
    const fresh = new Map(page.data.map((one) => [one.id, one]));
    this.list.change((items) => items.map((one) => fresh.get(one.id) ?? one));
  }
}

const recipients = ({ totals }: Notification): string =>
  totals.total > 0 ? t('notifications.recipients', { n: totals.total }) : '';
