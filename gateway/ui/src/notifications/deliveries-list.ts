/** The deliveries of a notification, by state, each with the timeline of its attempts. */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getDeliveries } from '../api';
import type { Delivery, DeliveryState, Totals } from '../contract';
import { number, t } from '../i18n';
import { PagedList } from '../store/paged-list';
import { may } from '../store/session';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import { STATES } from '../ui/segmented-bar';
import { deliveriesStyles } from './deliveries-list.styles';
import './doubt-form';
import { statePill, timeline, timelineStyles } from './timeline';

/** How many rows are reloaded while they change. */
const REFRESHED_MAX = 500;
/** The shortest time between two reloads while the totals change. */
const AGAIN_MS = 1_500;

@customElement('deliveries-list')
export class DeliveriesList extends LitElement {
  static override styles = [base, timelineStyles, deliveriesStyles];

  @property() notification = '';
  @property({ attribute: false }) totals: Totals | null = null;
  /** Not all recipients are known yet. */
  @property({ type: Boolean }) resolving = false;
  @state() private filter: DeliveryState | '' = '';
  private readonly list = new PagedList<Delivery>(this, (after) =>
    getDeliveries(this.notification, { state: this.filter, after }),
  );
  private timer?: ReturnType<typeof setTimeout>;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('notification')) void this.list.load();
    else if (changed.get('resolving')) void this.list.load();
    else if (changed.has('totals') && moved(changed.get('totals') ?? null, this.totals)) this.soon();
  }

  override render() {
    return html`<section class="card" aria-label=${t('deliveries.title')}>
      ${this.resolving ? nobody(t('deliveries.resolving')) : this.known()}
    </section>`;
  }

  private known() {
    return html`${this.filters()} ${listFrame(this.list, nobody(t('deliveries.empty')), () => this.rows())}`;
  }

  private filters() {
    const states = STATES.filter((one) => (this.totals?.[one] ?? 0) > 0 || one === this.filter);
    return html`<div class="filters" role="group" aria-label=${t('filter.state')}>
      ${this.chip('', this.totals?.total ?? 0)}
      ${states.map((one) => this.chip(one, this.totals?.[one] ?? 0))}
    </div>`;
  }

  private chip(value: DeliveryState | '', n: number) {
    const label = value ? t(`state.${value}`, { n }) : t('deliveries.all');
    return html`<button class="chip" type="button" aria-pressed=${this.filter === value} @click=${() => this.choose(value)}>
      ${label} <span class="num">${number(n)}</span>
    </button>`;
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
      ${may('auditor') ? html`<p class="small audited"><a href="/auditoria?asunto=${one.id}">${t('delivery.audit')}</a></p>` : nothing}
    </details>`;
  }

  private choose(filter: DeliveryState | ''): void {
    this.filter = filter;
    void this.list.replace();
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
