/** Users, roles and companies that a message can go to, read once and kept while the page is open. */
import { getUsers } from '../api';
import type { Role, User } from '../contract';
import { list, t } from '../i18n';
import { companies, companyName } from '../store/session';
import { Store } from '../store/store';
import type { Choice, Directory } from './recipients';

/** 200 users a page: a directory beyond this is searched by the server while typing. */
const PAGES_MAX = 5;
const ROLES: Role[] = ['operator', 'notifier', 'auditor', 'admin'];

export const directory = new Store<Directory>({ users: [], companies: [], complete: false });

export async function loadDirectory(): Promise<void> {
  directory.set({ ...(await readUsers()), companies: companies.get() });
}

/** Ordered by name: users who may log in, or users who no longer may. */
export async function readUsers(active: 'true' | 'false' = 'true'): Promise<Pick<Directory, 'users' | 'complete'>> {
  const users: User[] = [];
  let after: string | undefined;
  let complete = false;
  for (let page = 0; page < PAGES_MAX && !complete; page++) {
    const answer = await getUsers({ active, after, limit: 200 });
    users.push(...answer.data);
    after = answer.next ?? undefined;
    complete = !after;
  }
  return { users: sorted(users), complete };
}

/** Users beyond the loaded pages are found by the server, by name. */
export async function searchDirectory(q: string): Promise<void> {
  const now = directory.get();
  if (now.complete || q.length < 2) return;
  const answer = await getUsers({ q, limit: 20 });
  const known = new Set(now.users.map((user) => user.id));
  const fresh = answer.data.filter((user) => !known.has(user.id));
  if (fresh.length > 0) directory.set({ ...now, users: sorted([...now.users, ...fresh]) });
}

export function choicesOf(now: Directory): Choice[] {
  return [
    ...now.users.filter((user) => user.active).map(userChoice),
    ...ROLES.map(
      (role): Choice => ({ kind: 'role', id: role, label: t(`role.${role}.all`), detail: t('recipients.role') }),
    ),
    ...now.companies.map(
      (company): Choice => ({
        kind: 'company',
        id: company.id,
        label: t('recipients.company', { company: company.name }),
        detail: t('recipients.company_detail'),
      }),
    ),
  ];
}

export function userChoice(user: User): Choice {
  const roles = list(user.roles.map((role) => t(`role.${role}`)));
  const where = user.companies.length === 1 ? companyName(user.companies[0]) : '';
  return {
    kind: 'user',
    id: user.id,
    label: user.name,
    detail: [roles, where].filter((x) => x && x !== '—').join(' · '),
  };
}

const sorted = (users: User[]) => [...users].sort((a, b) => a.name.localeCompare(b.name));
