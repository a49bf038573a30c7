/** New messages: one dialog after the log-in, with a card each; later a notice for each new one. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { getInboxSummary } from '../api';
import { navigate } from '../app/router';
import type { InboxItem } from '../contract';
import { longDate, t } from '../i18n';
import { sentence } from '../problem';
import { counts, shiftCounts, withCounts } from '../store/counts';
import { connection, onInbox } from '../store/inbox-live';
import { me } from '../store/session';
import { toastFailure } from '../store/toasts';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';
import { deleteMessage, readMessage, restoreMessage, sawMessage } from './inbox-actions';
import { notice } from './message-notices';

/** How many messages missed by the stream are shown; the others stay new in the list. */
const MISSED_MAX = 3;
/** How many ids are remembered, so that a message from both a reload and the stream is shown once. */
const KNOWN_MAX = 200;

@customElement('new-messages-dialog')
export class NewMessagesDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    avatarStyles,
    css`
      .head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s3); margin-bottom: var(--s4); }
      .head .grow { flex: 1 1 180px; display: grid; }
      .card { padding: var(--s4) var(--s5); box-shadow: none; background: var(--surface-2); border-radius: var(--r3); }
      .body { min-height: 92px; max-height: 40dvh; overflow-y: auto; font-size: var(--text-l); line-height: 1.55; }
      .gone { display: grid; place-content: center; justify-items: center; gap: var(--s2); min-height: 160px; color: var(--ink-3); }
      .steps { display: flex; align-items: center; justify-content: center; gap: var(--s3); margin-top: var(--s4); }
      .steps p { min-width: 84px; text-align: center; }
      .rest { margin-top: var(--s3); text-align: center; }
      @media (max-width: 520px) { .all { order: 3; flex-basis: 100%; } }
    `,
  ];

  @state() private items: InboxItem[] = [];
  @state() private at = 0;
  /** The number of new messages, with those beyond the loaded cards. */
  @state() private total = 0;
  @state() private gone = new Set<string>();
  @state() private read = new Set<string>();
  @state() private open = false;
  /** Deletions in flight: a message can only be restored after its deletion. */
  private readonly deleting = new Map<string, Promise<boolean>>();
  private readonly stops: (() => void)[] = [];
  /** The position up to which new messages were shown here. */
  private told = 0;
  private readonly known = new Set<string>();
  /** The first request, and the position of its answer. */
  private entered: Promise<number> = Promise.resolve(0);

  private readonly modal = new Modal(this, () => this.close());

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops.push(
      onInbox('message', (item) => this.arrived(item)),
      onInbox('withdrawn', (news) => this.drop(news.message_id)),
      onInbox('reset', () => void this.lookAgain()),
    );
    this.entered = this.enter();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops.splice(0)) stop();
  }

  override render() {
    const item = this.items[this.at];
    if (!item || !this.open) return nothing;
    const heading = t('news.title', { n: this.total });
    return this.modal.render({
      heading: heading,
      content: html`<div aria-live="polite">${this.gone.has(item.id) ? this.deleted(item) : this.card(item)}</div>
      ${this.items.length > 1 ? this.steps() : nothing} ${this.rest()}`,
      footer: html`<div class="row wraps">
        <button class="button quiet all" type="button" @click=${this.showAll}>${t('news.all')}</button>
        <span class="grow"></span>
        <button class="button danger" type="button" ?disabled=${this.gone.has(item.id)} @click=${() => this.discard(item)}>
          ${icon('trash', 18)}${t('delete')}
        </button>
        <button class="button primary" type="button" autofocus ?disabled=${this.isRead(item) || this.gone.has(item.id)} @click=${() => this.markRead(item)}>
          ${icon('check', 18)}${this.isRead(item) ? t('news.read') : t('news.mark_read')}
        </button>
      </div>`,
    });
  }

  override updated(): void {
    const item = this.items[this.at];
    if (this.open && item) sawMessage(item);
  }

  private card(item: InboxItem) {
    return html`<article class="card" aria-label=${t('news.card', { author: item.author.name })}>
      <div class="head">
        ${avatar(item.author.name)}
        <div class="grow">
          <span class="strong">${item.author.name}</span>
          <time class="small muted num" datetime=${item.created_at}>${longDate(item.created_at)}</time>
        </div>
        ${item.priority === 'high' ? html`<span class="pill danger">${icon('flag', 13)}${t('priority.high')}</span>` : nothing}
      </div>
      <p class="body verbatim" tabindex="0">${item.body}</p>
      ${item.acknowledge ? html`<p class="small muted">${t('inbox.asks_acknowledge')}</p>` : nothing}
    </article>`;
  }

  private deleted(item: InboxItem) {
    return html`<div class="card gone">
      <p>${t('inbox.deleted', { n: 1 })}</p>
      <button class="button small" type="button" @click=${() => this.bringBack(item)}>${icon('undo', 16)}${t('undo')}</button>
    </div>`;
  }

  private steps() {
    return html`<div class="steps">
      <button class="icon-button" type="button" aria-label=${t('previous')} ?disabled=${this.at === 0} @click=${() => this.step(-1)}>${icon('left')}</button>
      <p class="small muted num">${t('news.place', { at: this.at + 1, total: this.items.length })}</p>
      <button class="icon-button" type="button" aria-label=${t('next')} ?disabled=${this.at >= this.items.length - 1} @click=${() => this.step(1)}>${icon('right')}</button>
    </div>`;
  }

  /** The cards are the newest ones; the title counts all of them. */
  private rest() {
    const more = this.total - this.items.length;
    return more > 0 ? html`<p class="small muted rest">${t('news.rest', { n: more })}</p>` : nothing;
  }

  /** Loads everything for the first display in one request, or in none: the log-in has told how many are unseen. */
  private async enter(): Promise<number> {
    if (counts.get().unseen === 0) return 0;
    const summary = await withCounts(getInboxSummary).catch(() => null);
    if (!summary) return 0;
    this.items = summary.newest.filter((item) => item.position > dismissedUpTo());
    // A message older than a dismissed one is dismissed too.
    const all = this.items.length === summary.newest.length;
    this.total = all ? Math.max(summary.counts.unseen, this.items.length) : this.items.length;
    this.open = this.items.length > 0;
    for (const item of summary.newest) this.isNews(item);
    return Math.max(0, ...summary.newest.map((item) => item.position));
  }

  /** The live stream begins after the first request and may have gaps: another request finds the messages between. */
  private async lookAgain(): Promise<void> {
    const { told } = this;
    const since = Math.max(told, await this.entered, dismissedUpTo());
    const summary = await withCounts(getInboxSummary).catch(() => null);
    const missed = summary?.newest.filter((item) => item.position > since && !this.known.has(item.id)) ?? [];
    for (const item of missed.slice(0, MISSED_MAX).reverse()) this.arrived(item);
  }

  /** An open dialog gets another card; otherwise a notice appears, and the focus does not move. */
  private arrived(item: InboxItem): void {
    if (!this.isNews(item)) return;
    if (connection.get() !== 'open') shiftCounts({ unread: 1, unseen: 1, total: 1 });
    if (this.open) {
      this.add(item);
      return;
    }
    notice(item);
    if (document.visibilityState === 'visible') sawMessage(item);
  }

  /** True the first time. */
  private isNews({ id, position }: InboxItem): boolean {
    if (this.known.has(id)) return false;
    const [oldest] = this.known;
    if (oldest !== undefined && this.known.size >= KNOWN_MAX) this.known.delete(oldest);
    this.known.add(id);
    this.told = Math.max(this.told, position);
    return true;
  }

  private add(item: InboxItem): void {
    if (this.items.some((other) => other.id === item.id)) return;
    this.items = [...this.items, item];
    this.total++;
  }

  /** The author withdrew it. */
  private drop(id: string): void {
    const left = this.items.filter((item) => item.id !== id);
    if (left.length === this.items.length) return;
    const shown = this.items[this.at]?.id;
    this.items = left;
    this.total--;
    const place = left.findIndex((item) => item.id === shown);
    this.at = place >= 0 ? place : Math.min(this.at, Math.max(0, left.length - 1));
    if (left.length === 0) this.close();
  }

  private isRead(item: InboxItem): boolean {
    return this.read.has(item.id) || item.read_at !== null;
  }

  private step(by: number): void {
    this.at = Math.max(0, Math.min(this.items.length - 1, this.at + by));
  }

  private async markRead(item: InboxItem): Promise<void> {
    this.read = new Set([...this.read, item.id]);
    if (await readMessage(item)) return this.moveOn();
    this.read = new Set([...this.read].filter((id) => id !== item.id));
  }

  private async discard(item: InboxItem): Promise<void> {
    this.gone = new Set([...this.gone, item.id]);
    const deleting = deleteMessage(this.asItIs(item));
    this.deleting.set(item.id, deleting);
    if (!(await deleting)) this.show(item.id);
    this.deleting.delete(item.id);
  }

  private async bringBack(item: InboxItem): Promise<void> {
    if ((await this.deleting.get(item.id)) === false) return;
    try {
      await restoreMessage(this.asItIs(item));
      this.show(item.id);
    } catch (error) {
      toastFailure(t('undo.failed', { why: sentence(error) }));
    }
  }

  /** A message read here is subtracted from the counters once. */
  private asItIs(item: InboxItem): InboxItem {
    return this.read.has(item.id) ? { ...item, read_at: item.created_at, seen_at: item.created_at } : item;
  }

  private show(id: string): void {
    this.gone = new Set([...this.gone].filter((one) => one !== id));
  }

  /** Shows the next unread card, or closes the dialog after the last one. */
  private moveOn(): void {
    const left = this.items.findIndex((item) => !this.isRead(item) && !this.gone.has(item.id));
    if (left < 0) this.close();
    else this.at = left;
  }

  private close = (): void => {
    dismiss(this.items);
    this.open = false;
    this.items = [];
    this.total = 0;
    this.at = 0;
  };

  private showAll(): void {
    this.close();
    navigate('/mensajes');
  }
}

/** A reload is no new log-in: messages dismissed in this tab do not appear again. */
const dismissedKey = () => `mensajeria.news.${me()?.id ?? ''}`;
const dismissedUpTo = (): number => Number(sessionStorage.getItem(dismissedKey()) ?? 0);

function dismiss(items: InboxItem[]): void {
  const upTo = Math.max(dismissedUpTo(), ...items.map((item) => item.position ?? 0));
  sessionStorage.setItem(dismissedKey(), String(upTo));
}
