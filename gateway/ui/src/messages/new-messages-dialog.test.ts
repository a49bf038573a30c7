/** Rules of what comes while the live stream is not yet there: it is shown all the same, and once. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InboxItem } from '../contract';
import { counts, forgetCounts } from '../store/counts';
import { connection, listenToInbox, stopListening } from '../store/inbox-live';
import { session } from '../store/session';
import { toasts } from '../store/toasts';
import './new-messages-dialog';
import { inboxItem } from './samples';

const item = (position: number) => inboxItem({ id: `m${position}`, position, body: `Texto ${position}` });
const counted = (n: number) => ({ unseen: n, unread: n, total: n });
const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });

let newest: InboxItem[];
let looks: number;
let say: (event: string, id: number, data: unknown) => void;
let dialog: HTMLElement;

const notices = () => toasts.get().map((one) => one.text);

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  const me = { id: 'u1', name: 'Eva', email: '', roles: [], companies: [], counts: counted(0), simulator: false };
  session.set({ status: 'in', me });
  forgetCounts();
  counts.set(counted(1));
  sessionStorage.clear();
  toasts.set([]);
  newest = [];
  looks = 0;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (stream) => {
      say = (event, id, data) =>
        stream.enqueue(encoder.encode(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    },
  });
  vi.stubGlobal('fetch', async (request: Request | string) => {
    if (typeof request === 'string') return new Response(body);
    if (!request.url.endsWith('/summary')) return json({ position: 9 });
    looks++;
    return json({ counts: counted(newest.length), newest });
  });
  dialog = document.createElement('new-messages-dialog');
  document.body.append(dialog);
  listenToInbox('u1');
  await vi.waitFor(() => expect([connection.get(), looks]).toEqual(['open', 1]));
});
afterEach(() => {
  dialog.remove();
  stopListening();
  vi.unstubAllGlobals();
});

it('nothing unseen is nothing to ask for', async () => {
  counts.set(counted(0));
  const quiet = document.createElement('new-messages-dialog');
  document.body.append(quiet);
  await vi.waitFor(() => expect(quiet.shadowRoot).not.toBe(null));
  expect(looks).toBe(1);
  quiet.remove();
});

describe('a message that comes between the first look and the stream', () => {
  it('is shown as soon as the stream says where it is', async () => {
    newest = [item(5)];
    say('counts', 5, counted(1));
    await vi.waitFor(() => expect(notices()).toEqual(['Texto 5']));
  });
  it('is shown once, though the stream brings it too', async () => {
    newest = [item(6), item(5)];
    say('counts', 5, counted(1));
    await vi.waitFor(() => expect(notices()).toEqual(['Texto 5', 'Texto 6']));
    say('message', 6, item(6));
    say('message', 7, item(7));
    await vi.waitFor(() => expect(notices()).toEqual(['Texto 5', 'Texto 6', 'Texto 7']));
  });
  it('is shown even if a later one came first', async () => {
    newest = [item(6), item(5)];
    say('counts', 5, counted(1));
    say('message', 6, item(6));
    await vi.waitFor(() => expect(notices().sort()).toEqual(['Texto 5', 'Texto 6']));
  });
  it('is looked for once: those that follow come by the stream', async () => {
    newest = [item(5)];
    say('counts', 5, counted(1));
    say('message', 6, item(6));
    await vi.waitFor(() => expect(notices()).toContain('Texto 6'));
    say('counts', 6, counted(2));
    say('message', 7, item(7));
    await vi.waitFor(() => expect(notices()).toContain('Texto 7'));
    expect(looks).toBe(2);
  });
});

it('a gap with many messages shows a few of them, the newest last', async () => {
  newest = [9, 8, 7, 6, 5].map(item);
  say('counts', 9, counted(5));
  await vi.waitFor(() => expect(notices()).toEqual(['Texto 7', 'Texto 8', 'Texto 9']));
});

it('a notice says that its author asks for an acknowledgement', async () => {
  newest = [{ ...item(5), acknowledge: true }];
  say('message', 5, newest[0]);
  await vi.waitFor(() => expect(toasts.get()).toMatchObject([{ text: 'Texto 5', acknowledge: true }]));
});
