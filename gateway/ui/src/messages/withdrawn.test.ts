/** Rules of a withdrawn message: the live stream removes it from every place that shows it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InboxItem } from '../contract';
import { counts, forgetCounts } from '../store/counts';
import { connection, listenToInbox, stopListening } from '../store/inbox-live';
import { session } from '../store/session';
import { toasts } from '../store/toasts';
import { changedList, onInboxChange } from './inbox-news';
import './new-messages-dialog';
import type { NewMessagesDialog } from './new-messages-dialog';
import { inboxItem } from './samples';

const item = (id: string, position: number) =>
  inboxItem({ id, position, body: `Texto de ${id}`, seen_at: '2026-11-22T08:00:00Z' });
const summary = (newest: InboxItem[], unseen = newest.length) => ({
  counts: { unseen, unread: unseen, total: unseen },
  newest,
});

let say: (event: string, id: number, data: unknown) => void;
let first: ReturnType<typeof summary>;
let deletion: () => Response;
let dialog: NewMessagesDialog;
const asked: string[] = [];

/** A server whose live stream says what the test says. */
function serve(): void {
  const encoder = new TextEncoder();
  let stream: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (opened) => {
      stream = opened;
    },
  });
  say = (event, id, data) =>
    stream.enqueue(encoder.encode(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  vi.stubGlobal('fetch', async (request: Request | string) => {
    const path = typeof request === 'string' ? request : new URL(request.url).pathname;
    const method = typeof request === 'string' ? 'GET' : request.method;
    asked.push(`${method} ${path}`);
    if (path.endsWith('/stream')) return new Response(body);
    if (method === 'DELETE') return deletion();
    return json(200, path.endsWith('/summary') ? first : { position: 9 });
  });
}
const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

async function enter(): Promise<void> {
  counts.set(first.counts);
  dialog = document.createElement('new-messages-dialog') as NewMessagesDialog;
  document.body.append(dialog);
  listenToInbox('u1');
  await vi.waitFor(() => expect([connection.get(), shown()]).toEqual(['open', first.newest[0]?.body]));
}
const shown = () => dialog.renderRoot.querySelector('.body')?.textContent;
const title = () => dialog.renderRoot.querySelector('h2')?.textContent;
const press = (label: string) =>
  [...dialog.renderRoot.querySelectorAll('button')].find((one) => one.textContent?.trim() === label)?.click();

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = { id: 'u1', name: 'Eva', email: '', roles: [], companies: [], counts, simulator: false };
  session.set({ status: 'in', me });
  forgetCounts();
  sessionStorage.clear();
  toasts.set([]);
  asked.length = 0;
  first = summary([]);
  deletion = () => json(200, { position: 9 });
  serve();
});
afterEach(() => {
  dialog.remove();
  stopListening();
  vi.unstubAllGlobals();
});

describe('a message taken back', () => {
  it('leaves the lists and its notice', async () => {
    let list = [item('m2', 2), item('m1', 1)];
    const stop = onInboxChange((change) => {
      list = changedList(list, change);
    });
    await enter();
    first = summary([item('m2', 2)]);
    say('message', 2, item('m2', 2));
    await vi.waitFor(() => expect(toasts.get().map((one) => one.text)).toEqual(['Texto de m2']));
    say('withdrawn', 3, { message_id: 'm2' });
    await vi.waitFor(() => expect(toasts.get()).toEqual([]));
    expect(list.map((one) => one.id)).toEqual(['m1']);
    stop();
  });
  it('leaves the dialog of new messages, which shows the next one', async () => {
    first = summary([item('m2', 2), item('m1', 1)]);
    await enter();
    expect([shown(), title()]).toEqual(['Texto de m2', 'Tiene 2 mensajes nuevos']);
    say('withdrawn', 3, { message_id: 'm2' });
    await vi.waitFor(() => expect([shown(), title()]).toEqual(['Texto de m1', 'Tiene un mensaje nuevo']));
    say('withdrawn', 4, { message_id: 'm1' });
    await vi.waitFor(() => expect(dialog.renderRoot.querySelector('dialog')).toBeNull());
  });
});

describe('the dialog of new messages', () => {
  it('counts all that are new, not only the cards that came', async () => {
    first = summary([item('m2', 2), item('m1', 1)], 37);
    await enter();
    expect(title()).toBe('Tiene 37 mensajes nuevos');
    expect(dialog.renderRoot.querySelector('.rest')?.textContent).toBe('Y 35 más en el listado.');
  });
  it('shows the card again when the server refuses to delete it', async () => {
    first = summary([item('m1', 1)]);
    deletion = () => json(500, { title: 'no' });
    await enter();
    press('Eliminar');
    await vi.waitFor(() => expect(toasts.get()[0]?.kind).toBe('failed'));
    await dialog.updateComplete;
    expect(shown()).toBe('Texto de m1');
  });
  it('brings a card back only after it was deleted', async () => {
    first = summary([item('m1', 1)]);
    let answer: (response: Response) => void = () => undefined;
    const pending = new Promise<Response>((resolve) => {
      answer = resolve;
    });
    deletion = () => pending as never;
    await enter();
    press('Eliminar');
    await dialog.updateComplete;
    press('Deshacer');
    await vi.waitFor(() => expect(asked.at(-1)).toBe('DELETE /api/v1/inbox/m1'));
    answer(json(200, { position: 9 }));
    await vi.waitFor(() => expect(shown()).toBe('Texto de m1'));
    expect(asked.filter((one) => one.includes('/m1'))).toEqual([
      'DELETE /api/v1/inbox/m1',
      'POST /api/v1/inbox/m1/restore',
    ]);
  });
});
