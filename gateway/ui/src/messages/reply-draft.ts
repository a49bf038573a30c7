/** Answers that are being written, each by the message it answers: kept while others are read, gone with the session. */
import type { NewMessage } from '../contract';
import { session } from '../store/session';
import { Submission } from '../store/submission';

export class ReplyDraft {
  writing = false;
  body = '';
  error = '';
  /** Perhaps sent: no answer came. */
  unanswered: NewMessage | null = null;
  readonly submission = new Submission();

  constructor(readonly message: string) {}

  /** There is something to lose. */
  get holdsText(): boolean {
    return this.writing && this.body.trim() !== '';
  }
}

const drafts = new Map<string, ReplyDraft>();

/** What is being written to a message; begun now if nothing is, and then those in which nothing was written are forgotten. */
export function replyDraft(message: string): ReplyDraft {
  const known = drafts.get(message);
  if (known) return known;
  for (const [id, { holdsText }] of drafts) if (!holdsText) drafts.delete(id);
  const draft = new ReplyDraft(message);
  drafts.set(message, draft);
  return draft;
}

export function forgetReplyDraft(draft: ReplyDraft): void {
  if (drafts.get(draft.message) === draft) drafts.delete(draft.message);
}

session.watch(({ status }) => {
  if (status !== 'in') drafts.clear();
});
