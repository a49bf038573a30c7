/** The exact counters of the inbox: absolute values of the server, changed at once by the reader's actions. */
import type { Counts } from '../contract';
import { Store } from './store';

export const counts = new Store<Counts>({ unseen: 0, unread: 0, total: 0 });
let newest = -1;

/** A value of the stream wins, unless it is older than one already received. */
export function setCounts(next: Counts, position = newest): void {
  if (position < newest) return;
  newest = position;
  counts.set(next);
}

/** Runs a request whose counters have no position: values that the stream sends meanwhile are newer. */
export async function withCounts<T extends { counts: Counts }>(ask: () => Promise<T>): Promise<T> {
  const before = newest;
  const answer = await ask();
  if (newest === before) counts.set(answer.counts);
  return answer;
}

/** Moves the counters before the server answers; the next absolute value corrects any error. */
export function shiftCounts(by: Partial<Counts>): void {
  counts.update((now) => ({
    unseen: Math.max(0, now.unseen + (by.unseen ?? 0)),
    unread: Math.max(0, now.unread + (by.unread ?? 0)),
    total: Math.max(0, now.total + (by.total ?? 0)),
  }));
}

/** A new session counts from the start. */
export function forgetCounts(): void {
  newest = -1;
  counts.set({ unseen: 0, unread: 0, total: 0 });
}
