/** A message in the list: date, author, content, and its actions. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { InboxItem } from '../contract';
import { t } from '../i18n';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { type Icon, icon } from '../ui/icons';
import { when } from '../ui/when';
import { sawMessage } from './inbox-actions';

export type RowAct = 'read' | 'unread' | 'delete' | 'select';
/** A row counts as seen after being in view this long. */
const SEEN_AFTER_MS = 800;

@customElement('inbox-row')
export class InboxRow extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      :host { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: stretch; border-bottom: 1px solid var(--line); container-type: inline-size; contain: layout style; overflow: hidden; }
      :host(:hover), :host(:focus-within) { background: var(--surface-2); }
      :host([open]) { background: var(--accent-soft); box-shadow: inset 3px 0 0 var(--accent); }
      .pick { position: relative; display: grid; place-items: center; width: 64px; cursor: pointer; }
      .pick input { position: absolute; opacity: 0; }
      .pick:hover input, .pick input:checked, .pick input:focus-visible { opacity: 1; }
      .pick:hover .avatar, .pick input:checked ~ .avatar, .pick input:focus-visible ~ .avatar { visibility: hidden; }
      a { display: grid; grid-template: "top" auto "content" 1fr / minmax(0, 1fr); align-content: start; gap: 1px; padding: 9px var(--s4) 0 0; color: inherit; text-decoration: none; line-height: 1.4; }
      a:focus-visible { outline-offset: -3px; border-radius: var(--r2); }
      .top { grid-area: top; display: flex; align-items: center; gap: var(--s2); min-width: 0; }
      .author { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--ink-2); }
      .date { font-size: var(--text-s); color: var(--ink-3); white-space: nowrap; }
      .content { grid-area: content; align-self: start; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; color: var(--ink-3); font-size: var(--text-s); }
      .pill { flex: none; }
      .unread .author { font-weight: 650; color: var(--ink); }
      .unread .content { color: var(--ink); }
      .unread .date { color: var(--accent-ink); font-weight: 600; }
      .dot { width: 8px; height: 8px; border-radius: 50%; background: var(--unread); flex: none; }
      .actions { position: absolute; right: var(--s3); bottom: 3px; display: none; gap: 2px; padding: 1px; border-radius: 12px; background: var(--surface); box-shadow: var(--shadow-2); }
      .actions .icon-button { width: 36px; height: 28px; }
      :host(:hover) .actions, :host(:focus-within) .actions { display: flex; }

      /* One line a message: author, content, marks, hour. */
      :host([dense]) .pick { width: 44px; }
      :host([dense]) .avatar { width: 22px; height: 22px; border-radius: 7px; font-size: 0.5625rem; }
      :host([dense]) a { grid-template: "top content marks date" 100% / minmax(84px, 21cqi) minmax(0, 1fr) auto auto; align-items: center; gap: var(--s3); padding: 0 var(--s4) 0 0; font-size: var(--text-s); }
      :host([dense]) .top { display: contents; }
      :host([dense]) .who { grid-area: top; }
      :host([dense]) .marks { grid-area: marks; }
      :host([dense]) .date { grid-area: date; }
      :host([dense]) .content { display: block; align-self: center; white-space: nowrap; text-overflow: ellipsis; }
      :host([dense]) .actions { bottom: 1px; right: var(--s2); }
      .who { flex: 1; display: flex; align-items: center; gap: var(--s2); min-width: 0; }
      .marks { display: flex; align-items: center; gap: var(--s1); flex: none; }
      @media (forced-colors: active) { :host([open]) { border-inline-start: 4px solid Highlight; } }
      @container (max-width: 560px) { .pill { padding: 3px; } .pill .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } }
      @media (hover: none) { .pick input { pointer-events: auto; } :host(:hover) .actions { display: none; } :host(:focus-within) .actions { display: flex; } }
    `,
  ];

  @property({ attribute: false }) item!: InboxItem;
  /** The filters of the list, which stay when the message is opened. */
  @property() query = '';
  @property({ type: Boolean }) selected = false;
  @property({ type: Boolean, reflect: true }) open = false;
  /** One line instead of three. */
  @property({ type: Boolean, reflect: true }) dense = false;
  private observer?: IntersectionObserver;
  private timer?: ReturnType<typeof setTimeout>;

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('a')?.focus();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (typeof IntersectionObserver === 'undefined') return;
    this.observer = new IntersectionObserver(([entry]) => this.inView(entry?.isIntersecting === true), {
      threshold: 0.6,
    });
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer?.disconnect();
    clearTimeout(this.timer);
  }

  override render() {
    const { item } = this;
    const isUnread = item.read_at === null;
    return html`<label class="pick">
        <input type="checkbox" aria-label=${t('inbox.select', { author: item.author.name })} .checked=${this.selected} @change=${() => this.act('select')} />
        ${avatar(item.author.name)}
      </label>
      <a href="/mensajes/${item.id}${this.query}" class=${isUnread ? 'unread' : ''} aria-current=${this.open ? 'true' : nothing}>
        <span class="top">
          <span class="who">
            ${isUnread ? html`<span class="dot"></span><span class="hidden">${t('inbox.unread_one')}</span>` : nothing}
            <span class="author">${item.author.name}</span>
          </span>
          <span class="marks">${marks(item)}</span>
          <span class="date">${when(item.created_at)}</span>
        </span>
        <span class="content">${item.body}</span>
      </a>
      <div class="actions">
        ${isUnread ? this.button('read', t('inbox.mark_read')) : this.button('unread', t('inbox.mark_unread'))}
        ${this.button('delete', t('delete'))}
      </div>`;
  }

  private button(act: 'read' | 'unread' | 'delete', label: string) {
    const mark = { read: 'mailOpen', unread: 'mail', delete: 'trash' } as const;
    return html`<button class="icon-button" type="button" aria-label=${label} title=${label} @click=${() => this.act(act)}>${icon(mark[act], 18)}</button>`;
  }

  private act(act: RowAct): void {
    this.dispatchEvent(new CustomEvent<RowAct>('act', { detail: act }));
  }

  private inView(visible: boolean): void {
    clearTimeout(this.timer);
    if (visible && !this.item.seen_at) this.timer = setTimeout(() => sawMessage(this.item), SEEN_AFTER_MS);
  }
}

/** What is urgent, each by a sign and a word: colour alone says nothing. A narrow row keeps the sign. */
function marks({ priority, acknowledge, acknowledged_at }: InboxItem) {
  return html`${priority === 'high' ? mark('danger', 'flag', t('priority.high')) : nothing}
  ${acknowledge ? (acknowledged_at ? mark('ok', 'checks', t('inbox.acknowledged')) : mark('warn', 'check', t('inbox.asks_acknowledge'))) : nothing}`;
}

const mark = (tone: string, sign: Icon, word: string) =>
  html`<span class="pill ${tone}" title=${word}>${icon(sign, 12)}<span class="word">${word}</span></span>`;
