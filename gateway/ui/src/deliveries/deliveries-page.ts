/** «Envíos»: the deliveries of all notifications, and the dead letters among them. The filters are in the address. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { countDeliveries, searchDeliveries } from '../api';
import { asText, FIRST_DAY, LAST_DAY, TEXT_MAX } from '../app/address';
import { place, replaceQuery } from '../app/router';
import { CHANNELS } from '../channels';
import type { Counted, ListedDelivery } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { PagedList } from '../store/paged-list';
import { companies, may } from '../store/session';
import { Watching } from '../store/store';
import { toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import { selectField, textField, withChosen } from '../ui/field';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import '../ui/saved-views';
import { STATES } from '../ui/segmented-bar';
import './deliveries-table';
import { addressOf, CLASSES, DISCARDED, type Filters, filtersInAddress, requested } from './filters';
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

@customElement('deliveries-page')
export class DeliveriesPage extends LitElement {
  static override styles = [
    base,
    css`
      .filters { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: var(--s3); }
      details { margin: var(--s3) 0 var(--s4); }
      summary { width: fit-content; min-height: 24px; cursor: pointer; font-size: var(--text-s); font-weight: 550; color: var(--ink-2); }
      details .filters { margin-top: var(--s3); }
      input[type="date"] { min-width: 0; }
      .told { display: inline-flex; align-items: center; gap: var(--s2); color: var(--ok); font-weight: 550; }
      .clear { margin-bottom: var(--s4); }
      @media (max-width: 720px) { .filters { grid-template-columns: repeat(2, minmax(0, 1fr)); } input[type="date"] { padding: 8px; } }
    `,
  ];

  @state() private filters: Filters = filtersInAddress();
  /** How many the filters take, while the user is asked whether to retry all of them. */
  @state() private counted: Counted | null = null;
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
    [this.counted, this.told] = [null, ''];
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
    return html`<deliveries-table .items=${this.list.items} @changed=${(event: CustomEvent<string>) => this.changed(event.detail)}></deliveries-table>`;
  }

  private empty(asked: boolean) {
    if (asked)
      return html`<empty-state icon="search" heading=${t('envios.none_found')} text=${t('filter.none_text')}></empty-state>`;
    return html`<empty-state icon="notify" heading=${t('envios.empty')} text=${t('envios.empty_text')}></empty-state>`;
  }

  private dialog() {
    const close = () => this.ask(null);
    if (!this.counted) return nothing;
    return html`<retry-many-dialog .filter=${requested(this.filters)} .counted=${this.counted} @done=${this.retriedMany} @dialog-closed=${close}></retry-many-dialog>`;
  }

  private ask(counted: Counted | null): void {
    this.counted = counted;
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
      this.ask(await countDeliveries(requested(this.filters)));
    } catch (error) {
      toastFailure(sentence(error));
    }
  };

  private retriedMany = (event: CustomEvent<Retried>): void => {
    const { retried, refused } = event.detail;
    const more = refused > 0 ? ` ${t('envios.refused', { n: refused })}` : '';
    this.changed(t('envios.retried', { n: retried }) + more);
  };

  private changed(text: string): void {
    this.ask(null);
    this.told = text;
    void this.list.refresh();
  }
}
