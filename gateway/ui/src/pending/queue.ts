/** What requires the user's action: messages, approvals, doubts and failed deliveries, kept up to date while logged in. */
import { countDeliveries, getInbox, getNotifications } from '../api';
import type { Counted, InboxItem, Notification } from '../contract';
import { changedList, type InboxChange, onInboxChange } from '../messages/inbox-news';
import { onInbox } from '../store/inbox-live';
import { may, me } from '../store/session';
import { Store } from '../store/store';

export interface Queue {
  /** Newest first, at most the newest 200. */
  messages: InboxItem[];
  /** Other people's notifications: nobody approves their own. */
  approvals: Notification[];
  doubts: Counted;
  /** Failed since a day ago, and neither retried nor discarded. */
  failed: Counted;
}

/** The largest page of the server. */
const MESSAGES_MAX = 200;
/** Events come in bursts: the queue reloads once for all of them. */
const SETTLE_MS = 400;
/** Approvals, doubts and failures have no live stream. */
const REFRESH_MS = 60_000;
const DAY_MS = 86_400_000;
/** For users who see no clients. */
const NONE: Counted = { count: 0, complete: true };

/** None until all of it is loaded: an unknown part must not look like an empty one. */
export const queue = new Store<Queue | null>(null);
/** Whether the first load has failed. */
export const queueFailed = new Store<boolean>(false);

/** An acknowledgement is asked for and not given, or the priority is high and it was not read. The server says the same. */
export const isPending = (item: InboxItem): boolean =>
  (item.acknowledge && !item.acknowledged_at) || (item.priority === 'high' && !item.read_at);

/** How many things wait. Failures are told, but nobody has to act on each. */
export const waiting = (now: Queue | null): number =>
  now ? now.messages.length + now.approvals.length + now.doubts.count : 0;

/** Loads the queue and follows its changes until the returned function is called. */
export function followQueue(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void load(), SETTLE_MS);
  };
  const stops = [
    onInbox('message', (item) => isPending(item) && change({ kind: 'restored', item })),
    onInbox('reset', soon),
    onInbox('changed', soon),
    onInboxChange((news) => (isUnread(news) ? soon() : change(news))),
  ];
  const clock = setInterval(() => document.visibilityState === 'visible' && void load(), REFRESH_MS);
  // The stream's beginning asks for everything again: together with it the queue is loaded once.
  soon();
  return () => {
    for (const stop of stops) stop();
    clearTimeout(timer);
    clearInterval(clock);
    queue.set(null);
    queueFailed.set(false);
  };
}

/** A message that was marked unread may come into the queue, which does not have it. */
const isUnread = (news: InboxChange): boolean => news.kind === 'changed' && news.change.read_at === null;

function change(news: InboxChange): void {
  queue.update((now) => now && { ...now, messages: changedList(now.messages, news).filter(isPending) });
}

/** Removes an approval from the queue as soon as a page shows that somebody has decided it, not only at the next load a minute later. */
export function seenAs({ id, state }: Pick<Notification, 'id' | 'state'>): void {
  if (state === 'awaiting_approval') return;
  queue.update((now) => now && { ...now, approvals: now.approvals.filter((one) => one.id !== id) });
}

/** What cannot be loaded stays as it was. */
export async function load(): Promise<void> {
  const reader = me()?.id;
  const [messages, approvals, doubts, failed] = await Promise.all([
    getInbox({ state: 'pending', limit: MESSAGES_MAX }).then(({ data }) => data, nothing),
    othersApprovals().catch(nothing),
    counted({ state: 'in_doubt' }).catch(nothing),
    counted({ state: 'failed', from: new Date(Date.now() - DAY_MS).toISOString() }).catch(nothing),
  ]);
  if (!reader || me()?.id !== reader) return;
  const loaded = { messages, approvals, doubts, failed };
  const now = queue.get();
  if (isWhole(loaded)) queue.set(loaded);
  else if (now) queue.set({ ...now, ...known(loaded) });
  queueFailed.set(queue.get() === null);
}

type Loaded = { [part in keyof Queue]: Queue[part] | null };
const isWhole = (loaded: Loaded): loaded is Queue => Object.values(loaded).every((part) => part !== null);
const known = (loaded: Loaded): Partial<Queue> =>
  Object.fromEntries(Object.entries(loaded).filter(([, part]) => part !== null));

const nothing = () => null;

async function othersApprovals(): Promise<Notification[]> {
  if (!may('notifier')) return [];
  const { data } = await getNotifications({ state: 'awaiting_approval', limit: MESSAGES_MAX });
  return data.filter(({ author }) => author.id !== me()?.id);
}

const counted = async (filter: { state: string; from?: string }): Promise<Counted> =>
  may('notifier', 'auditor') ? countDeliveries(filter) : NONE;
