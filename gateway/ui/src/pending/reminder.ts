/** Reminds the user of messages that ask for an acknowledgement, at the pace that the user chose, until it is given. */
import { navigate } from '../app/router';
import type { InboxItem } from '../contract';
import { t } from '../i18n';
import { acknowledgeMessage } from '../messages/inbox-actions';
import { pace } from '../store/preferences';
import { toast } from '../store/toasts';
import { queue } from './queue';

/** How often the clock is looked at; a reminder is late by this at most, in milliseconds. */
const LOOK_EVERY_MS = 15_000;
const MINUTE_MS = 60_000;
/** How long a reminder stays on screen. */
const STAYS_MS = 30_000;
/** When any tab of this browser reminded this user last: tabs do not repeat each other. */
const remindedAs = (user: string) => `mensajeria.reminded.${user}`;

/** Runs until the returned function is called. */
export function followReminders(user: string): () => void {
  const clock = setInterval(() => step(user, Date.now()), LOOK_EVERY_MS);
  return () => clearInterval(clock);
}

/** One look at the clock: reminds of the oldest message that has waited for a pace, once a pace. */
export function step(user: string, now: number): void {
  const every = pace.get() * MINUTE_MS;
  if (every === 0 || document.visibilityState !== 'visible') return;
  const late = (queue.get()?.messages ?? []).filter((item) => isLate(item, now - every));
  const last = Number(localStorage.getItem(remindedAs(user)) ?? 0);
  const oldest = late.at(-1);
  if (!oldest || now - last < every) return;
  localStorage.setItem(remindedAs(user), String(now));
  say(oldest, late.length - 1);
}

const isLate = ({ acknowledge, acknowledged_at, created_at }: InboxItem, before: number): boolean =>
  acknowledge && !acknowledged_at && Date.parse(created_at) <= before;

function say(item: InboxItem, others: number): void {
  toast({
    kind: 'message',
    message: item,
    text: item.body,
    author: others > 0 ? t('reminder.more', { author: item.author.name, n: others }) : item.author.name,
    at: item.created_at,
    urgent: item.priority === 'high',
    acknowledge: true,
    stays_ms: STAYS_MS,
    actions: [
      { label: t('inbox.acknowledge'), run: () => void acknowledgeMessage(item) },
      { label: t('reminder.all'), run: () => navigate('/pendientes?tipo=messages') },
    ],
  });
}
