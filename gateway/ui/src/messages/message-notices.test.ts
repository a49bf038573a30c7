/** Rules of the notices of new messages: none outlives its sense, and a burst does not cover the page. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate } from '../app/router';
import type { InboxItem } from '../contract';
import { setCounts } from '../store/counts';
import { listenToInbox, stopListening, takeInboxEvent } from '../store/inbox-live';
import { toast, toasts } from '../store/toasts';
import { deleteMessages, readAll, readMessage } from './inbox-actions';
import { notice } from './message-notices';
import { inboxItem } from './samples';

const item = (position: number, some: Partial<InboxItem> = {}) =>
  inboxItem({ id: `m${position}`, position, body: `Texto ${position}`, ...some });
const texts = () => toasts.get().map((one) => one.text);
const counted = (unread: number) => ({ unseen: unread, unread, total: 9 });

let left: number;

beforeEach(() => {
  toasts.set([]);
  setCounts(counted(9));
  left = 9;
  vi.stubGlobal('fetch', async (request: Request) => {
    const body = request.url.endsWith('/summary') ? { counts: counted(left), newest: [] } : { position: 9 };
    return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  navigate('/');
  vi.unstubAllGlobals();
});

describe('the notice of a message leaves', () => {
  beforeEach(() => {
    for (const position of [1, 2]) notice(item(position));
  });
  it('when it is opened, read before or not', () => {
    navigate('/mensajes/m1');
    expect(texts()).toEqual(['Texto 2']);
  });
  it('when it is read', async () => {
    await readMessage(item(1));
    expect(texts()).toEqual(['Texto 2']);
  });
  it('when it is deleted: it must not bring it back', async () => {
    await deleteMessages([item(1)]);
    expect(texts()).toEqual(['Texto 2', 'Mensaje eliminado']);
  });
  it('when its author takes it back', () => {
    takeInboxEvent({ id: '9', event: 'withdrawn', data: '{"message_id":"m1"}' });
    expect(texts()).toEqual(['Texto 2']);
  });
  it('when all are read, but for one that came meanwhile', async () => {
    left = 1;
    await readAll(1);
    expect(texts()).toEqual(['Texto 2']);
  });
  it('when another tab has dealt with it', async () => {
    listenToInbox('u1');
    const other = new BroadcastChannel('mensajeria.inbox.u1');
    other.postMessage({ changed: 'm1' });
    await vi.waitFor(() => expect(texts()).toEqual(['Texto 2']));
    other.postMessage({ changed: 'all' });
    await vi.waitFor(() => expect(texts()).toEqual([]));
    other.close();
    stopListening();
  });
  it('when the stream says that nothing is unread any more', () => {
    takeInboxEvent({ id: '90', event: 'counts', data: JSON.stringify(counted(1)) });
    expect(texts()).toHaveLength(2);
    takeInboxEvent({ id: '91', event: 'counts', data: JSON.stringify(counted(0)) });
    expect(texts()).toEqual([]);
  });
});

describe('a burst', () => {
  const line = () => toasts.get().find(({ kind }) => kind === 'rest');
  beforeEach(() => {
    for (const position of [1, 2, 3, 4, 5]) notice(item(position));
  });
  it('shows three, and how many more there are, which leads to the list', () => {
    expect(texts()).toEqual(['Texto 3', 'Texto 4', 'Texto 5', 'Y 2 más en el listado.']);
    line()?.actions[0]?.run();
    expect(location.pathname).toBe('/mensajes');
  });
  it('counts down as the messages are dealt with, until nothing is left to tell', async () => {
    await readMessage(item(1));
    expect(line()?.text).toBe('Y 1 más en el listado.');
    await readMessage(item(2));
    expect(texts()).toEqual(['Texto 3', 'Texto 4', 'Texto 5']);
  });
  it('that follows another one counts its own', () => {
    toasts.set([]);
    for (const position of [6, 7, 8, 9]) notice(item(position));
    expect(texts()).toEqual(['Texto 7', 'Texto 8', 'Texto 9', 'Y 1 más en el listado.']);
  });
  it('counts also those that gave way to other notices', () => {
    toast({ text: 'Mensaje enviado', fixed: true });
    toast({ text: 'Cliente guardado', fixed: true });
    expect(texts()).toEqual(['Texto 4', 'Texto 5', 'Mensaje enviado', 'Cliente guardado', 'Y 3 más en el listado.']);
  });
});
