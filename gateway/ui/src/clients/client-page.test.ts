/** Rules of one client's page: what stands on each address, what was sent, and what a client without data shows. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate, place } from '../app/router';
import { NO_LIMITS } from '../companies/limits';
import type { Client, Role } from '../contract';
import { companies, session } from '../store/session';
import './client-page';
import type { ClientPage } from './client-page';

const marta: Client = {
  id: 'k1',
  company_id: 'c1',
  name: 'Marta Niño',
  external_id: 'C-0001',
  contacts: [
    { kind: 'holder', name: 'Marta Niño', phone: '+573001112233', email: 'marta@a.test' },
    { kind: 'emergency_contact', name: 'Luis Niño', phone: '+573001112233', email: null },
  ],
  locale: 'pt-BR',
  columns: { saldo_vencido: '$ 120.000' },
};
const optOut = {
  id: 's1',
  company_id: 'c1',
  channel: 'email',
  address: 'marta@a.test',
  reason: 'opt_out',
  note: null,
  author: null,
  added_at: '2026-11-30T12:00:00Z',
};
const sent = {
  id: 'd1',
  notification_id: 'n1',
  company_id: 'c1',
  client: { id: 'k1', name: 'Marta Niño' },
  contact: null,
  channel: 'sms',
  to: '+573001112233',
  state: 'failed',
  discarded: false,
  attempts: [{ at: '2026-11-30T12:00:00Z', outcome: 'failed', class: 'permanent_address', provider: 'uno', code: '1' }],
  notification: {
    id: 'n1',
    title: 'Corte de luz',
    company: { id: 'c1', name: 'Vigía' },
    channel: 'sms',
    created_at: '2026-11-30T12:00:00Z',
  },
};

let page: ClientPage;
let asked: string[];
let answers: Record<string, (url: URL) => Response>;

function signIn(...roles: Role[]): void {
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = { id: 'u1', name: 'Eva', email: '', roles, companies: [], counts, simulator: false };
  session.set({ status: 'in', me });
}
async function open(): Promise<void> {
  page = document.createElement('client-page') as ClientPage;
  page.client = 'k1';
  document.body.append(page);
  await page.updateComplete;
  await vi.waitFor(() => expect(page.renderRoot.querySelector('loading-rows')).toBeNull());
}
const root = (tag: string) => page.renderRoot.querySelector(tag)?.shadowRoot;
const labels = (within: ParentNode | null | undefined) =>
  [...(within?.querySelectorAll('button') ?? [])].map((one) => one.getAttribute('aria-label'));
const problem = (status: number) => Response.json({ status, title: 'No' }, { status });
const page1 = (...data: unknown[]) => Response.json({ data, next: null });

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  signIn('notifier');
  companies.set([
    {
      id: 'c1',
      name: 'Vigía Andina',
      country: 'CO',
      time_zone: 'America/Bogota',
      logo_url: null,
      columns: [],
      limits: NO_LIMITS,
    },
  ]);
  asked = [];
  answers = {
    '/clients/k1': () => Response.json(marta),
    '/deliveries': () => page1(sent),
    '/suppressions': ({ searchParams }) => (searchParams.get('address') === optOut.address ? page1(optOut) : page1()),
  };
  vi.stubGlobal('fetch', async (request: Request) => {
    const url = new URL(request.url);
    const path = url.pathname.replace('/api/v1', '');
    asked.push(`${request.method} ${path}${url.search}`);
    if (request.method === 'DELETE') return Response.json({ position: 9 });
    return answers[path]?.(url) ?? problem(500);
  });
});
afterEach(() => {
  page.remove();
  companies.set([]);
  navigate('/');
  vi.unstubAllGlobals();
});

describe('the page of a client', () => {
  it('says who it is, and asks once about each address', async () => {
    await open();
    expect(page.renderRoot.querySelector('h1')?.textContent).toBe('Marta Niño');
    expect(page.renderRoot.querySelector('.lead p')?.textContent).toBe('Vigía Andina · C-0001 · portugués de Brasil');
    expect(page.renderRoot.querySelector('.own')?.textContent).toMatch(/saldo_vencido\s*\$ 120\.000/);
    expect(asked.filter((one) => one.includes('/suppressions'))).toEqual([
      'GET /suppressions?company=c1&address=%2B573001112233',
      'GET /suppressions?company=c1&address=marta%40a.test',
    ]);
    await vi.waitFor(() => expect(root('client-contacts')?.textContent).toContain('Excluido: Pidió la baja'));
    const rows = [...(root('client-contacts')?.querySelectorAll('.address') ?? [])].map((one) => one.textContent);
    expect(rows.map((text) => text?.includes('Excluido'))).toEqual([false, true, false]);
  });

  it('lifts an exclusion, and reads again what stands on the addresses', async () => {
    await open();
    await vi.waitFor(() => expect(root('client-contacts')?.querySelector('.pill.danger')).not.toBeNull());
    root('client-contacts')?.querySelector<HTMLElement>('.address button')?.click();
    await vi.waitFor(() => expect(root('client-contacts')?.querySelector('lift-dialog')).not.toBeNull());
    const dialog = root('client-contacts')?.querySelector('lift-dialog')?.shadowRoot;
    await vi.waitFor(() => expect(dialog?.querySelector('textarea')).not.toBeNull());
    const reason = dialog?.querySelector('textarea') as HTMLTextAreaElement;
    reason.value = 'Lo pidió por teléfono';
    reason.dispatchEvent(new Event('input'));
    answers['/suppressions'] = () => page1();
    dialog?.querySelector('form')?.requestSubmit();
    await vi.waitFor(() => expect(root('client-contacts')?.querySelector('.pill.danger')).toBeNull());
    expect(asked).toContain('DELETE /suppressions/s1');
  });

  it('lists everything that was sent to the client, by notification, with the actions of «Envíos»', async () => {
    await open();
    expect(asked).toContain('GET /deliveries?client=k1');
    const table = root('deliveries-table');
    await vi.waitFor(() => expect(table?.querySelectorAll('tbody tr')).toHaveLength(1));
    expect(table?.querySelector('td.lead')?.textContent).toMatch(/Corte de luz\s*SMS/);
    expect(labels(table)).toContain('Reintentar el envío a Marta Niño');
  });

  it('is only to read for auditors', async () => {
    signIn('auditor');
    await open();
    await vi.waitFor(() => expect(root('client-contacts')?.querySelector('.pill.danger')).not.toBeNull());
    const all = [page.renderRoot, root('client-contacts'), root('deliveries-table')].flatMap(labels);
    expect(all.filter((label) => /Editar|Borrar|Levantar|Reintentar|Descartar/.test(label ?? ''))).toEqual([]);
    expect(page.renderRoot.querySelector('a[href="/auditoria?asunto=k1"]')).not.toBeNull();
  });

  it('goes to the clients of the company once the client is erased', async () => {
    await open();
    page.renderRoot.querySelector<HTMLElement>('[aria-label="Borrar a Marta Niño"]')?.click();
    const dialog = () => document.querySelector('confirm-dialog')?.shadowRoot;
    await vi.waitFor(() => expect(dialog()?.textContent).toContain('¿Borrar a Marta Niño?'));
    dialog()?.querySelector<HTMLElement>('.button.danger')?.click();
    await vi.waitFor(() => expect(`${place.get().path}?${place.get().query}`).toBe('/clientes?empresa=c1'));
    expect(asked).toContain('DELETE /clients/k1');
  });
});

describe('without an answer', () => {
  const heading = () => page.renderRoot.querySelector('empty-state')?.getAttribute('heading');

  it('an erased client shows no list, and the way back', async () => {
    answers['/clients/k1'] = () => problem(404);
    await open();
    expect(heading()).toBe('Persona borrada');
    expect(page.renderRoot.querySelector('.back')?.getAttribute('href')).toBe('/clientes');
  });

  it('a client that cannot be read is read again when one asks', async () => {
    answers['/clients/k1'] = () => problem(503);
    await open();
    expect(heading()).toBe('No se pudo ver el cliente');
    answers['/clients/k1'] = () => Response.json(marta);
    page.renderRoot.querySelector<HTMLElement>('empty-state button')?.click();
    await vi.waitFor(() => expect(page.renderRoot.querySelector('h1')?.textContent).toBe('Marta Niño'));
  });

  it('exclusions that cannot be read do not hide the contacts', async () => {
    answers['/suppressions'] = () => problem(503);
    await open();
    await vi.waitFor(() => expect(root('client-contacts')?.querySelector('[role="alert"]')).not.toBeNull());
    expect(root('client-contacts')?.textContent).toContain('+573001112233');
    answers['/suppressions'] = () => page1(optOut);
    root('client-contacts')?.querySelector<HTMLElement>('[role="alert"] button')?.click();
    await vi.waitFor(() => expect(root('client-contacts')?.querySelector('.pill.danger')).not.toBeNull());
    expect(root('client-contacts')?.querySelector('[role="alert"]')).toBeNull();
  });

  it('a client to whom nothing was sent says so', async () => {
    answers['/deliveries'] = () => page1();
    await open();
    await vi.waitFor(() => expect(heading()).toBe('Todavía no se le ha enviado nada'));
  });
});
