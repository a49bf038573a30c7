/** Rules of «En duda». */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { session } from '../store/session';
import './doubts-page';
import type { DoubtsPage } from './doubts-page';

const doubted = {
  id: 'd1',
  notification_id: 'n1',
  company_id: 'c1',
  client: { id: 'k1', name: 'Marta Niño' },
  contact: null,
  contact_kind: 'holder',
  channel: 'sms',
  to: '+573001230004',
  state: 'in_doubt',
  discarded: false,
  generation: 1,
  attempts: [{ at: '2026-11-30T12:00:00Z', outcome: 'in_doubt', provider: 'uno' }],
  notification: {
    id: 'n1',
    title: 'Corte de luz',
    company: { id: 'c1', name: 'Vigía' },
    channel: 'sms',
    created_at: '2026-11-30T12:00:00Z',
  },
};

let listed: unknown[];
let asked: string[];
let page: DoubtsPage;

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  [listed, asked] = [[doubted], []];
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    asked.push(`${request.method} ${pathname}${search}`);
    return Response.json(pathname.endsWith('/d1') ? { ...doubted, content: null } : { data: listed, next: null });
  });
  const me = {
    id: 'u1',
    name: 'Nora',
    email: null,
    roles: ['notifier'],
    companies: ['c1'],
    counts: {},
    simulator: false,
  };
  session.set({ status: 'in', me: me as never });
  page = document.createElement('doubts-page') as DoubtsPage;
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelector('tbody tr')).toBeTruthy());
});
afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

it('lists what is in doubt over all notifications', () => {
  expect(asked).toEqual(['GET /api/v1/deliveries?state=in_doubt']);
  expect(page.renderRoot.querySelector('tbody')?.textContent).toContain('Marta Niño');
});

it('opens the form that ends a doubt, and looks again when it is closed', async () => {
  page.renderRoot.querySelector<HTMLButtonElement>('tbody button')?.click();
  await vi.waitFor(() => {
    const dialog = page.renderRoot.querySelector('delivery-dialog');
    expect(dialog?.shadowRoot?.querySelector('doubt-form')).toBeTruthy();
  });
  listed = [];
  page.renderRoot.querySelector('delivery-dialog')?.dispatchEvent(new CustomEvent('dialog-closed'));
  await vi.waitFor(() =>
    expect(page.renderRoot.querySelector('empty-state')?.getAttribute('heading')).toBe('Nada está en duda'),
  );
});
