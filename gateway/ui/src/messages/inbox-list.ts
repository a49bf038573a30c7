/** The rows of «Listado de Mensajes» by day, in a pane that scrolls by itself: only rows near the view are in the page. */
import { css, html, LitElement, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { InboxItem } from '../contract';
import { dayName } from '../i18n';
import { density } from '../store/preferences';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { DayLayout, type RowRange, type RowSizes } from '../ui/day-layout';
import './inbox-row';
import type { InboxRow, RowAct } from './inbox-row';

/** The heights, in rem, so that rows grow with the reader's letters. Every row has the same: its place is computed. */
const SIZES_REM = { comfortable: { row: 4.75, heading: 2 }, compact: { row: 2.125, heading: 1.625 } };
/** Rows kept ready beyond either edge of the view, so that fast scrolling finds them drawn. */
const BEYOND = 8;
/** More rows are asked for when the view is this close to the last one. */
const END_NEAR = 30;

/** What the reader did with one row. */
export interface ListAct {
  item: InboxItem;
  act: RowAct;
}

@customElement('inbox-list')
export class InboxList extends LitElement {
  static override styles = [
    base,
    css`
      :host { min-height: 0; }
      .scroller { height: 100%; overflow-y: auto; overflow-x: hidden; overscroll-behavior: contain; overflow-anchor: none; }
      .scroller:focus-visible { outline-offset: -2px; }
      .track { position: relative; overflow: hidden; contain: strict; }
      .day, inbox-row { position: absolute; left: 0; right: 0; top: 0; }
      .day {
        display: flex; align-items: center; padding: 0 var(--s4); background: var(--surface-2); border-bottom: 1px solid var(--line);
        font-size: var(--text-xs); font-weight: 550; color: var(--ink-2);
      }
    `,
  ];

  @property({ attribute: false }) items: InboxItem[] = [];
  @property({ attribute: false }) selected = new Set<string>();
  /** The id of the open message. */
  @property() message = '';
  /** The filters of the list, which stay when a message is opened. */
  @property() query = '';
  @state() private range: RowRange = { from: 0, to: 0 };
  @query('.scroller') private scroller?: HTMLElement;

  private readonly density = new Watching(this, density);
  private layout = new DayLayout(0, () => '', { row: 1, heading: 1 });
  /** The row that keys act on: its id, and its place, which stays when the row is removed. */
  private current = { id: '', index: -1 };
  private viewed?: ResizeObserver;

  override connectedCallback(): void {
    super.connectedCallback();
    if (typeof ResizeObserver === 'undefined') return;
    this.viewed = new ResizeObserver(() => this.look());
    this.viewed.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.viewed?.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const sizes = this.sizes();
    if (changed.has('items') || sizes.row !== this.layout.sizes.row) this.arrange(sizes);
    if (changed.has('message') && this.message) this.setCurrent(this.items.findIndex(({ id }) => id === this.message));
    this.range = this.near();
  }

  override render() {
    const { layout } = this;
    return html`<div class="scroller" tabindex="-1" @scroll=${this.look}>
      <div class="track" .style=${`height:${layout.height}px`}>
        ${this.headings()}
        <div role="list">
          ${repeat(
            this.indices(),
            (index) => this.items[index]?.id,
            (index) => this.row(index),
          )}
        </div>
      </div>
    </div>`;
  }

  /** The message that keys act on. */
  get chosen(): InboxItem | undefined {
    return this.items[this.current.index];
  }

  /** Moves to the next (1) or the previous row (-1), and gives it the focus. */
  async move(by: number): Promise<void> {
    const last = this.items.length - 1;
    if (last < 0) return;
    await this.focusRow(Math.max(0, Math.min(last, this.current.index + by)));
  }

  /** Gives the focus back to the row that was last acted on. */
  override focus(): void {
    if (this.chosen) void this.focusRow(this.current.index);
  }

  scrollToTop(): void {
    if (this.scroller) this.scroller.scrollTop = 0;
  }

  /** Seen only: a heading is no item of the list, and each row tells its own day to a screen reader. */
  private headings() {
    const { from, to } = this.range;
    const near = this.layout.groups.filter(({ first, count }) => first < to && first + count > from);
    const { heading } = this.layout.sizes;
    return near.map(
      ({ at, top }) =>
        html`<div class="day" aria-hidden="true" .style=${`height:${heading}px;transform:translateY(${top}px)`}>${dayName(at)}</div>`,
    );
  }

  private row(index: number) {
    const item = this.items[index] as InboxItem;
    return html`<inbox-row
      role="listitem"
      aria-setsize=${this.items.length}
      aria-posinset=${index + 1}
      .style=${`height:${this.layout.sizes.row}px;transform:translateY(${this.layout.topOf(index)}px)`}
      .item=${item}
      query=${this.query}
      .selected=${this.selected.has(item.id)}
      ?open=${item.id === this.message}
      ?dense=${this.density.value === 'compact'}
      @focusin=${() => this.setCurrent(index)}
      @act=${(e: CustomEvent<RowAct>) => this.act({ item, act: e.detail })}
    ></inbox-row>`;
  }

  private act(detail: ListAct): void {
    this.dispatchEvent(new CustomEvent<ListAct>('act', { detail }));
  }

  private sizes(): RowSizes {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    const { row, heading } = SIZES_REM[this.density.value];
    return { row: row * rem, heading: heading * rem };
  }

  private arrange(sizes: RowSizes): void {
    this.layout = new DayLayout(this.items.length, (i) => this.items[i]?.created_at ?? '', sizes);
    const { id, index } = this.current;
    const now = this.items[index]?.id === id ? index : this.items.findIndex((item) => item.id === id);
    this.current = { id, index: now >= 0 ? now : Math.min(index, this.items.length - 1) };
  }

  private setCurrent(index: number): void {
    if (index >= 0) this.current = { id: this.items[index]?.id ?? '', index };
  }

  /** The rows in view and some beyond it. Before the first layout the window's height stands for the pane's. */
  private near(): RowRange {
    const top = this.scroller?.scrollTop ?? 0;
    const { from, to } = this.layout.visible(top, this.scroller?.clientHeight || innerHeight);
    return { from: Math.max(0, from - BEYOND), to: Math.min(this.items.length, to + BEYOND) };
  }

  /** The current row stays in the page wherever the list is scrolled to: it may have the focus. */
  private indices(): number[] {
    const { from, to } = this.range;
    const rows = Array.from({ length: to - from }, (_, i) => from + i);
    const { index } = this.current;
    if (index < 0 || index >= this.items.length || (index >= from && index < to)) return rows;
    return index < from ? [index, ...rows] : [...rows, index];
  }

  private look = (): void => {
    const { from, to } = this.near();
    if (from === this.range.from && to === this.range.to) return;
    this.range = { from, to };
    if (to >= this.items.length - END_NEAR) this.dispatchEvent(new CustomEvent('end-near'));
  };

  private async focusRow(index: number): Promise<void> {
    this.setCurrent(index);
    this.reveal(index);
    this.requestUpdate();
    await this.updateComplete;
    const id = this.items[index]?.id;
    const rows = [...this.renderRoot.querySelectorAll<InboxRow>('inbox-row')];
    rows.find(({ item }) => item.id === id)?.focus();
    if (index >= this.items.length - 1) this.dispatchEvent(new CustomEvent('end-near'));
  }

  /** Scrolls as little as needed. */
  private reveal(index: number): void {
    const { scroller } = this;
    if (!scroller) return;
    const top = this.layout.topOf(index);
    const bottom = top + this.layout.sizes.row;
    if (top < scroller.scrollTop) scroller.scrollTop = index === 0 ? 0 : top;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
  }
}
