/** Notices of new messages: a few at once, the rest in one line. A notice is removed once its message needs none. */
import { match, navigate, place } from '../app/router';
import type { InboxItem } from '../contract';
import { t } from '../i18n';
import { counts } from '../store/counts';
import { onInbox } from '../store/inbox-live';
import { amend, dismiss, dismissMessages, isShown, type MessageOfToast, toast } from '../store/toasts';
import { readMessage } from './inbox-actions';
import { onInboxChange } from './inbox-news';

/** How long a notice stays; an urgent one stays three times as long. */
const NOTICE_MS = 8_000;

/** The messages whose notices were replaced, while the line that sums them up is shown. */
const rest = new Map<string, MessageOfToast>();
let line = 0;

export function notice(item: InboxItem): void {
  const urgent = item.priority === 'high';
  toast({
    kind: 'message',
    message: item,
    text: item.body,
    author: item.author.name,
    at: item.created_at,
    urgent,
    acknowledge: item.acknowledge,
    stays_ms: urgent ? 3 * NOTICE_MS : NOTICE_MS,
    actions: [
      { label: t('open'), run: () => navigate(`/mensajes/${item.id}`) },
      { label: t('news.mark_read'), run: () => void readMessage(item) },
    ],
    gaveWay: () => sumUp(item),
  });
}

function sumUp(message: MessageOfToast): void {
  // The messages of a line that was removed are no longer counted.
  if (!isShown(line)) rest.clear();
  rest.set(message.id, message);
  dismiss(line);
  line = toast({
    kind: 'rest',
    text: inTheRest(),
    stays_ms: NOTICE_MS,
    actions: [{ label: t('news.all'), run: () => navigate('/mensajes') }],
  });
}

const inTheRest = (): string => t('news.rest', { n: rest.size });

/** A message that was opened, read or removed gets no notice any more. */
function forget(needsNone: (message: MessageOfToast) => boolean): void {
  dismissMessages(needsNone);
  for (const message of rest.values()) if (needsNone(message)) rest.delete(message.id);
  if (rest.size > 0) amend(line, { text: inTheRest() });
  else dismiss(line);
}

const forgetOne = (id: string): void => forget((message) => message.id === id);
const forgetAll = (): void => forget(() => true);

place.watch(({ path }) => {
  const open = match('/mensajes/:id', path);
  if (open?.id) forgetOne(open.id);
});
onInboxChange((change) => {
  if (change.kind === 'removed') forgetOne(change.id);
  if (change.kind === 'changed' && change.change.read_at) forgetOne(change.id);
  if (change.kind === 'read') forget(({ position }) => position <= change.upTo);
});
// A message that another tab changed needs no notice: its reader has seen it there.
onInbox('changed', (id) => (id === 'all' ? forgetAll() : forgetOne(id)));
// All messages are read, perhaps on another device, or the user has logged out.
counts.watch(({ unread }) => {
  if (unread === 0) forgetAll();
});
