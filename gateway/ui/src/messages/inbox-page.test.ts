/** Rules of the filters of «Listado de Mensajes»: they are those of the address. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate } from '../app/router';
import { setCounts } from '../store/counts';
import type { ConfirmDialog } from '../ui/confirm-dialog';
import './inbox-page';
import type { InboxPage } from './inbox-page';
import { inboxItem } from './samples';

const item = inboxItem();
let asked: string[];
let written: string[];
let status: number;
let page: InboxPage;

async function open(address: string): Promise<void> {
  navigate(address);
  page = document.createElement('inbox-page') as InboxPage;
  document.body.append(page);
  await vi.waitFor(() => expect(rows()).toBe(1));
}
const chosen = () => page.renderRoot.querySelector('[aria-pressed="true"]')?.textContent;
const rows = () => page.renderRoot.querySelectorAll('inbox-row').length;
const press = (label: string) =>
  [...page.renderRoot.querySelectorAll('button')].find((one) => one.textContent?.trim() === label);

beforeEach(() => {
  asked = [];
  written = [];
  status = 200;
  const counts = { unseen: 1, unread: 1, total: 1 };
  setCounts(counts);
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'POST') written.push(new URL(request.url).pathname);
    asked.push(new URL(request.url).search);
    const body = status === 200 ? { data: [item], next: null, counts } : { status, title: 'no', detail: 'No se pudo.' };
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  page.remove();
  navigate('/');
  vi.unstubAllGlobals();
});

describe('the filters', () => {
  it('follow the address while the page is open', async () => {
    await open('/mensajes');
    navigate('/mensajes?estado=unread&q=llaves');
    await vi.waitFor(() => expect(asked.at(-1)).toBe('?state=unread&q=llaves'));
    expect(chosen()).toBe('No leídos');
  });
  it('stay when a message is opened', async () => {
    await open('/mensajes');
    const link = () => page.renderRoot.querySelector('inbox-row')?.shadowRoot?.querySelector('a')?.getAttribute('href');
    press('No leídos')?.click();
    await vi.waitFor(() => expect(link()).toBe('/mensajes/m1?estado=unread'));
  });
  it('take a state that does not exist for none', async () => {
    await open('/mensajes?estado=martian');
    expect([chosen(), asked[0]]).toEqual(['Todos', '?state=all']);
  });
  it('that fail do not leave the rows of the one before', async () => {
    await open('/mensajes');
    expect(rows()).toBe(1);
    status = 503;
    press('Leídos')?.click();
    await vi.waitFor(() => expect(page.renderRoot.querySelector('[role="alert"]')).not.toBeNull());
    expect(rows()).toBe(0);
  });
});

describe('«Marcar todos leídos»', () => {
  it('is offered only over the whole list', async () => {
    await open('/mensajes');
    expect(press('Marcar todos leídos')).toBeDefined();
    navigate('/mensajes?estado=unread');
    await vi.waitFor(() => expect(press('Marcar todos leídos')).toBeUndefined());
  });
  it('asks first, and marks nothing for who thinks better of it', async () => {
    await open('/mensajes');
    const answer = async (label: string) => {
      press('Marcar todos leídos')?.click();
      await vi.waitFor(() => expect(document.querySelector('confirm-dialog')).not.toBeNull());
      const dialog = document.querySelector('confirm-dialog') as ConfirmDialog;
      await dialog.updateComplete;
      expect(dialog.renderRoot.querySelector('h2')?.textContent).toBe('¿Marcar 1 mensaje como leído?');
      [...dialog.renderRoot.querySelectorAll('button')].find((one) => one.textContent === label)?.click();
      await vi.waitFor(() => expect(document.querySelector('confirm-dialog')).toBeNull());
    };
    await answer('Cancelar');
    await new Promise((resolve) => setTimeout(resolve));
    expect(written).toEqual([]);
    await answer('Marcar todos leídos');
    await vi.waitFor(() => expect(written).toEqual(['/api/v1/inbox/read-all']));
    await vi.waitFor(() => expect(asked.filter((query) => query === '?state=all')).toHaveLength(2));
  });
});
