/** One open message: its content, the message it answers, and the possible actions. Opening marks it as read. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getMessage } from '../api';
import type { InboxItem } from '../contract';
import { longDate, t } from '../i18n';
import { Problem, sentence } from '../problem';
import { onInbox } from '../store/inbox-live';
import { may, me } from '../store/session';
import { Watching } from '../store/store';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import '../ui/empty-state';
import { icon } from '../ui/icons';
import '../ui/loading-rows';
import { acknowledgeMessage, deleteMessages, readMessage, unreadMessage } from './inbox-actions';
import { onInboxChange } from './inbox-news';
import { giveUpReply, replyDrafts } from './reply-draft';
import './message-to';
import './reply-form';

/** The user's own message comes without a receipt of the user. */
const NO_RECEIPT = { seen_at: null, read_at: null, acknowledged_at: null };
const NOT_FOUND = 404;

@customElement('message-reader')
export class MessageReader extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      :host { min-height: 0; overflow-y: auto; overscroll-behavior: contain; border-radius: var(--r3); }
      article { min-height: 100%; }
      .bar { position: sticky; top: 0; z-index: 1; background: var(--surface); border-radius: var(--r3) var(--r3) 0 0; display: flex; align-items: center; gap: 2px; padding: var(--s2) var(--s3); border-bottom: 1px solid var(--line); }
      .head { display: flex; flex-wrap: wrap; gap: var(--s3); align-items: center; padding: var(--s5) var(--s5) 0; }
      .head .grow { flex: 1 1 180px; display: grid; line-height: 1.35; }
      .body { padding: var(--s4) var(--s5) var(--s5); font-size: var(--text-l); line-height: 1.6; max-width: 68ch; }
      .quoted { display: block; margin: var(--s4) var(--s5) 0; padding: var(--s2) var(--s4); border-left: 3px solid var(--line-strong); color: var(--ink-3); font-size: var(--text-s); text-decoration: none; }
      .quoted p { display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden; }
      .acknowledge { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s3); margin: 0 var(--s5) var(--s5); }
      reply-form { border-top: 1px solid var(--line); }
      @media print { :host { overflow: visible; } .bar, .acknowledge, reply-form { display: none; } .head, .body { padding-inline: 0; } }
    `,
  ];

  @property() message = '';
  /** The message from the list, if the list has it. */
  @property({ attribute: false }) known: InboxItem | null = null;
  @state() private fetched: InboxItem | null = null;
  @state() private answered: Pick<InboxItem, 'id' | 'author' | 'body'> | null = null;
  @state() private failure = '';
  /** The message was removed while it was open: the answer being written can only be sent as a new message. */
  @state() private gone = false;
  private readonly drafts = new Watching(this, replyDrafts);
  private opened = '';
  private readonly stops: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops.push(
      onInboxChange((change) => {
        if (change.kind === 'changed' && change.id === this.fetched?.id)
          this.fetched = { ...this.fetched, ...change.change };
      }),
      onInbox('withdrawn', (news) => this.withdrawn(news.message_id)),
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops.splice(0)) stop();
  }

  /** The reloaded list lacks the message: it was filtered out, deleted elsewhere, or withdrawn during a gap of the stream. */
  protected override willUpdate(changed: PropertyValues<this>): void {
    if (this.known && changed.has('known')) {
      // The message is in the list again, or another message is open.
      this.failure = '';
      this.gone = false;
    }
    const before = changed.get('known');
    if (this.known || before?.id !== this.message || this.failure) return;
    this.fetched = before;
    void this.lookAgain(before);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('message') || (changed.has('known') && this.opened !== this.message)) void this.open();
  }

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('.bar button')?.focus();
  }

  private get item(): InboxItem | null {
    return this.known ?? (this.fetched?.id === this.message ? this.fetched : null);
  }

  override render() {
    const { item } = this;
    return html`<article class="card" aria-label=${t('reader.label')}>
      ${this.bar(item)}
      ${item ? this.content(item) : this.failure ? html`<empty-state icon="alert" heading=${t('reader.missing')} text=${this.failure} role="alert"></empty-state>` : html`<loading-rows count="2"></loading-rows>`}
      ${this.reply(item)}
    </article>`;
  }

  private bar(item: InboxItem | null) {
    return html`<div class="bar">
      <button class="icon-button" type="button" aria-label=${t('reader.close')} title=${t('reader.close')} @click=${this.close}>${icon('left')}</button>
      <span class="grow"></span>
      ${item && this.mine(item) ? this.actions(item) : nothing}
    </div>`;
  }

  private actions(item: InboxItem) {
    return html`<button class="button quiet small" type="button" @click=${() => (item.read_at ? unreadMessage(item) : readMessage(item))}>
        ${icon(item.read_at ? 'mail' : 'mailOpen', 18)}${item.read_at ? t('inbox.mark_unread') : t('inbox.mark_read')}
      </button>
      <button class="button quiet small danger" type="button" @click=${() => this.discard(item)}>${icon('trash', 18)}${t('delete')}</button>`;
  }

  private content(item: InboxItem) {
    return html`<div class="head">
        ${avatar(item.author.name)}
        <div class="grow">
          <span class="strong">${item.author.name}</span>
          <time class="small muted num" datetime=${item.created_at}>${longDate(item.created_at)}</time>
        </div>
        ${item.priority === 'high' ? html`<span class="pill danger">${icon('flag', 13)}${t('priority.high')}</span>` : nothing}
      </div>
      <message-to message=${item.id}></message-to>
      ${this.quoted()}
      <p class="body verbatim">${item.body}</p>
      ${item.acknowledge && this.mine(item) ? this.acknowledgement(item) : nothing}`;
  }

  /** One form keeps its text and its cursor while the message above it changes. */
  private reply(item: InboxItem | null) {
    const draft = this.drafts.value.get(this.message);
    const to = item ?? (this.gone && draft?.writing ? draft.to : null);
    if (!to || !this.answerable(to)) return nothing;
    return html`<reply-form .to=${to} ?withdrawn=${!item}></reply-form>`;
  }

  private quoted() {
    if (!this.answered) return nothing;
    return html`<a class="quoted" href="/mensajes/${this.answered.id}">
      <span>${t('reader.answers', { author: this.answered.author.name })}</span>
      <p>${this.answered.body}</p>
    </a>`;
  }

  private acknowledgement(item: InboxItem) {
    if (item.acknowledged_at) {
      return html`<p class="acknowledge"><span class="pill ok">${icon('checks', 14)}${t('inbox.acknowledged')}</span><span class="small muted">${longDate(item.acknowledged_at)}</span></p>`;
    }
    return html`<div class="acknowledge notice warn">
      <span class="grow">${t('inbox.asks_acknowledge_text')}</span>
      <button class="button small" type="button" @click=${() => acknowledgeMessage(item)}>${icon('check', 16)}${t('inbox.acknowledge')}</button>
    </div>`;
  }

  /** The user's own message can be opened by its link, but is not in the user's inbox. */
  private mine(item: InboxItem): boolean {
    return this.known !== null || item.author.id !== me()?.id;
  }

  private answerable(item: InboxItem): boolean {
    return may('operator') && item.author.id !== me()?.id;
  }

  private async open(): Promise<void> {
    const { message } = this;
    if (this.opened !== message) {
      this.failure = '';
      this.answered = null;
      this.gone = false;
    }
    const item = this.item ?? (await this.fetch(message));
    if (!item || message !== this.message || this.opened === message) return;
    this.opened = message;
    if (this.mine(item)) void readMessage(item, true);
    if (item.in_reply_to) this.answered = await getMessage(item.in_reply_to).catch(() => null);
  }

  private async fetch(message: string): Promise<InboxItem | null> {
    try {
      const found = await getMessage(message);
      if (message !== this.message) return null;
      this.fetched = { ...NO_RECEIPT, ...found };
      return this.fetched;
    } catch (error) {
      if (message === this.message) {
        this.failure = sentence(error);
        if (isGone(error)) this.keepWritten();
      }
      return null;
    }
  }

  private async lookAgain({ id }: InboxItem): Promise<void> {
    try {
      await getMessage(id);
    } catch (error) {
      if (isGone(error) && id === this.message) this.lose(sentence(error));
    }
  }

  private withdrawn(message: string): void {
    if (message === this.answered?.id) this.answered = null;
    if (message === this.message) this.lose(t('reader.withdrawn'));
  }

  private lose(why: string): void {
    this.fetched = null;
    this.opened = this.message;
    this.failure = why;
    this.keepWritten();
  }

  /** An empty form is not kept. */
  private keepWritten(): void {
    this.gone = true;
    if (!this.drafts.value.get(this.message)?.body.trim()) giveUpReply(this.message);
  }

  private discard(item: InboxItem): void {
    this.close();
    void deleteMessages([item]);
  }

  private close = (): void => {
    this.dispatchEvent(new CustomEvent('closed'));
  };
}

const isGone = (error: unknown): boolean => error instanceof Problem && error.status === NOT_FOUND;
