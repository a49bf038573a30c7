/** A list that comes page by page by its cursor, for an element that shows it. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Page } from '../contract';
import { sentence } from '../problem';

export type ListState = 'loading' | 'ready' | 'failed';

export class PagedList<T extends object, P extends Page<T> = Page<T>> implements ReactiveController {
  items: T[] = [];
  state: ListState = 'loading';
  next: string | null = null;
  failure = '';
  loadingMore = false;
  private turn = 0;
  private reading = false;
  /** What happened while a page was being read: the answer may be older than it. */
  private meanwhile: ((items: T[]) => T[])[] = [];

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly fetchPage: (after?: string) => Promise<P>,
    private readonly onPage: (page: P) => void = () => undefined,
  ) {
    host.addController(this);
  }

  hostConnected(): void {}

  /** Reads the first page; what is on screen stays until the answer comes when `quiet`. */
  async load(quiet = false): Promise<void> {
    const turn = ++this.turn;
    this.meanwhile = [];
    this.reading = true;
    if (!quiet) this.show({ items: [], state: 'loading', next: null });
    try {
      const page = await this.fetchPage();
      if (turn !== this.turn) return;
      this.onPage(page);
      const items = this.meanwhile.reduce((now, change) => change(now), page.data);
      this.reading = false;
      this.show({ items, state: 'ready', next: page.next });
    } catch (error) {
      if (turn !== this.turn) return;
      this.reading = false;
      if (!quiet) this.show({ state: 'failed', failure: sentence(error) });
    }
  }

  /** Reads one more page; nothing when there is none or one is on its way. */
  async more(): Promise<void> {
    if (!this.next || this.loadingMore) return;
    const turn = this.turn;
    this.show({ loadingMore: true, failure: '' });
    try {
      const page = await this.fetchPage(this.next);
      if (turn === this.turn) this.show({ items: this.items.concat(page.data), next: page.next });
    } catch (error) {
      if (turn === this.turn) this.show({ failure: sentence(error) });
    } finally {
      this.show({ loadingMore: false });
    }
  }

  /** Replaces the items: an optimistic change, or news from the live stream. It may be applied twice. */
  change(change: (items: T[]) => T[]): void {
    if (this.reading) this.meanwhile.push(change);
    this.show({ items: change(this.items) });
  }

  private show(change: Partial<Pick<this, 'items' | 'state' | 'next' | 'failure' | 'loadingMore'>>): void {
    Object.assign(this, change);
    this.host.requestUpdate();
  }
}
