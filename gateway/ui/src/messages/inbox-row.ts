/** A message in the list: date, author, content, and its actions. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { InboxItem } from '../contract';
import { t } from '../i18n';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
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
      :host { position: relative; display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: start; border-bottom: 1px solid var(--line); }
      :host(:hover), :host(:focus-within) { background: var(--surface-2); }
      :host([open]) { background: var(--accent-soft); }
      .pick { position: relative; display: grid; place-items: center; width: 64px; height: 68px; cursor: pointer; }
      .pick input { position: absolute; opacity: 0; }
      .pick:hover input, .pick input:checked, .pick input:focus-visible { opacity: 1; }
      .pick:hover .avatar, .pick input:checked ~ .avatar, .pick input:focus-visible ~ .avatar { visibility: hidden; }
      a { display: grid; gap: 1px; padding: 12px var(--s4) 12px 0; color: inherit; text-decoration: none; min-height: 68px; }
      a:focus-visible { outline-offset: -3px; border-radius: var(--r2); }
      .top { display: flex; align-items: center; gap: var(--s2); min-width: 0; }
      .author { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--ink-2); }
      .date { font-size: var(--text-s); color: var(--ink-3); white-space: nowrap; }
      .content { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; color: var(--ink-3); font-size: var(--text-s); }
      @media (max-width: 520px) { .top .pill { padding: 3px; } .top .pill .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); } }
      .unread .author { font-weight: 650; color: var(--ink); }
      .unread .content { color: var(--ink); }
      .unread .date { color: var(--accent-ink); font-weight: 600; }
      .dot { width: 8px; height: 8px; border-radius: 50%; background: var(--unread); flex: none; }
      .actions { position: absolute; right: var(--s3); bottom: 3px; display: none; gap: 2px; padding: 1px; border-radius: 12px; background: var(--surface); box-shadow: var(--shadow-2); }
      .actions .icon-button { width: 36px; height: 28px; }
      :host(:hover) .actions, :host(:focus-within) .actions { display: flex; }
      @media (hover: none) { .pick input { pointer-events: auto; } :host(:hover) .actions { display: none; } :host(:focus-within) .actions { display: flex; } }
    `,
  ];

  @property({ attribute: false }) item!: InboxItem;
  /** The filters of the list, which stay when the message is opened. */
  @property() query = '';
  @property({ type: Boolean }) selected = false;
  @property({ type: Boolean, reflect: true }) open = false;
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
          ${isUnread ? html`<span class="dot"></span><span class="hidden">${t('inbox.unread_one')}</span>` : nothing}
          <span class="author">${item.author.name}</span>
          ${item.priority === 'high' ? html`<span class="pill danger">${icon('flag', 12)}<span class="word">${t('priority.high')}</span></span>` : nothing}
          <span class="date">${when(item.created_at)}</span>
        </span>
        <span class="content">${item.body}</span>
        ${this.acknowledgement()}
      </a>
      <div class="actions">
        ${isUnread ? this.button('read', t('inbox.mark_read')) : this.button('unread', t('inbox.mark_unread'))}
        ${this.button('delete', t('delete'))}
      </div>`;
  }

  private acknowledgement() {
    const { item } = this;
    if (!item.acknowledge) return nothing;
    return item.acknowledged_at
      ? html`<span class="small muted">${t('inbox.acknowledged')}</span>`
      : html`<span class="pill warn" .style=${'justify-self:start;margin-top:4px'}>${t('inbox.asks_acknowledge')}</span>`;
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
