/** Rules of «Envíos». */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { place } from '../app/router';
import { session } from '../store/session';
import { toasts } from '../store/toasts';
import './deliveries-page';
import type { DeliveriesPage } from './deliveries-page';
import { addressOf, filtersInAddress, requested } from './filters';

const row = (id: string, state: string, discarded = false) => ({
  id,
  notification_id: 'n1',
  company_id: 'c1',
  client: { id: 'k1', name: `Cliente ${id}` },
  contact: null,
  contact_kind: 'holder',
  channel: 'sms',
  to: '+573001230001',
  state,
  discarded,
  generation: 1,
  attempts: [
    { at: '2026-11-30T12:00:00Z', outcome: state, class: 'permanent_address', provider: 'uno', code: '21211' },
  ],
  notification: {
    id: 'n1',
    title: 'Corte de luz',
    company: { id: 'c1', name: 'Vigía' },
    channel: 'sms',
    created_at: '2026-11-30T12:00:00Z',
  },
});

function signIn(...roles: string[]): void {
  const me = { id: 'u1', name: 'Nora', email: null, roles, companies: ['c1'], counts: {}, simulator: false };
  session.set({ status: 'in', me: me as never });
}

let asked: string[] = [];

function serve(answer: (url: URL) => unknown): void {
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(`${request.method} ${request.url} ${await request.clone().text()}`);
    return Response.json(answer(new URL(request.url)));
  });
}

async function shown(query = ''): Promise<DeliveriesPage> {
  place.set({ path: '/envios', query: new URLSearchParams(query) });
  const page = document.createElement('deliveries-page') as DeliveriesPage;
  document.body.append(page);
  await vi.waitFor(() => expect(table(page)?.querySelector('tbody tr')).toBeTruthy());
  return page;
}

const table = (page: DeliveriesPage) => page.renderRoot.querySelector('deliveries-table')?.shadowRoot;
const buttons = (page: DeliveriesPage) =>
  [page.renderRoot, table(page)]
    .flatMap((root) => [...(root?.querySelectorAll('button') ?? [])])
    .map((one) => one.getAttribute('aria-label') ?? one.textContent?.trim() ?? '');

beforeEach(() => {
  serve(() => ({ data: [row('d1', 'failed'), row('d2', 'accepted'), row('d3', 'failed', true)], next: null }));
});
afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe('the list of deliveries', () => {
  it('says the cause in words and offers to retry and discard what failed', async () => {
    signIn('notifier');
    const page = await shown();
    const labels = (row: Element) =>
      [...row.querySelectorAll('[aria-label]')].map((one) => one.getAttribute('aria-label'));
    const rows = [...(table(page)?.querySelectorAll('tbody tr') ?? [])].map(
      (one) => `${one.textContent} ${labels(one)}`,
    );
    expect(rows[0]).toContain('La dirección o el número no existe');
    expect(rows[0]).toMatch(/Reintentar[\s\S]*Descartar/);
    expect(rows[1]).not.toMatch(/Reintentar|La dirección/);
    expect(rows[2]).toContain('descartado');
    expect(rows[2]).toContain('Reintentar');
    expect(rows[2]).not.toContain('Descartar');
  });

  it('lets auditors read only', async () => {
    signIn('auditor');
    expect(buttons(await shown('estado=failed')).filter((text) => /Reintentar|Descartar/.test(text))).toEqual([]);
  });

  it('asks with the filters of its address, and offers to retry all only among the failed', async () => {
    signIn('notifier');
    const page = await shown('estado=failed&causa=expired&direccion=%2B573001230001');
    expect(asked[0]).toContain('state=failed');
    expect(asked[0]).toContain('class=expired');
    expect(asked[0]).toContain('to=%2B573001230001');
    expect(buttons(page)).toContain('Reintentar los de la lista');
    page.remove();
    expect(buttons(await shown('estado=accepted'))).not.toContain('Reintentar los de la lista');
  });

  it('retries page after page, each place once', async () => {
    signIn('notifier');
    const page = await shown('estado=failed');
    serve((url) => {
      if (url.pathname.endsWith('/count')) return { count: 3, complete: true };
      if (!url.pathname.endsWith('/retry')) return { data: [], next: null };
      const isFirst = asked.filter((one) => one.includes('/retry')).length === 1;
      return { retried: isFirst ? 2 : 1, refused: [], next: isFirst ? 'después' : null, position: 9 };
    });
    [...page.renderRoot.querySelectorAll('button')].find((one) => one.textContent?.includes('de la lista'))?.click();
    await vi.waitFor(() => expect(page.renderRoot.querySelector('retry-many-dialog')).toBeTruthy());
    const dialog = page.renderRoot.querySelector('retry-many-dialog') as HTMLElement & { renderRoot: ShadowRoot };
    await vi.waitFor(() => expect(dialog.renderRoot.querySelector('textarea')).toBeTruthy());
    const reason = dialog.renderRoot.querySelector('textarea') as HTMLTextAreaElement;
    reason.value = 'El proveedor estuvo caído';
    reason.dispatchEvent(new Event('input'));
    dialog.renderRoot.querySelector('form')?.requestSubmit();
    await vi.waitFor(() => expect(page.renderRoot.querySelector('retry-many-dialog')).toBeNull());
    // A toast would cover the actions of the last rows.
    await vi.waitFor(() =>
      expect(page.renderRoot.querySelector('[role="status"]')?.textContent).toBe('3 envíos en camino'),
    );
    expect(toasts.get()).toEqual([]);
    const sent = asked.filter((one) => one.includes('/deliveries/retry'));
    expect(sent).toHaveLength(2);
    expect(sent[0]).not.toContain('después');
    expect(sent[1]).toContain('"after":"después"');
  });
});

describe('the filters', () => {
  it('survive in the address, and what nobody understands is left out', () => {
    const at = (query: string) => place.set({ path: '/envios', query: new URLSearchParams(query) });
    at('estado=discarded&empresa=x&desde=2026-11-30&causa=otra');
    const filters = filtersInAddress();
    expect([filters.state, filters.company, filters.class]).toEqual(['discarded', '', '']);
    expect(addressOf(filters).desde).toBe('2026-11-30');
    const wanted = requested(filters);
    expect(wanted.discarded).toBe(true);
    expect(wanted).not.toHaveProperty('state');
    expect(wanted.from).toMatch(/Z$/);
  });
});
