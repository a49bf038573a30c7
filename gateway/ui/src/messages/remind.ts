/** Reminds the recipients who have not acknowledged a message, by a message of its own. */
import { getReceipts, recallMessage, sendMessage } from '../api';
import type { NewMessage, ReceiptRow, SentMessage } from '../contract';
import { t } from '../i18n';
import type { Submission } from '../store/submission';
import { offerUndo } from '../store/undo';
import { announceSent } from './inbox-news';

/** The largest page of the server. */
const PAGE = 200;
/** How much of the message the reminder repeats, in characters. */
const QUOTED_MAX = 140;

/** Sends the reminder and offers to undo it; false when everybody has acknowledged by now. Throws a `Problem`. */
export async function remind(sent: SentMessage, submission: Submission): Promise<boolean> {
  const recipients = (await allReceipts(sent.id)).filter((row) => !row.acknowledged_at).map(({ user }) => user.id);
  if (recipients.length === 0) return false;
  const made = await submission.once(reminderOf(sent, recipients), sendMessage);
  if (!made) return true;
  announceSent();
  offerUndo(
    t('remind.sent', { n: made.recipients }),
    async () => {
      await recallMessage(made.id);
      announceSent();
    },
    { fixed: true },
  );
  return true;
}

/** It answers the message, so that its readers open the message by one click and acknowledge it there. */
function reminderOf({ id, body }: SentMessage, recipients: string[]): NewMessage {
  const text = [...body];
  const quoted = text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX).join('')}…` : body;
  return {
    recipients,
    roles: [],
    company: null,
    body: t('remind.body', { text: quoted }),
    priority: 'high',
    acknowledge: false,
    in_reply_to: id,
  };
}

/** Every receipt of a message; at most 5,000, as a message has no more recipients. */
export async function allReceipts(message: string): Promise<ReceiptRow[]> {
  const rows: ReceiptRow[] = [];
  let after: string | undefined;
  do {
    const page = await getReceipts(message, { after, limit: PAGE });
    rows.push(...page.data);
    after = page.next ?? undefined;
  } while (after);
  return rows;
}
