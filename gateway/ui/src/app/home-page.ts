/** «Inicio»: a summary of the user's new messages and notifications. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { getInbox, getNotifications } from '../api';
import { CHANNEL } from '../channels';
import type { InboxItem, Notification } from '../contract';
import { t } from '../i18n';
import { changedList, onInboxChange } from '../messages/inbox-news';
import { isLive, standing } from '../notifications/progress';
import { queue, waiting } from '../pending/queue';
import { counts } from '../store/counts';
import { onInbox } from '../store/inbox-live';
import { companies, companyName, may, me } from '../store/session';
import { Watching } from '../store/store';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import '../ui/empty-state';
import { icon } from '../ui/icons';
import '../ui/loading-rows';
import '../ui/segmented-bar';
import { when } from '../ui/when';
import { homeStyles } from './home-page.styles';

/** How many rows each list shows. */
const SHOWN = 5;
const REFRESH_MS = 5_000;

@customElement('home-page')
export class HomePage extends LitElement {
  static override styles = [base, avatarStyles, homeStyles];

  @state() private newest: InboxItem[] | null = null;
  /** The first requests have ended: data still missing has failed to load. */
  @state() private answered = false;
  @state() private sent: Notification[] | null = null;
  private readonly counts = new Watching(this, counts);
  private readonly queue = new Watching(this, queue);
  /** Names come after the page. */
  protected readonly companies = new Watching(this, companies);
  private readonly stops: (() => void)[] = [];
  private timer?: ReturnType<typeof setInterval>;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops.push(
      onInbox('message', (item) => this.change((items) => changedList(items, { kind: 'restored', item }))),
      onInboxChange((change) => this.change((items) => changedList(items, change))),
      onInbox('reset', () => void this.load()),
      onInbox('changed', () => void this.load()),
    );
    void this.load();
    this.timer = setInterval(() => this.lookAgain(), REFRESH_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops.splice(0)) stop();
    clearInterval(this.timer);
  }

  override render() {
    return html`<div class="page">
      <header class="hello">
        <h1>${greeting()}</h1>
        <p>${this.sentence()}</p>
      </header>
      <div class="columns ${this.seesNotifications ? '' : 'one'}">${this.messages()} ${this.seesNotifications ? this.notifications() : nothing}</div>
    </div>`;
  }

  private get seesNotifications(): boolean {
    return may('notifier', 'auditor');
  }

  private sentence() {
    const { unread } = this.counts.value;
    const n = waiting(this.queue.value);
    const links = [
      n > 0 ? html`<a class="urgent" href="/pendientes">${icon('flag', 16)}${t('home.pending', { n })}</a>` : nothing,
      unread > 0 ? html`<a href="/mensajes?estado=unread">${t('home.unread', { n: unread })}</a>` : nothing,
    ];
    return n + unread > 0 ? html`<span class="row wraps links">${links}</span>` : t('home.nothing');
  }

  private messages() {
    return html`<section class="card" aria-labelledby="home-messages">
      <header class="section"><h2 id="home-messages">${t('home.messages')}</h2><a href="/mensajes">${t('news.all')}</a></header>
      ${this.glance(this.newest, message, () => html`<empty-state icon="inbox" heading=${t('inbox.empty')}></empty-state>`)}
    </section>`;
  }

  private notifications() {
    return html`<section class="card" aria-labelledby="home-notifications">
      <header class="section"><h2 id="home-notifications">${t('home.notifications')}</h2><a href="/notificaciones">${t('home.all_notifications')}</a></header>
      ${this.glance(this.sent, notification, () => this.noNotifications())}
    </section>`;
  }

  private glance<T>(items: T[] | null, row: (item: T) => TemplateResult, empty: () => TemplateResult) {
    if (items?.length) return html`<ul>${items.slice(0, SHOWN).map(row)}</ul>`;
    if (items) return empty();
    return this.answered
      ? html`<empty-state icon="alert" heading=${t('list.failed')}></empty-state>`
      : html`<loading-rows count="3"></loading-rows>`;
  }

  private noNotifications() {
    return html`<empty-state icon="notify" heading=${t('notifications.empty')}>
      ${may('notifier') ? html`<a class="button" href="/notificaciones/nueva">${icon('plus', 18)}${t('notifications.new')}</a>` : nothing}
    </empty-state>`;
  }

  private async load(): Promise<void> {
    const [inbox, sent] = await Promise.all([
      getInbox({ limit: SHOWN }).catch(() => null),
      this.seesNotifications ? getNotifications({ limit: SHOWN }).catch(() => null) : null,
    ]);
    this.newest = inbox?.data ?? this.newest;
    this.sent = sent?.data ?? this.sent;
    this.answered = true;
  }

  private change(change: (items: InboxItem[]) => InboxItem[]): void {
    if (this.newest) this.newest = change(this.newest);
  }

  private lookAgain(): void {
    if (document.visibilityState === 'visible' && this.sent?.some((one) => isLive(one.state))) void this.load();
  }
}

function greeting(): string {
  const hour = new Date().getHours();
  const part = hour < 5 || hour >= 19 ? 'night' : hour < 12 ? 'morning' : 'afternoon';
  const first = me()?.name.split(/\s+/)[0] ?? '';
  return t(`home.${part}`, { name: first });
}

function message(item: InboxItem) {
  return html`<li><a class="item ${item.read_at ? '' : 'unread'}" href="/mensajes/${item.id}">
    ${avatar(item.author.name)}
    <span class="text"><span class="top"><span class="name">${item.author.name}</span><span class="small muted">${when(item.created_at)}</span></span><span class="snippet">${item.body}</span>${marks(item)}</span>
    ${item.read_at ? nothing : html`<span class="dot"></span><span class="hidden">${t('inbox.unread_one')}</span>`}
  </a></li>`;
}

/** The same as in the inbox. */
function marks({ priority, acknowledge, acknowledged_at }: InboxItem) {
  if (priority !== 'high' && !acknowledge) return nothing;
  return html`<span class="marks">
    ${priority === 'high' ? html`<span class="pill danger">${icon('flag', 12)}${t('priority.high')}</span>` : nothing}
    ${acknowledge ? acknowledgement(acknowledged_at) : nothing}
  </span>`;
}

const acknowledgement = (given: string | null) =>
  given
    ? html`<span class="small muted">${t('inbox.acknowledged')}</span>`
    : html`<span class="pill warn">${t('inbox.asks_acknowledge')}</span>`;

function notification(one: Notification) {
  const { text, tone } = standing(one);
  return html`<li><a class="item" href="/notificaciones/${one.id}">
    <span class="mark">${icon(CHANNEL[one.channel].icon)}</span>
    <span class="text">
      <span class="top"><span class="name">${companyName(one.company_id)}</span><span class="small muted num">${one.totals.total > 0 ? t('notifications.recipients', { n: one.totals.total }) : nothing}</span></span>
      <span class="snippet">${one.subject || one.body}</span>
      <span class="outcome"><segmented-bar thin .totals=${one.totals}></segmented-bar><span class="pill ${tone}">${text}</span></span>
    </span>
  </a></li>`;
}
