/** Rules of the filters of «Listado de Mensajes»: they are those of the address. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate } from '../app/router';
import type { InboxItem } from '../contract';
import { setCounts } from '../store/counts';
import { takeInboxEvent } from '../store/inbox-live';
import type { ServerEvent } from '../store/sse';
import type { ConfirmDialog } from '../ui/confirm-dialog';
import { announce } from './inbox-news';
import './inbox-page';
import type { InboxPage } from './inbox-page';
import { inboxItem } from './samples';

const item = inboxItem();
let asked: string[];
let written: string[];
let status: number;
let answer: InboxItem[];
let page: InboxPage;

async function open(address: string): Promise<void> {
  navigate(address);
  page = document.createElement('inbox-page') as InboxPage;
  document.body.append(page);
  await vi.waitFor(() => expect(rows()).toBe(1));
}
const chosen = () => page.renderRoot.querySelector('[aria-pressed="true"]')?.textContent;
const list = () => page.renderRoot.querySelector('inbox-list')?.shadowRoot ?? null;
const rows = () => list()?.querySelectorAll('inbox-row').length ?? 0;
const press = (label: string) =>
  [...page.renderRoot.querySelectorAll('button')].find((one) => one.textContent?.trim() === label);

beforeEach(() => {
  asked = [];
  written = [];
  status = 200;
  answer = [item];
  const counts = { unseen: 1, unread: 1, total: 1 };
  setCounts(counts);
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'POST') written.push(new URL(request.url).pathname);
    asked.push(new URL(request.url).search);
    const body = status === 200 ? { data: answer, next: null, counts } : { status, title: 'no', detail: 'No se pudo.' };
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
    const link = () => list()?.querySelector('inbox-row')?.shadowRoot?.querySelector('a')?.getAttribute('href');
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

describe('a new message', () => {
  const arrive = (id: string) => {
    const event = { id: '9', event: 'message', data: JSON.stringify(inboxItem({ id, body: id })) };
    takeInboxEvent(event as ServerEvent);
  };
  const offer = () => page.renderRoot.querySelector<HTMLButtonElement>('.fresh');

  it('moves no row: it waits behind «1 nuevo ↑» until it is asked for', async () => {
    await open('/mensajes');
    arrive('m2');
    await vi.waitFor(() => expect(offer()?.textContent).toBe('1 nuevo ↑'));
    expect(rows()).toBe(1);
    offer()?.click();
    await vi.waitFor(() => expect(rows()).toBe(2));
    expect(offer()).toBeNull();
  });
  it('waits no more once its author withdraws it', async () => {
    await open('/mensajes');
    arrive('m2');
    await vi.waitFor(() => expect(offer()).not.toBeNull());
    takeInboxEvent({ id: '10', event: 'withdrawn', data: '{"message_id":"m2"}' } as ServerEvent);
    await vi.waitFor(() => expect(offer()).toBeNull());
    expect(rows()).toBe(1);
  });
  it('is shown at once where there is no row to move', async () => {
    answer = [];
    navigate('/mensajes');
    page = document.createElement('inbox-page') as InboxPage;
    document.body.append(page);
    await vi.waitFor(() => expect(page.renderRoot.querySelector('empty-state')).not.toBeNull());
    arrive('m2');
    await vi.waitFor(() => expect(rows()).toBe(1));
  });
  it('that was deleted comes back to its place by «Deshacer»', async () => {
    await open('/mensajes');
    announce({ kind: 'removed', id: 'm1' });
    await vi.waitFor(() => expect(rows()).toBe(0));
    announce({ kind: 'restored', item });
    await vi.waitFor(() => expect(rows()).toBe(1));
    expect(offer()).toBeNull();
  });
});

describe('«Marcar todos leídos»', () => {
  it('is offered only over the whole list', async () => {
    await open('/mensajes');
    expect(press('Marcar todos leídos')?.disabled).toBe(false);
    navigate('/mensajes?estado=unread');
    await vi.waitFor(() => expect(press('Marcar todos leídos')?.disabled).toBe(true));
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
