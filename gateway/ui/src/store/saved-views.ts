/** The filters of lists that a user has given a name. They are sealed as drafts are, because a filter may name a person. */
import { SealedDraft } from './sealed-draft';

export interface SavedView {
  /** The address of its page, without the query. */
  path: string;
  name: string;
  query: string;
}

export const savedViews = new SealedDraft<SavedView[]>('views', [], {
  pack: (views) => (views.length > 0 ? views : null),
  unpack: (kept) => kept,
});

/** A view of the same name is replaced. */
export function saveView(view: SavedView): void {
  savedViews.update((now) => [...now.filter((one) => !isNamed(one, view)), view]);
}

export function removeView(view: SavedView): void {
  savedViews.update((now) => now.filter((one) => !isNamed(one, view)));
}

const isNamed = (one: SavedView, other: SavedView): boolean => one.path === other.path && one.name === other.name;

/** A query whose filters are in one order, so that two addresses of the same list are equal. */
export function ordered(query: string): string {
  const filters = new URLSearchParams(query);
  filters.sort();
  return filters.toString();
}
