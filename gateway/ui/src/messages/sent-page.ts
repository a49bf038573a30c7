/** «Enviados»: the user's sent messages, each with the number of readers and their names. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getMessage, getSent } from '../api';
import type { SentMessage } from '../contract';
import { longDate, t } from '../i18n';
import { onInbox } from '../store/inbox-live';
import { PagedList } from '../store/paged-list';
import { density } from '../store/preferences';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import { when } from '../ui/when';
import { onSent } from './inbox-news';
import { readBy } from './receipts-dialog';
import './receipts-list';
import { toWhom } from './to-whom';

/** Receipts come in bursts: the list reloads once for all of them. */
const SETTLE_MS = 400;

@customElement('sent-page')
export class SentPage extends LitElement {
  static override styles = [
    base,
    css`
      :host { height: var(--page-height, 100dvh); min-height: 20rem; }
      .page { display: flex; flex-direction: column; height: 100%; max-width: none; padding-bottom: var(--s4); }
      .panes { flex: 1; min-height: 0; display: grid; grid-template: minmax(0, 1fr) / minmax(0, 1fr); gap: var(--s4); }
      .panes > * { min-height: 0; overflow-y: auto; overscroll-behavior: contain; }
      .panes.reading { grid-template: auto minmax(0, 1fr) / minmax(0, 1fr) minmax(0, 1fr); }
      .panes.reading .list { grid-row: 1 / -1; }
      .list { container-type: inline-size; }
      .panes .message { max-height: 40dvh; }
      li { position: relative; display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px var(--s4); padding: var(--cell); border-bottom: 1px solid var(--line); }
      li:last-child { border-bottom: 0; }
      li[data-open] { background: var(--accent-soft); box-shadow: inset 3px 0 0 var(--accent); }
      li:hover { background: var(--surface-2); }
      li a { color: inherit; text-decoration: none; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 550; }
      li a::after { content: ""; position: absolute; inset: 0; }
      .body { grid-column: 1 / -1; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; color: var(--ink-2); font-size: var(--text-s); }
      .dense .body { -webkit-line-clamp: 1; }
      .foot { grid-column: 1 / -1; display: flex; flex-wrap: wrap; align-items: center; gap: 2px var(--s2); }
      @container (min-width: 720px) {
        li { grid-template-columns: minmax(0, 1fr) auto auto; }
        .foot { grid-area: 1 / 2; }
      }
      .receipts { position: relative; display: inline-flex; align-items: center; gap: 6px; min-height: 26px; margin-left: -12px; }
      .receipts.all .icon { color: var(--ok); }
      .head { display: flex; align-items: flex-start; gap: var(--s2); padding: var(--s3) var(--s4); border-bottom: 1px solid var(--line); }
      .head p { overflow-wrap: anywhere; }
      .text { padding: var(--s4); }
      .readers { padding: var(--s4); }
      .readers h2 { margin-bottom: var(--s3); }
      @media (min-width: 1500px) {
        .panes.reading { grid-template: minmax(0, 1fr) / minmax(420px, 32%) minmax(0, 1fr) minmax(320px, 26%); }
        .panes .message { max-height: none; }
      }
      @media (max-width: 980px) {
        .panes.reading { grid-template: auto minmax(0, 1fr) / minmax(0, 1fr); }
        .panes.reading .list { display: none; }
      }
      @media (max-width: 520px) { .list { margin: 0 calc(-1 * var(--s4)); border-radius: 0; border-width: 1px 0; } }
    `,
  ];

  /** The id of the open message, from the address. */
  @property() message = '';
  @state() private shown: SentMessage | null = null;
  /** The open message, also when it is not in the loaded part of the list. */
  @state() private opened: SentMessage | null = null;
  private readonly density = new Watching(this, density);
  private readonly list = new PagedList<SentMessage>(this, (after) => getSent({ after }));
  private readonly stops: (() => void)[] = [];
  /** The message that was asked for. */
  private asked = '';
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

