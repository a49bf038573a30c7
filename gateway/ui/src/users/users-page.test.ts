/** Rules of «Usuarios»: disabled users can still be found. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { User } from '../contract';
import { companies } from '../store/session';
import type { ConfirmDialog } from '../ui/confirm-dialog';
import './users-page';
import { NO_LIMITS } from '../companies/limits';
import type { UsersPage } from './users-page';

const user = (id: string, name: string, active: boolean): User => ({
  id,
  name,
  email: `${id}@demo.test`,
  phone: null,
  roles: ['operator'],
  companies: [],
  active,
});
let users: User[];
let asked: string[];
let page: UsersPage;

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

/** As the server does: those who may not log in come only when they are asked for. */
async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  asked.push(`${request.method} ${pathname}?${searchParams}`);
  if (request.method === 'GET') {
    const all = searchParams.get('active') === 'all';
    return json(200, { data: users.filter((one) => all || one.active), next: null });
  }
  const { active } = (await request.json()) as { active: boolean };
  users = users.map((one) => (pathname.endsWith(one.id) ? { ...one, active } : one));
  return json(200, { position: 9 });
}
const row = (name: string) =>
  [...page.renderRoot.querySelectorAll('tbody tr')].find((one) => one.textContent?.includes(name))?.textContent ?? '';
const press = (label: string) => page.renderRoot.querySelector<HTMLElement>(`button[aria-label="${label}"]`)?.click();

/** Answers what is asked before, and gives how it was put. */
async function answered(label: string): Promise<string> {
  await vi.waitFor(() => expect(document.querySelector('confirm-dialog')).not.toBeNull());
  const dialog = document.querySelector('confirm-dialog') as ConfirmDialog;
  await dialog.updateComplete;
  const text = dialog.renderRoot.textContent ?? '';
  [...dialog.renderRoot.querySelectorAll('button')].find((one) => one.textContent?.trim() === label)?.click();
  return text;
}

beforeEach(async () => {
  users = [{ ...user('u1', 'Ana', true), companies: ['c1'] }, user('u2', 'Luis', false)];
  companies.set([]);
  asked = [];
  vi.stubGlobal('fetch', answer);
  page = document.createElement('users-page') as UsersPage;
  document.body.append(page);
  await vi.waitFor(() => expect(row('Ana')).not.toBe(''));
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
});

describe('a user who may not log in', () => {
  it('is in the list, marked, and can be let in again', async () => {
    expect(asked[0]).toBe('GET /api/v1/users?active=all');
    expect(row('Luis')).toContain('Inactivo');
    press('Activar: Luis');
    await vi.waitFor(() => expect(users[1]?.active).toBe(true));
    await vi.waitFor(() => expect(row('Luis')).not.toContain('Inactivo'));
  });
  it('is shut out only once that is meant, and stays in the list', async () => {
    press('Desactivar: Ana');
    await answered('Cancelar');
    expect(users[0]?.active).toBe(true);
    press('Desactivar: Ana');
    expect(await answered('Desactivar')).toContain('llaves de API');
    await vi.waitFor(() => expect(users[0]?.active).toBe(false));
    expect(row('Ana')).toContain('Inactivo');
  });
});

it('companies are named once their names are known', async () => {
  expect(row('Ana')).toContain('—');
  companies.set([
    {
      id: 'c1',
      name: 'Vigía',
      country: 'CO',
      time_zone: 'America/Bogota',
      logo_url: null,
      columns: [],
      limits: NO_LIMITS,
    },
  ]);
  await vi.waitFor(() => expect(row('Ana')).toContain('Vigía'));
});
