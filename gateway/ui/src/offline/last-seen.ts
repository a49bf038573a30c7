/**
 * What was last seen, for when the network is away: the first pages of a few lists, sealed like drafts by their user's key.
 * A log-out, an expired session and another user's log-in remove it. Decision 0053.
 */
import { keyRing } from '../store/key-ring';
import { Store } from '../store/store';
import { openVault, seal, sealedAs, unseal, vault } from '../store/vault';

interface Seen {
  /** RFC 3339. */
  at: string;
  answer: unknown;
}

/** Since when the oldest answer on screen is; none while all of it comes from the server. */
export const seenAt = new Store<string | null>(null);

const USER = 'mensajeria.seen.user';
const NAME = 'seen:';
/** What the app opens with, and the first page of each list without a search. */
const KEPT =
  /^\/(me|companies\?limit=200|inbox\?state=(all|pending|unread)(&limit=200)?|messages\/sent|notifications)$/;
/** Characters: a page of long messages would fill the browser's storage. */
const LENGTH_MAX = 400_000;

export const isKept = (path: string): boolean => KEPT.test(path);

/** Keeps an answer of the API by its path, if the vault of its user is open. */
export async function keepSeen(path: string, answer: unknown, now = new Date()): Promise<void> {
  const open = vault.get();
  if (!open || !isKept(path) || JSON.stringify(answer).length > LENGTH_MAX) return;
  localStorage.setItem(USER, open.user);
  await seal(NAME + path, { at: now.toISOString(), answer } satisfies Seen);
}

/** The last answer to this path, for a page without a network; none if nothing was kept, or after a log-out. */
export async function lastSeen(path: string): Promise<unknown> {
  if (!isKept(path)) return null;
  const user = localStorage.getItem(USER);
  if (user && !vault.get()) await openVault(user, keyRing);
  const seen = await unseal<Seen>(NAME + path);
  if (!seen) return null;
  seenAt.update((oldest) => (oldest && oldest < seen.at ? oldest : seen.at));
  return seen.answer;
}

/** Removes what was kept, of whichever user it is. */
export function forgetSeen(): void {
  localStorage.removeItem(USER);
  seenAt.set(null);
  const kept = Object.keys(localStorage).filter((key) => key.startsWith(sealedAs('', '').slice(0, -1)));
  for (const key of kept) if (key.includes(`.${NAME}`)) localStorage.removeItem(key);
}
