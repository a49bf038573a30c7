/** Drafts of answers, by the message they answer: kept, sealed, until they are sent or given up. */
import { recallMessage, sendMessage } from '../api';
import { place } from '../app/router';
import type { InboxItem, NewMessage } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { whenConnected } from '../store/reconnect';
import { SealedDraft } from '../store/sealed-draft';
import { me } from '../store/session';
import { isRefused, type Memory, Submission, type Unanswered } from '../store/submission';
import { toastFailure } from '../store/toasts';
import { offerUndo } from '../store/undo';
import { announceSent } from './inbox-news';

export interface ReplyDraft {
  /** The answered message as last known. It may have been removed. */
  readonly to: InboxItem;
  readonly writing: boolean;
  readonly body: string;
  readonly error: string;
  readonly busy: boolean;
  /** It may have been sent: no answer came. */
  readonly unanswered: NewMessage | null;
  readonly memory: PageMemory;
  readonly submission: Submission;
}

/** What is kept of a draft: its key too, so that an answer that may have been sent is not sent twice. */
interface KeptReply {
  to: InboxItem;
  body: string;
  unanswered: NewMessage | null;
  key: Unanswered | null;
}

export const replyDrafts = new SealedDraft<ReadonlyMap<string, ReplyDraft>, KeptReply[]>('replies', new Map(), {
  pack(drafts) {
    const written = [...drafts.values()].filter((draft) => draft.body.trim() || draft.unanswered);
    return written.length > 0 ? written.map(packed) : null;
  },
  unpack: (kept) => new Map(kept.map((one) => [one.to.id, begun(one.to, one)])),
});

const packed = ({ to, body, unanswered, memory }: ReplyDraft): KeptReply => ({
  to,
  body,
  unanswered,
  key: memory.kept,
});

function begun(to: InboxItem, kept: Omit<KeptReply, 'to'>): ReplyDraft {
  const memory = new PageMemory(kept.key);
  const submission = new Submission(undefined, memory);
  const { body, unanswered } = kept;
  return { to, writing: body.trim() !== '', body, error: '', busy: false, unanswered, memory, submission };
}

/** The key of one answer while its answer is not known. The draft around it is what is kept. */
class PageMemory implements Memory {
  constructor(public kept: Unanswered | null) {}

  recall(): Unanswered | null {
    return this.kept;
  }

  keep(unanswered: Unanswered | null): void {
    this.kept = unanswered;
  }
}

export function beginReply(to: InboxItem): void {
  const fresh = () => begun(to, { body: '', unanswered: null, key: null });
  put(to.id, { ...(replyDrafts.get().get(to.id) ?? fresh()), writing: true });
}

export function changeReply(message: string, change: Partial<ReplyDraft>): void {
  const draft = replyDrafts.get().get(message);
  if (draft) put(message, { ...draft, ...change });
}

/** Closes the draft. A text that may have been sent is remembered, so that it is not sent twice. */
export function giveUpReply(message: string): void {
  const draft = replyDrafts.get().get(message);
  if (draft?.busy || draft?.unanswered) changeReply(message, { writing: false, body: '', error: '' });
  else put(message, null);
}

/** Sends the draft; `withdrawn` if the answered message was withdrawn, so that it can only be sent as a new message. */
export async function sendReply(message: string, withdrawn: boolean): Promise<void> {
  const draft = replyDrafts.get().get(message);
  if (!draft || draft.busy) return;
  if (!draft.body.trim()) return changeReply(message, { error: t('compose.body_missing') });
  const author = me()?.id;
  const request = requestOf(draft, withdrawn);
  changeReply(message, { busy: true, error: '' });
  try {
    const sent = await submit(draft, request);
    if (sent && me()?.id === author) done(message, request, sent.id);
  } catch (error) {
    if (me()?.id === author) failed(message, error);
    if (error instanceof Problem && error.status === 0) void goOn(draft, withdrawn);
  } finally {
    if (isStill(draft)) changeReply(message, { busy: false });
  }
}

/** A request that may have been executed is repeated unchanged, even if its message was withdrawn: the server knows it. */
async function submit(draft: ReplyDraft, request: NewMessage): Promise<{ id: string } | undefined> {
  const before = draft.unanswered?.body === request.body ? draft.unanswered : null;
  const asked = before ?? request;
  try {
    return await draft.submission.once(asked, sendMessage);
  } catch (error) {
    const unanswered = isRefused(error, true) ? null : asked;
    if (isStill(draft)) changeReply(draft.to.id, { unanswered });
    if (before && !unanswered && before.in_reply_to !== request.in_reply_to)
      return submit({ ...draft, unanswered }, request);
    throw error;
  }
}

/** Drafts end with the session: the next session may belong to another user. */
const isStill = ({ to, submission }: ReplyDraft): boolean => replyDrafts.get().get(to.id)?.submission === submission;

const requestOf = ({ to, body }: ReplyDraft, withdrawn: boolean): NewMessage => ({
  recipients: [to.author.id],
  roles: [],
  company: null,
  body,
  priority: 'normal',
  acknowledge: false,
  in_reply_to: withdrawn ? null : to.id,
});

/** What was begun without a connection goes on with it, unless its author has changed or given it up. */
async function goOn(draft: ReplyDraft, withdrawn: boolean): Promise<void> {
  await whenConnected();
  const now = replyDrafts.get().get(draft.to.id);
  if (now?.writing && isStill(draft) && now.body === draft.body) void sendReply(draft.to.id, withdrawn);
}

/** Text that was written meanwhile stays. */
function done(message: string, { body }: NewMessage, id: string): void {
  const draft = replyDrafts.get().get(message);
  if (!draft?.writing || draft.body === body) put(message, null);
  else changeReply(message, { unanswered: null });
  announceSent();
  const recall = async () => {
    await recallMessage(id);
    announceSent();
  };
  offerUndo(t('compose.sent'), recall, { fixed: true });
}

/** A user who reads another message by now would not see the note under this one. */
function failed(message: string, error: unknown): void {
  const why = reasonOf(error);
  const draft = replyDrafts.get().get(message);
  if (!draft?.writing) return;
  changeReply(message, { error: why });
  const isOpen = place.get().path.endsWith(message);
  if (!isOpen) toastFailure(t('reply.failed', { author: draft.to.author.name, why }));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Problem)) return sentence(error);
  return error.status === 0 ? `${error.message} ${t('compose.goes_on')}` : (error.fields.body ?? error.message);
}

function put(message: string, draft: ReplyDraft | null): void {
  const drafts = new Map(replyDrafts.get());
  if (draft) drafts.set(message, draft);
  else drafts.delete(message);
  replyDrafts.set(drafts);
}
