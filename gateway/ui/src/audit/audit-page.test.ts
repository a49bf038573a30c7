/** Rules of «Auditoría»: every row leads to its subject, and the filters miss no user and no hour. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate } from '../app/router';
import type { AuditEntry, Client, Company, Delivery, User } from '../contract';
import { companies } from '../store/session';
import './audit-page';
import type { AuditPage } from './audit-page';

const entry = (position: number, type: string, subject: AuditEntry['subject'], summary = {}): AuditEntry => ({
  position,
  at: '2026-11-25T14:00:00Z',
  actor: null,
  type,
  subject,
  company_id: 'c1',
  channel: null,
  result: 'done',
  summary,
});
const DELIVERY_ID = '01a216e6-605a-8317-8d10-a1aaf30c0007';
const delivery: Delivery = {
  id: DELIVERY_ID,
  notification_id: 'n1',
  company_id: 'c1',
  client: { id: 'k1', name: 'Marta Niño' },
  contact: 'Marta Niño',
  to: '+573001112233',
  state: 'failed',
  discarded: false,
  attempts: [],
};
const erased = { ...delivery, client: { id: 'k1', name: null }, contact: null, to: null };
const client: Client = {
  id: 'k1',
  columns: {},
  company_id: 'c1',
  external_id: 'C-0001',
  name: 'Marta Niño',
  contacts: [{ kind: 'emergency_contact', name: 'Luis Niño', phone: null, email: null }],
};
const CLIENT_ID = '01a216e6-605a-7317-bd10-a1aaf30c6d7b';
const row = { user: { id: 'u2', name: 'Luis' }, seen_at: null, read_at: '2026-11-25T14:00:00Z', acknowledged_at: null };

const gone: User = {
  id: 'u9',
  name: 'Marta',
  email: null,
  phone: null,
  roles: ['notifier'],
  companies: [],
  active: false,
};

let entries: AuditEntry[];
let asked: URLSearchParams[];
let found: unknown;
let page: AuditPage;

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname.endsWith('/audit')) asked.push(searchParams);
  if (pathname.endsWith(`/clients/${CLIENT_ID}`)) return found ? json(found) : json({ status: 404, title: 'No' }, 404);
  if (pathname.endsWith('/users'))
    return json({ data: searchParams.get('active') === 'false' ? [gone] : [], next: null });
  if (pathname.endsWith(`/deliveries/${DELIVERY_ID}`)) return json(found);
  if (pathname.endsWith('/messages/m1/receipts')) return json({ data: [row], next: null });
  return json({ data: pathname.endsWith('/audit') ? entries : [], next: null });
}
const press = (label: string) =>
  [...page.renderRoot.querySelectorAll('button')].find((one) => one.textContent?.trim() === label)?.click();
/** Opens the page anew, at an address. */
async function open(address: string): Promise<void> {
  page.remove();
  asked = [];
  navigate(address);
  page = document.createElement('audit-page') as AuditPage;
  document.body.append(page);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
}
function type(name: string, value: string): void {
  const field = page.renderRoot.querySelector<HTMLInputElement>(`input[name="${name}"]`);
  if (!field) throw new Error('no such field');
  field.value = value;
  field.dispatchEvent(new InputEvent('input'));
}
const filters = (query = asked.at(-1)) => [...(query ?? [])].filter(([, value]) => value);
const root = (dialog: string) => page.renderRoot.querySelector(dialog)?.shadowRoot;

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  entries = [
    entry(3, 'OutcomesRecorded', { type: 'notification', id: 'n1' }, { outcomes: [{ outcome: 'failed', n: 1 }] }),
    entry(2, 'MessageRead', { type: 'message', id: 'm1' }),
    entry(1, 'CompanyRegistered', { type: 'company', id: 'c1' }),
  ];
  found = delivery;
  asked = [];
  companies.set([{ id: 'c1', name: 'Vigía Andina' } as Company]);
  vi.stubGlobal('fetch', answer);
  page = document.createElement('audit-page') as AuditPage;
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('tbody tr')).toHaveLength(3));
});
afterEach(() => {
  page.remove();
  navigate('/');
  companies.set([]);
  vi.unstubAllGlobals();
});

it('shows deeds, with no glance and no outcome of a delivery, unless more is asked for', async () => {
  const box = () => page.renderRoot.querySelector<HTMLInputElement>('input[name="all"]');
  expect(filters()).toEqual([['hide', 'receipts']]);
  expect(box()?.checked).toBe(false);
  box()?.click();
  await vi.waitFor(() => expect(filters()).toEqual([]));
  expect(location.search).toBe('?todo=1');
  await open('/auditoria?todo=1');
  expect([filters(), box()?.checked]).toEqual([[], true]);
  box()?.click();
  await vi.waitFor(() => expect(filters()).toEqual([['hide', 'receipts']]));
});

it('who asks for a type or for one subject is shown all of it', async () => {
  await open('/auditoria?tipo=MessageSeen');
  expect(filters()).toEqual([['type', 'MessageSeen']]);
  await open(`/auditoria?asunto=${CLIENT_ID}`);
  expect(filters()).toEqual([['subject', CLIENT_ID]]);
});

describe('the outcomes of deliveries', () => {
  it('lead to their notification', () => {
    const links = [...page.renderRoot.querySelectorAll('tbody a')].map((one) => one.getAttribute('href'));
    expect(links).toEqual(['/notificaciones/n1']);
  });
  it('say to whom only for the delivery that is asked about', async () => {
    expect(page.renderRoot.textContent).not.toContain('Ver a quién');
    entries = entries.slice(0, 1);
    await open(`/auditoria?asunto=${DELIVERY_ID}`);
    await vi.waitFor(() => expect(page.renderRoot.textContent).toContain('Ver a quién'));
  });
});

