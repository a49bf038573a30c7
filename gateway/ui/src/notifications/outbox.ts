/** A notification on its way to the server. Without a connection it waits, and goes on with the same key whatever page is open. */
import { sendNotification } from '../api';
import type { NotificationRequest } from '../contract';
import { Problem } from '../problem';
import { whenConnected } from '../store/reconnect';
import { me, session } from '../store/session';
import { Store } from '../store/store';
import { Submission } from '../store/submission';
import { sendMemory } from './unanswered-send';

export interface Outgoing {
  request: NotificationRequest;
  /** No answer came: the request is repeated once the connection is back. */
  waits: boolean;
}

/** The only one: another is sent once this one has its answer, or is given up. */
export const outgoing = new Store<Outgoing | null>(null);
/** Ends the wait: true to ask again now, false to give up. */
let end: (goesOn: boolean) => void = () => undefined;

export const askAgain = (): void => end(true);
/** The server may have accepted it all the same: the key stays, so that the same form is not sent twice. */
export const giveUp = (): void => end(false);
/** What a user has begun is not told to the next one. */
session.watch(({ status }) => status !== 'in' && giveUp());

/**
 * The id of the accepted notification; none if its author gave it up or left, or if another is on its way. Throws what the
 * server refuses.
 */
export async function sendOut(request: NotificationRequest): Promise<string | undefined> {
  if (outgoing.get()) return undefined;
  const author = me()?.id;
  const submission = new Submission(undefined, sendMemory);
  try {
    for (;;) {
      outgoing.set({ request, waits: false });
      // Before the request: a connection that comes back while it fails must not be missed.
      const back = whenConnected();
      const sent = await submission.once(request, sendNotification).catch(lost);
      if (sent) return sent.id;
      const goesOn = new Promise<boolean>((resolve) => {
        end = resolve;
      });
      outgoing.set({ request, waits: true });
      const isWanted = await Promise.race([back.then(() => true), goesOn]);
      if (!isWanted || me()?.id !== author) return undefined;
    }
  } finally {
    outgoing.set(null);
  }
}

/** No answer came. Anything else is said by the server. */
function lost(error: unknown): undefined {
  if (error instanceof Problem && error.status === 0) return undefined;
  throw error;
}