  /** The dialog and the panes show the current numbers; of a message that left the list, the last known ones. */
  protected override willUpdate(changed: PropertyValues<this>): void {
    const current = (known: SentMessage) => this.list.items.find((item) => item.id === known.id) ?? known;
    if (this.shown) this.shown = current(this.shown);
    if (this.opened) this.opened = current(this.opened);
    if (changed.has('message') || this.opened?.id !== this.message) void this.find();
  }

  override render() {
    const open = this.message && this.opened?.id === this.message ? this.opened : null;
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('sent.title')}</h1><p>${t('sent.lead')}</p></div></div>
      <div class="panes ${open ? 'reading' : ''}">
        <section class="card list ${this.density.value === 'compact' ? 'dense' : ''}" tabindex="-1" aria-label=${t('sent.title')}>
          ${listFrame(this.list, html`<empty-state icon="sent" heading=${t('sent.empty')} text=${t('sent.empty_text')}></empty-state>`, () => this.rows())}
        </section>
        ${open ? this.panes(open) : nothing}
      </div>
      ${this.shown ? html`<receipts-dialog message=${this.shown.id} .sent=${this.shown} @dialog-closed=${() => this.show(null)}></receipts-dialog>` : nothing}
    </div>`;
  }

  /** The message, and who received it: below it, and on a wide screen beside it. */
  private panes(open: SentMessage) {
    return html`<article class="card message" tabindex="0" aria-label=${t('reader.label')}>
        <div class="head">
          <a class="icon-button" href="/enviados" aria-label=${t('reader.close')} title=${t('reader.close')}>${icon('left')}</a>
          <p class="grow">${t('to.line', { who: toWhom(open) })}<br /><span class="small muted">${longDate(open.created_at)}</span></p>
        </div>
        <p class="text verbatim">${open.body}</p>
      </article>
      <section class="card readers" tabindex="0" aria-labelledby="readers">
        <h2 id="readers">${readBy(open)}</h2>
        <receipts-list message=${open.id} .sent=${open}></receipts-list>
      </section>`;
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
    return html`<li ?data-open=${item.id === this.message}>
      <a href="/enviados/${item.id}" aria-current=${item.id === this.message ? 'true' : nothing}>${t('to.line', { who: toWhom(item) })}</a>
      <span class="small muted">${when(item.created_at)}</span>
      <p class="body verbatim">${item.body}</p>
      <div class="foot">
        <button class="button quiet small receipts ${all ? 'all' : ''}" type="button" aria-haspopup="dialog" @click=${() => this.show(item)}>
          ${item.read_count > 0 ? icon(all ? 'checks' : 'check', 16) : nothing}<span class="num">${t('sent.read_by', { read: item.read_count, total: item.recipient_count })}</span>
        </button>
        ${this.marks(item)}
      </div>
    </li>`;
  }

  private marks(item: SentMessage) {
    if (item.priority !== 'high' && !item.acknowledge) return nothing;
    return html`${item.priority === 'high' ? html`<span class="pill danger">${t('priority.high')}</span>` : nothing}
      ${item.acknowledge ? html`<span class="pill ${item.acknowledged_count === item.recipient_count ? 'ok' : 'warn'}">${t('sent.acknowledged_by', { read: item.acknowledged_count, total: item.recipient_count })}</span>` : nothing}`;
  }

  /** Looks for the open message in the list, and asks for it when the list has not come so far. */
  private async find(): Promise<void> {
    const { message } = this;
    const listed = this.list.items.find((item) => item.id === message);
    if (listed || !message || this.list.state === 'loading') {
      this.opened = listed ?? null;
      return;
    }
    if (this.asked === message) return;
    this.asked = message;
    const found = await getMessage(message).catch(() => null);
    if (message === this.message && found && 'read_count' in found) this.opened = found;
  }

  private show(item: SentMessage | null): void {
    this.shown = item;
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.list.refresh(), SETTLE_MS);
  }
}