describe('the rows of one delivery', () => {
  beforeEach(async () => {
    entries = entries.slice(0, 1);
    await open(`/auditoria?asunto=${DELIVERY_ID}`);
    await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('tbody tr')).toHaveLength(1));
  });
  it('say to whom it went, and lead to the client', async () => {
    press('Ver a quién');
    await vi.waitFor(() => expect(root('delivery-dialog')?.textContent).toContain('+573001112233'));
    expect(root('delivery-dialog')?.textContent).toContain('Marta Niño');
    const links = [...(root('delivery-dialog')?.querySelectorAll('a') ?? [])].map((one) => one.getAttribute('href'));
    expect(links).toEqual(['/notificaciones/n1', '/clientes/k1']);
  });
  it('lead to no client once the person was erased', async () => {
    found = erased;
    press('Ver a quién');
    await vi.waitFor(() => expect(root('delivery-dialog')?.textContent).toContain('Persona borrada'));
    expect(root('delivery-dialog')?.querySelectorAll('a')).toHaveLength(1);
  });
});

describe('the row of a client', () => {
  beforeEach(async () => {
    entries = [entry(1, 'ClientRegistered', { type: 'client', id: CLIENT_ID })];
    found = client;
    await open('/auditoria');
    await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('tbody tr')).toHaveLength(1));
  });
  it('says who it is, with the contacts, and leads to the client', async () => {
    press('Ver a quién');
    await vi.waitFor(() => expect(root('client-view-dialog')?.textContent).toContain('Marta Niño'));
    expect(root('client-view-dialog')?.textContent).toMatch(
      /Vigía Andina · C-0001[\s\S]*Contacto de emergencia\s*Luis Niño/,
    );
    expect(root('client-view-dialog')?.querySelector('a')?.getAttribute('href')).toBe(`/clientes/${client.id}`);
  });
  it('says that the person was erased, and leads nowhere', async () => {
    found = null;
    press('Ver a quién');
    await vi.waitFor(() =>
      expect(root('client-view-dialog')?.querySelector('empty-state')?.getAttribute('heading')).toBe('Persona borrada'),
    );
    expect(root('client-view-dialog')?.querySelector('a')).toBeNull();
  });
});

it('the rows of users and companies say their names, also those of who has left', async () => {
  entries = [
    entry(2, 'UserDisabled', { type: 'user', id: 'u9' }),
    entry(1, 'CompanyRegistered', { type: 'company', id: 'c1' }),
  ];
  press('Vigía Andina');
  await vi.waitFor(() => expect(asked.at(-1)?.get('subject')).toBe('c1'));
  await vi.waitFor(() => expect(page.renderRoot.querySelector('tbody')?.textContent).toContain('Marta'));
});

it('the row of a message shows who read it', async () => {
  press('Ver acuses');
  const readers = () => root('receipts-dialog')?.querySelector('receipts-list')?.shadowRoot?.textContent;
  await vi.waitFor(() => expect(readers()).toMatch(/Luis\s*Leído/));
  expect(root('receipts-dialog')?.querySelector('h2')?.textContent).toBe('Acuses del mensaje');
});

describe('the filters of the audit', () => {
  it('name those who have left', async () => {
    const names = () =>
      [...page.renderRoot.querySelectorAll('select[name="actor"] option')].map((one) => one.textContent);
    await vi.waitFor(() => expect(names()).toContain('Marta (Inactivo)'));
  });
  it('take a day to its end', async () => {
    type('to', '2026-11-30');
    const end = new Date('2026-12-01T00:00:00').toISOString();
    await vi.waitFor(() => expect(asked.map((one) => one.get('to'))).toContain(end));
  });
  it('take no day whose year the server cannot read, and say so', async () => {
    type('to', '9998-12-31');
    await vi.waitFor(() => expect(asked.at(-1)?.get('to')).toMatch(/^999[89]-/));
    type('to', '9999-12-31');
    await vi.waitFor(() => expect(filters()).toEqual([['hide', 'receipts']]));
    await page.updateComplete;
    expect(page.renderRoot.querySelector('#to-error')?.textContent).toBe('Elija un día entre los años 1970 y 9998.');
  });
  it.each([
    'desde=ayer&hasta=2026-02-30',
    'desde=-000001-01-01&hasta=9999-12-31',
    'desde=12026-01-01&asunto=%00',
    'autor=basura&empresa=zzz',
  ])('ask for nothing that the address says and that can be no filter: %s', async (query) => {
    await open(`/auditoria?${query}&tipo=MessageSent`);
    expect(filters()).toEqual([['type', 'MessageSent']]);
    const fields = [...page.renderRoot.querySelectorAll<HTMLInputElement>('input:not([type="checkbox"])')];
    expect(fields.map((field) => field.value)).toEqual(['', '', '']);
  });
  it('find what a row shows of an id, also after the row has left', async () => {
    entries = [entry(1, 'ClientRegistered', { type: 'client', id: CLIENT_ID })];
    await open('/auditoria');
    await vi.waitFor(() => expect(page.renderRoot.querySelector('tbody')?.textContent).toContain('a1aaf30c6d7b'));
    entries = [];
    type('subject', 'a1aaf30c6d7');
    await vi.waitFor(() => expect(page.renderRoot.querySelector('tbody')).toBeNull());
    type('subject', 'a1aaf30c6d7b');
    await vi.waitFor(() => expect(asked.at(-1)?.get('subject')).toBe(CLIENT_ID));
  });
});
