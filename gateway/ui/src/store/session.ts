/** The session: the user, their rights, and the companies they may act for. */
import { endWait, getCompanies, getMe, signedOut, signIn, signOut } from '../api';
import type { Company, Me, Role } from '../contract';
import { forgetSeen, keepSeen } from '../offline/last-seen';
import { Problem } from '../problem';
import { withCounts } from './counts';
import { keyRing } from './key-ring';
import type { ListState } from './paged-list';
import { Store } from './store';
import { closeVault, openVault } from './vault';

export type Session =
  | { status: 'unknown' }
  | { status: 'unreachable' }
  | { status: 'out' }
  /** `expired`: the server knows the session no longer. The page stays, and asks for the password over it. */
  | { status: 'in'; me: Me; expired?: boolean };

/** A user has few companies; this bounds the pages that are loaded. */
const COMPANY_PAGES_MAX = 5;

export const session = new Store<Session>({ status: 'unknown' });
export const companies = new Store<Company[]>([]);
/** Whether the companies are loaded: an unloaded list differs from an empty one. */
export const companiesRead = new Store<ListState>('loading');

export function me(): Me | null {
  const now = session.get();
  return now.status === 'in' ? now.me : null;
}

/** `admin` includes every role. */
export function may(...roles: Role[]): boolean {
  const mine = me()?.roles ?? [];
  return mine.includes('admin') || roles.some((role) => mine.includes(role));
}

/** The simulator is shown to users who may send. */
export const seesSimulator = (): boolean => me()?.simulator === true && may('operator', 'notifier');

export function companyName(id: string | null | undefined): string {
  return companies.get().find((company) => company.id === id)?.name ?? '—';
}

/** The zone in which a company's times are shown and asked for; the browser's own until it is known. */
export function companyZone(id: string | null | undefined): string {
  const company = companies.get().find((one) => one.id === id);
  return company?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Loads the user, at the start. */
export async function enter(): Promise<void> {
  try {
    const who = await withCounts(getMe);
    session.set({ status: 'in', me: who });
    await openVault(who.id, keyRing);
    void keepSeen('/me', who);
    await loadCompanies();
  } catch (error) {
    const gone = error instanceof Problem && error.status === 401;
    if (gone) await forget();
    session.set({ status: gone ? 'out' : 'unreachable' });
  }
}

/** Logs in, at the login or over the page of an expired session: then what was begun goes on, if it is the same user. */
export async function signInAs(email: string, password: string): Promise<void> {
  const before = me()?.id;
  await signIn(email, password);
  const who = await withCounts(getMe);
  const isOther = before !== undefined && before !== who.id;
  // What the user before has seen goes, unless it is the same user.
  if (isOther || before === undefined) forgetSeen();
  await openVault(who.id, keyRing, password);
  void keepSeen('/me', who);
  // All that the page holds belongs to the user before.
  if (isOther) return location.assign('/');
  session.set({ status: 'in', me: who });
  endWait(true);
  await loadCompanies();
}

/** Keeps what is being written, forgets the session, and ends it on the server in the background. */
export async function leave(): Promise<void> {
  await signOut().catch(() => undefined);
  await forget();
  session.set({ status: 'out' });
  endWait(false);
}

/** Drafts stay, sealed; what was seen goes. */
async function forget(): Promise<void> {
  await closeVault(keyRing);
  forgetSeen();
}

/** Companies only give names for ids: without them the rest still works, and loaded ones stay. */
export async function loadCompanies(): Promise<void> {
  const reader = me()?.id;
  try {
    const found = await readCompanies();
    // The answer may arrive after another user has logged in.
    if (me()?.id !== reader) return;
    companies.set(found);
    companiesRead.set('ready');
  } catch {
    if (me()?.id === reader && companiesRead.get() !== 'ready') companiesRead.set('failed');
  }
}

async function readCompanies(): Promise<Company[]> {
  const found: Company[] = [];
  let after: string | undefined;
  for (let page = 0; page < COMPANY_PAGES_MAX; page++) {
    const answer = await getCompanies({ after, limit: 200 });
    found.push(...answer.data);
    if (!answer.next) break;
    after = answer.next;
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** Another user has other companies. */
session.watch(({ status }) => {
  if (status !== 'out') return;
  companies.set([]);
  companiesRead.set('loading');
});

/** Also removes the key of the drafts from the browser, so that the next user of this computer cannot open them. */
signedOut.addEventListener('signed-out', () => {
  const now = session.get();
  if (now.status !== 'in' || now.expired) return;
  session.set({ ...now, expired: true });
  forgetSeen();
  void keyRing.clear();
});
