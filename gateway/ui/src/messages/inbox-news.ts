/** The changes of the inbox in this tab, as events for every element that shows a message. */
import type { InboxItem } from '../contract';
import { onInbox } from '../store/inbox-live';

export type InboxChange =
  | { kind: 'changed'; id: string; change: Partial<InboxItem> }
  /** All messages up to a position in the log. */
  | { kind: 'read'; upTo: number; at: string }
  | { kind: 'removed'; id: string }
  | { kind: 'restored'; item: InboxItem };

const news = new EventTarget();

export function announce(change: InboxChange): void {
  news.dispatchEvent(new CustomEvent('inbox', { detail: change }));
}

export function onInboxChange(heard: (change: InboxChange) => void): () => void {
  const listener = (event: Event) => heard((event as CustomEvent<InboxChange>).detail);
  news.addEventListener('inbox', listener);
  return () => news.removeEventListener('inbox', listener);
}

onInbox('withdrawn', ({ message_id: id }) => announce({ kind: 'removed', id }));

/** A message was sent or withdrawn: the list of sent messages reloads. */
export function announceSent(): void {
  news.dispatchEvent(new Event('sent'));
}

export function onSent(heard: () => void): () => void {
  news.addEventListener('sent', heard);
  return () => news.removeEventListener('sent', heard);
}

/** A list after a change. Ids are ordered by time, so a restored item is placed by its id. */
export function changedList(items: InboxItem[], change: InboxChange): InboxItem[] {
  if (change.kind === 'removed') return items.filter((item) => item.id !== change.id);
  if (change.kind === 'changed')
    return items.map((item) => (item.id === change.id ? { ...item, ...change.change } : item));
  if (change.kind === 'read')
    return items.map((item) => (item.position <= change.upTo ? readAt(change.at, item) : item));
  if (items.some((item) => item.id === change.item.id)) return items;
  return [...items, change.item].sort((a, b) => (a.id < b.id ? 1 : -1));
}

const readAt = (at: string, item: InboxItem): InboxItem => ({
  ...item,
  read_at: item.read_at ?? at,
  seen_at: item.seen_at ?? at,
});
