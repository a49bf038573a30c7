/** The deliveries of a notification by state, cause and client, failures first, each with the timeline of its attempts. */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getDeliveries } from '../api';
import { asText, TEXT_MAX } from '../app/address';
import { place, replaceQuery } from '../app/router';
import type { Delivery, DeliveryState, Totals } from '../contract';
import { number, t } from '../i18n';
import { PagedList } from '../store/paged-list';
import { may } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import { STATES } from '../ui/segmented-bar';
import { causeSentence } from './causes';
import { deliveriesStyles } from './deliveries-list.styles';
import './doubt-form';
import {
  GRAVEST_FIRST,
  type RecipientsFilter,
  recipientsAddress,
  recipientsInAddress,
  requestedRecipients,
} from './recipients-filter';
import { statePill, timeline, timelineStyles } from './timeline';

/** How many rows are reloaded while they change. */
const REFRESHED_MAX = 500;
/** The shortest time between two reloads while the totals change. */
const AGAIN_MS = 1_500;
/** Debounce of the search, in milliseconds. */
const ASK_AFTER_MS = 300;

@customElement('deliveries-list')
export class DeliveriesList extends LitElement {
  static override styles = [base, timelineStyles, deliveriesStyles];

  @property() notification = '';
  @property({ attribute: false }) totals: Totals | null = null;
  /** Not all recipients are known yet. */
  @property({ type: Boolean }) resolving = false;
  /** What is typed, which the address follows after a pause. */
  @state() private typed: string | null = null;
  private readonly place = new Watching(this, place);
  private readonly list = new PagedList<Delivery>(this, (after) =>
    getDeliveries(this.notification, { ...requestedRecipients(this.state, this.filter), after }),
  );
  /** Whether it had failures when it was opened: then these are shown first, and never in the middle of reading. */
  private hadFailures: boolean | null = null;
  /** What the list was last asked for. */
  private asked = '';
  private timer?: ReturnType<typeof setTimeout>;
  private typing?: ReturnType<typeof setTimeout>;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    clearTimeout(this.typing);
  }

  private get filter(): RecipientsFilter {
    return recipientsInAddress(this.place.value);
  }

  /** The state that is shown: the chosen one, else the failures. */
  private get state(): DeliveryState | '' {
    const { state } = this.filter;
    if (state) return state === 'todos' ? '' : state;
    return this.hadFailures && (this.totals?.failed ?? 0) > 0 ? 'failed' : '';
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('notification')) this.hadFailures = null;
    if (this.totals) this.hadFailures ??= this.totals.failed > 0;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const wanted = JSON.stringify([this.notification, requestedRecipients(this.state, this.filter)]);
    const isOther = wanted !== this.asked;
    this.asked = wanted;
    if (changed.has('notification') || changed.get('resolving')) void this.list.load();
    else if (isOther) void this.list.replace();
    else if (changed.has('totals') && moved(changed.get('totals') ?? null, this.totals)) this.soon();
  }

  override render() {
    return html`<section class="card" aria-label=${t('deliveries.title')}>
      ${this.resolving ? nobody(t('deliveries.resolving')) : this.known()}
    </section>`;
  }

  private known() {
    const { cause, q } = this.filter;
    const nothing = nobody(t(cause || q ? 'deliveries.none_found' : 'deliveries.empty'));
    return html`${this.search()} ${this.filters()} ${listFrame(this.list, nothing, () => this.rows())}`;
  }

  private search() {
    return html`<label class="search">${icon('search', 18)}<input
        type="search"
        aria-label=${t('deliveries.search')}
        placeholder=${t('deliveries.search_by')}
        maxlength=${TEXT_MAX}
        .value=${this.typed ?? this.filter.q}
        @input=${this.type}
      /></label>`;
  }

  private filters() {
    const { state } = this;
    const states = GRAVEST_FIRST.filter((one) => (this.totals?.[one] ?? 0) > 0 || one === state);
    return html`<div class="filters" role="group" aria-label=${t('filter.state')}>
      ${states.map((one) => this.chip(one, this.totals?.[one] ?? 0))} ${this.chip('', this.totals?.total ?? 0)}
      ${this.cause()}
    </div>`;
  }

  private chip(value: DeliveryState | '', n: number) {
    const label = value ? t(`state.${value}`, { n }) : t('deliveries.all');
    const choose = () => this.choose({ state: value || 'todos', cause: null });
    return html`<button class="chip" type="button" aria-pressed=${this.state === value} @click=${choose}>
      ${label} <span class="num">${number(n)}</span>
    </button>`;
  }

  /** The cause whose recipients are shown, until it is removed. */
  private cause() {
    const { cause } = this.filter;
    if (!cause) return nothing;
    const words = causeSentence({ outcome: this.state, ...cause });
    return html`<span class="chip of-cause"><span>${t('deliveries.of_cause', { cause: words })}${cause.code ? html` <span class="mono">${cause.code}</span>` : nothing}</span>
      <button class="icon-button" type="button" aria-label=${t('deliveries.any_cause')} @click=${() => this.choose({ cause: null })}>${icon('close', 14)}</button></span>`;
  }

  private rows() {
    return html`<ul>${repeat(
      this.list.items,
      (one) => one.id,
      (one) => html`<li>${this.row(one)}</li>`,
    )}</ul>`;
  }

  private row(one: Delivery) {
    return html`<details>
      <summary>
        <span class="who"><span class="name">${one.client.name}</span><span class="small muted">${[contactName(one), one.to].filter(Boolean).join(' · ')}</span></span>
        ${statePill(one.state)}
        ${icon('down', 16)}
      </summary>
      ${timeline(one)}
      ${one.state === 'in_doubt' && may('notifier') ? html`<doubt-form class="inset" delivery=${one.id} @resolved=${this.soon}></doubt-form>` : nothing}
      ${this.ways(one)}
    </details>`;
  }

  /** An erased client has no page: with it went the address. */
  private ways({ id, client, to }: Delivery) {
    return html`<p class="small ways">
      ${to ? html`<a href="/clientes/${client.id}">${t('delivery.client')}</a>` : nothing}
      ${may('auditor') ? html`<a href="/auditoria?asunto=${id}">${t('delivery.audit')}</a>` : nothing}
    </p>`;
  }

  private choose(change: Partial<RecipientsFilter>): void {
    replaceQuery(recipientsAddress({ ...this.filter, ...change }));
  }

  private type(event: Event): void {
    this.typed = asText((event.target as HTMLInputElement).value);
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      this.choose({ q: this.typed ?? '' });
      this.typed = null;
    }, ASK_AFTER_MS);
  }

  private soon(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      // A user who has loaded further pages keeps them.
      if (this.list.items.length <= REFRESHED_MAX) void this.list.refresh();
    }, AGAIN_MS);
  }
}

const nobody = (heading: string) => html`<empty-state icon="users" heading=${heading}></empty-state>`;

function contactName({ contact, client }: Delivery): string {
  return contact && contact !== client.name ? contact : '';
}

const moved = (before: Totals | null, now: Totals | null) => STATES.some((one) => before?.[one] !== now?.[one]);
