/** Rules of the list of suppressed addresses. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { session } from '../store/session';
import './suppressions-page';
import type { SuppressionsPage } from './suppressions-page';

const row = (id: string, address: string | null) => ({
  id,
  company_id: 'c1',
  channel: 'sms',
  address,
  reason: 'opt_out',
  note: null,
  author: null,
  added_at: '2026-11-30T12:00:00Z',
});

function signIn(...roles: string[]): void {
  const me = { id: 'u1', name: 'Nora', email: null, roles, companies: ['c1'], counts: {}, simulator: false };
  session.set({ status: 'in', me: me as never });
}

async function shown(): Promise<SuppressionsPage> {
  vi.stubGlobal('fetch', async () =>
    Response.json({ data: [row('s1', '+573001234567'), row('s2', null)], next: null }),
  );
  const page = document.createElement('suppressions-page') as SuppressionsPage;
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('tbody tr')).toHaveLength(2));
  return page;
}

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe('the list of suppressed addresses', () => {
  it('shows the address and why, and says so when the person is erased', async () => {
    signIn('notifier');
    const rows = [...(await shown()).renderRoot.querySelectorAll('tbody tr')].map((one) => one.textContent ?? '');
    expect(rows[0]).toContain('+573001234567');
    expect(rows[0]).toContain('Pidió la baja');
    expect(rows[1]).toContain('Persona borrada');
  });
  it('finds an address, says that it is not there, and what is wrong with it', async () => {
    signIn('notifier');
    const page = await shown();
    const asked: string[] = [];
    let answer = () => Response.json({ data: [], next: null });
    vi.stubGlobal('fetch', async (request: Request) => {
      asked.push(new URL(request.url).searchParams.get('address') ?? '');
      return answer();
    });
    const find = (address: string) => {
      const field = page.renderRoot.querySelector('#address') as HTMLInputElement;
      field.value = address;
      field.dispatchEvent(new Event('input'));
      page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    };
    find(' 300 999 0000 ');
    const heading = () => page.renderRoot.querySelector('empty-state')?.getAttribute('heading');
    await vi.waitFor(() => expect(heading()).toBe('Esa dirección no está excluida'));
    const errors = [{ pointer: '/address', code: 'invalid_phone', detail: 'Le faltan cifras.' }];
    answer = () => Response.json({ title: 'Datos incorrectos', status: 400, errors }, { status: 400 });
    find('12');
    await vi.waitFor(() =>
      expect(page.renderRoot.querySelector('#address-error')?.textContent).toContain('Le faltan cifras.'),
    );
    expect(asked).toEqual(['300 999 0000', '12']);
  });
  it('lets only notifiers add and lift', async () => {
    signIn('auditor');
    const buttons = [...(await shown()).renderRoot.querySelectorAll('button')].map((one) => one.textContent?.trim());
    expect(buttons).toEqual(['Buscar']);
  });
});
