/** A list loaded page by page with a cursor. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Page } from '../contract';
import { sentence } from '../problem';

/** The most pages that are reloaded; further ones stay as they were. */
const READ_AGAIN_MAX = 10;

export type ListState = 'loading' | 'ready' | 'failed';

export class PagedList<T extends object, P extends Page<T> = Page<T>> implements ReactiveController {
  items: T[] = [];
  state: ListState = 'loading';
  next: string | null = null;
  failure = '';
  loadingMore = false;
  private turn = 0;
  /** How many pages are loaded. */
  private pages = 1;
  private refreshing = false;
  private again = false;
  private reading = false;
  /** A user waits for the answer, so an error must be shown. */
  private asked = false;
  /** Changes during a request: its answer may be older than they are. */
  private meanwhile: ((items: T[]) => T[])[] = [];

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly fetchPage: (after?: string) => Promise<P>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {}

  /** Loads the first page again: the list is empty until the answer. */
  async load(): Promise<void> {
    this.show({ items: [], state: 'loading', next: null });
    await this.replace();
  }

  /** Loads the first page of another filter: the old items stay until the answer or its failure. */
  async replace(): Promise<void> {
    this.asked = true;
    await this.read();
  }

  /** Reloads the loaded pages in the background. A failure keeps the items, unless the filter changed. */
  async refresh(): Promise<void> {
    this.again = true;
    if (this.refreshing) return;
    this.refreshing = true;
    while (this.again) {
      this.again = false;
      await this.read();
    }
    this.refreshing = false;
  }

  private async read(): Promise<void> {
    const turn = ++this.turn;
    this.meanwhile = [];
    this.reading = true;
    try {
      const page = await this.readPages(turn);
      if (turn !== this.turn) return;
      if (this.asked) this.pages = 1;
      this.show({ items: this.upToDate(page.data), state: 'ready', next: page.next, failure: '' });
    } catch (error) {
      if (turn !== this.turn) return;
      if (this.asked) this.show({ items: [], state: 'failed', next: null, failure: sentence(error) });
    }
    this.reading = false;
    this.asked = false;
  }

  /** The first page of another filter, or as many pages as are loaded, including those requested meanwhile. */
  private async readPages(turn: number): Promise<Page<T>> {
    const wanted = () => (this.asked ? 1 : Math.min(this.pages, READ_AGAIN_MAX));
    let { data, next }: Page<T> = await this.fetchPage();
    for (let read = 1; read < wanted() && next && turn === this.turn; read++) {
      const page = await this.fetchPage(next);
      [data, next] = [data.concat(page.data), page.next];
    }
    return this.asked || !next ? { data, next } : this.withTail(data, next);
  }

  /** What lies beyond the pages that were read again stays, with its cursor: the list must not end above the reader. */
  private withTail(data: T[], next: string): Page<T> {
    const last = idOf(data.at(-1));
    const at = last === undefined ? -1 : this.items.findIndex((item) => idOf(item) === last);
    const tail = at < 0 ? [] : this.items.slice(at + 1);
    return tail.length > 0 ? { data: data.concat(tail), next: this.next } : { data, next };
  }

  /** Loads one more page, unless there is none or one is loading. */
  async more(): Promise<void> {
    const { turn, next } = this;
    if (!next || this.loadingMore) return;
    // The list may have been reloaded meanwhile, and end elsewhere.
    const goesOn = () => turn === this.turn && next === this.next;
    if (!this.reading) this.meanwhile = [];
    this.pages++;
    this.show({ loadingMore: true, failure: '' });
    try {
      const page = await this.fetchPage(next);
      if (goesOn()) this.show({ items: this.upToDate(this.items.concat(page.data)), next: page.next });
    } catch (error) {
      if (!goesOn()) return;
      this.pages--;
      this.show({ failure: sentence(error) });
    } finally {
      this.show({ loadingMore: false });
    }
  }

  /** Replaces the items: an optimistic change, or an event of the live stream. It may be applied twice. */
  change(change: (items: T[]) => T[]): void {
    if (this.reading || this.loadingMore) this.meanwhile.push(change);
    const items = change(this.items);
    if (items !== this.items) this.show({ items });
  }

  private upToDate(read: T[]): T[] {
    return this.meanwhile.reduce((now, change) => change(now), read);
  }

  private show(change: Partial<Pick<this, 'items' | 'state' | 'next' | 'failure' | 'loadingMore'>>): void {
    Object.assign(this, change);
    this.host.requestUpdate();
  }
}

const idOf = (item: object | undefined): unknown => (item as { id?: unknown } | undefined)?.id;
