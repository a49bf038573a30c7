/** A reader's actions on a message: shown at once, reverted if the server refuses, undone on request. */
import { acknowledge, deleteFromInbox, markAllRead, markRead, markSeen, markUnread, restoreToInbox } from '../api';
import type { InboxItem } from '../contract';
import { t } from '../i18n';
import { shiftCounts } from '../store/counts';
import { connection, refreshCounts, tellTabs } from '../store/inbox-live';
import { optimistic } from '../store/optimistic';
import { offerUndo, rememberStep } from '../store/undo';
import { announce } from './inbox-news';

const now = () => new Date().toISOString();
const unread = (item: InboxItem) => (item.read_at ? 0 : 1);
const unseen = (item: InboxItem) => (item.seen_at ? 0 : 1);

/** `silent` when the action follows from opening the message, and needs no undo. */
export async function readMessage(item: InboxItem, silent = false): Promise<boolean> {
  if (item.read_at) return true;
  const at = now();
  const done = await change(
    item,
    { read_at: at, seen_at: item.seen_at ?? at },
    { unread: -1, unseen: -unseen(item) },
    () => markRead(item.id),
    t('inbox.read_failed'),
  );
  if (done && !silent) rememberStep(() => void unreadMessage({ ...item, read_at: at, seen_at: at }));
  return done;
}

/** Marks the messages of the loaded list as read; messages that come meanwhile stay unread. */
export async function readAll(upTo: number): Promise<void> {
  await markAllRead(upTo);
  announce({ kind: 'read', upTo, at: now() });
  await refreshCounts();
  tellTabs('all');
}

export async function unreadMessage(item: InboxItem): Promise<boolean> {
  if (!item.read_at) return true;
  return change(item, { read_at: null }, { unread: 1 }, () => markUnread(item.id), t('inbox.unread_failed'));
}

export async function acknowledgeMessage(item: InboxItem): Promise<boolean> {
  if (item.acknowledged_at) return true;
  const at = now();
  return change(
    item,
    { acknowledged_at: at, read_at: item.read_at ?? at, seen_at: item.seen_at ?? at },
    { unread: -unread(item), unseen: -unseen(item) },
    () => acknowledge(item.id),
    t('inbox.acknowledge_failed'),
  );
}

/** Hides messages for this reader. «Deshacer» appears at once, and waits for the server before it restores them. */
export async function deleteMessages(items: InboxItem[]): Promise<void> {
  const removing = Promise.all(items.map(deleteMessage));
  const deleted = removing.then((gone) => items.filter((_, i) => gone[i]));
  const takeBack = offerUndo(t('inbox.deleted', { n: items.length }), async () => {
    await Promise.all((await deleted).map(restoreMessage));
  });
  if ((await deleted).length === 0) takeBack();
}

export async function restoreMessage(item: InboxItem): Promise<void> {
  await restoreToInbox(item.id);
  announce({ kind: 'restored', item });
  shiftCounts({ total: 1, unread: unread(item), unseen: unseen(item) });
  settled(item.id);
}

/** Hides a message, for elements with a «Deshacer» of their own; false when the server refused. */
export async function deleteMessage(item: InboxItem): Promise<boolean> {
  const by = { total: 1, unread: unread(item), unseen: unseen(item) };
  const done = await optimistic({
    apply: () => {
      announce({ kind: 'removed', id: item.id });
      shiftCounts({ total: -by.total, unread: -by.unread, unseen: -by.unseen });
    },
    commit: () => deleteFromInbox(item.id),
    rollback: () => {
      announce({ kind: 'restored', item });
      shiftCounts(by);
    },
    failure: t('inbox.delete_failed'),
  });
  if (done) settled(item.id);
  return done;
}

type Shift = Parameters<typeof shiftCounts>[0];

async function change(
  item: InboxItem,
  next: Partial<InboxItem>,
  by: Shift,
  commit: () => Promise<unknown>,
  failure: string,
): Promise<boolean> {
  const before = Object.fromEntries(Object.keys(next).map((name) => [name, item[name as keyof InboxItem]]));
  const back = Object.fromEntries(Object.entries(by).map(([name, n]) => [name, -(n ?? 0)]));
  const done = await optimistic({
    apply: () => {
      announce({ kind: 'changed', id: item.id, change: next });
      shiftCounts(by);
    },
    commit,
    rollback: () => {
      announce({ kind: 'changed', id: item.id, change: before });
      shiftCounts(back);
    },
    failure,
  });
  if (done) settled(item.id);
  return done;
}

/** Other tabs reload; without the live stream the counters are requested. */
function settled(id: string): void {
  tellTabs(id);
  if (connection.get() !== 'open') void refreshCounts();
}

/** Reports each message as seen once, a few at a time. */
const SEEN_AT_ONCE_MAX = 2;
const told = new Set<string>();
const waiting: InboxItem[] = [];
let running = 0;

export function sawMessage(item: InboxItem): void {
  if (item.seen_at || told.has(item.id)) return;
  told.add(item.id);
  waiting.push(item);
  if (running < SEEN_AT_ONCE_MAX) void tellSeen();
}

async function tellSeen(): Promise<void> {
  running++;
  for (let item = waiting.shift(); item; item = waiting.shift()) {
    const { id } = item;
    await markSeen(id)
      .then(() => {
        announce({ kind: 'changed', id, change: { seen_at: now() } });
        shiftCounts({ unseen: -1 });
      })
      .catch(() => told.delete(id));
  }
  running--;
}
