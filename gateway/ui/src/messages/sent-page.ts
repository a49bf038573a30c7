/** «Enviados»: the user's sent messages, each with the number of readers and their names. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getSent } from '../api';
import type { SentMessage } from '../contract';
import { t } from '../i18n';
import { onInbox } from '../store/inbox-live';
import { PagedList } from '../store/paged-list';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import { when } from '../ui/when';
import { onSent } from './inbox-news';
import './receipts-dialog';

/** Receipts come in bursts: the list reloads once for all of them. */
const SETTLE_MS = 400;

@customElement('sent-page')
export class SentPage extends LitElement {
  static override styles = [
    base,
    css`
      .page > section { max-width: 860px; }
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: var(--s2) var(--s4); padding: var(--s4) var(--s5); border-bottom: 1px solid var(--line); }
      li:last-child { border-bottom: 0; }
      .body { display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden; }
      .receipts { display: inline-flex; align-items: center; gap: 6px; grid-column: 1 / -1; justify-self: start; margin-left: -6px; }
      .receipts.all .icon { color: var(--ok); }
      @media (max-width: 520px) { li { padding: var(--s4); } }
      .marks { display: flex; gap: var(--s2); grid-column: 1 / -1; }
    `,
  ];

  @state() private shown: SentMessage | null = null;
  private readonly list = new PagedList<SentMessage>(this, (after) => getSent({ after }));
  private readonly stops: (() => void)[] = [];
  private timer?: ReturnType<typeof setTimeout>;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops.push(
      onSent(() => void this.list.refresh()),
      onInbox('receipt', () => this.soon()),
      onInbox('reset', () => this.soon()),
    );
    void this.list.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops.splice(0)) stop();
    clearTimeout(this.timer);
  }

  /** The dialog shows the current numbers; for a message that left the list, the last known ones. */
  protected override willUpdate(): void {
    const { shown } = this;
    if (shown) this.shown = this.list.items.find((item) => item.id === shown.id) ?? shown;
  }

  override render() {
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('sent.title')}</h1><p>${t('sent.lead')}</p></div></div>
      <section class="card">
        ${listFrame(this.list, html`<empty-state icon="sent" heading=${t('sent.empty')} text=${t('sent.empty_text')}></empty-state>`, () => this.rows())}
      </section>
      ${this.shown ? html`<receipts-dialog message=${this.shown.id} .sent=${this.shown} @dialog-closed=${() => this.show(null)}></receipts-dialog>` : nothing}
    </div>`;
  }

  private rows() {
    return html`<ul>
      ${repeat(
        this.list.items,
        (item) => item.id,
        (item) => this.row(item),
      )}
    </ul>`;
  }

  private row(item: SentMessage) {
    const all = item.recipient_count > 0 && item.read_count === item.recipient_count;
    return html`<li>
      <p class="body verbatim">${item.body}</p>
      <span class="small muted">${when(item.created_at)}</span>
      ${this.marks(item)}
      <button class="button quiet small receipts ${all ? 'all' : ''}" type="button" aria-haspopup="dialog" @click=${() => this.show(item)}>
        ${item.read_count > 0 ? icon(all ? 'checks' : 'check', 16) : nothing}<span class="num">${t('sent.read_by', { read: item.read_count, total: item.recipient_count })}</span>
      </button>
    </li>`;
  }

  private marks(item: SentMessage) {
    if (item.priority !== 'high' && !item.acknowledge) return nothing;
    return html`<div class="marks">
      ${item.priority === 'high' ? html`<span class="pill danger">${t('priority.high')}</span>` : nothing}
      ${item.acknowledge ? html`<span class="pill ${item.acknowledged_count === item.recipient_count ? 'ok' : 'warn'}">${t('sent.acknowledged_by', { read: item.acknowledged_count, total: item.recipient_count })}</span>` : nothing}
    </div>`;
  }

  private show(item: SentMessage | null): void {
    this.shown = item;
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.list.refresh(), SETTLE_MS);
  }
}
