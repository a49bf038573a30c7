/** Rules of «Clientes» where there is no company to show: it says why, and what can be done. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate } from '../app/router';
import type { Client, Company, Role } from '../contract';
import { companies, companiesRead, session } from '../store/session';
import './clients-page';
import { NO_LIMITS } from '../companies/limits';
import type { ClientsPage } from './clients-page';

const OURS = '0192a000-0000-7000-8000-000000000001';
const THEIRS = '0192a000-0000-7000-8000-000000000009';
const ana: Client = { id: 'k1', company_id: OURS, external_id: 'C-1', name: 'Ana', contacts: [] };
const vigia: Company = {
  id: OURS,
  name: 'Vigía Andina',
  country: 'CO',
  time_zone: 'America/Bogota',
  limits: NO_LIMITS,
};

let page: ClientsPage;
let asked: string[];

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

function signIn(...roles: Role[]): void {
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = { id: 'u1', name: 'Eva', email: '', roles, companies: [], counts, simulator: false };
  session.set({ status: 'in', me });
}
async function open(address: string): Promise<void> {
  navigate(address);
  page = document.createElement('clients-page') as ClientsPage;
  document.body.append(page);
  await page.updateComplete;
}
const empty = (root: ParentNode | null | undefined = page.renderRoot) =>
  root?.querySelector('empty-state')?.getAttribute('heading');
const none = () => page.renderRoot.querySelector('no-companies')?.shadowRoot;

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  signIn('notifier');
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (pathname.includes(THEIRS)) return json(404, { status: 404, title: 'No existe' });
    if (request.method === 'POST') return json(201, { id: OURS, position: 1 });
    return json(200, { data: pathname.endsWith('/companies') ? [vigia] : [ana], next: null });
  });
});
afterEach(() => {
  page.remove();
  navigate('/');
  companies.set([]);
  companiesRead.set('loading');
  vi.unstubAllGlobals();
});

describe('an address', () => {
  beforeEach(() => companies.set([vigia]));
  it('that names what can be no company shows the first one', async () => {
    await open('/clientes?empresa=zzz&q=%00');
    await vi.waitFor(() => expect(page.renderRoot.querySelector('tbody')?.textContent).toContain('Ana'));
    expect(asked).toEqual([`/api/v1/companies/${OURS}/clients`]);
  });
  it('that names a company of others says to choose one, and offers no retry', async () => {
    await open(`/clientes?empresa=${THEIRS}`);
    await vi.waitFor(() => expect(empty()).toBe('Esa empresa no está a su alcance'));
    expect(page.renderRoot.querySelector('empty-state button')).toBeNull();
    const chosen = page.renderRoot.querySelector<HTMLSelectElement>('#company');
    expect(chosen?.selectedOptions[0]?.textContent).toBe('Elija una empresa');
  });
});

describe('where there is no company', () => {
  it('nothing is said before the answer has come', async () => {
    await open('/clientes');
    expect(empty(none())).toBeUndefined();
    expect(none()?.querySelector('loading-rows')).not.toBeNull();
  });
  it('a worker learns whom to ask', async () => {
    companiesRead.set('ready');
    await open('/clientes');
    expect(empty(none())).toBe('No hay empresas a su alcance');
    expect(none()?.querySelector('button')).toBeNull();
  });
  it('an administrator makes the first one on the spot, and goes on with it', async () => {
    signIn('admin');
    companiesRead.set('ready');
    await open('/clientes');
    expect(empty(none())).toBe('Todavía no hay empresas');
    none()?.querySelector('button')?.click();
    await vi.waitFor(() => expect(none()?.querySelector('company-dialog')).not.toBeNull());
    none()?.querySelector('company-dialog')?.dispatchEvent(new CustomEvent('saved'));
    await vi.waitFor(() => expect(page.renderRoot.querySelector('tbody')?.textContent).toContain('Ana'));
  });
});
