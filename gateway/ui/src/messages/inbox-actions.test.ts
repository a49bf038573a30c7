/** Rules of what a reader does: shown at once, taken back if refused, undone on request. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InboxItem } from '../contract';
import { counts, forgetCounts, setCounts } from '../store/counts';
import { toasts } from '../store/toasts';
import { forgetSteps, undoLast } from '../store/undo';
import { deleteMessages, readMessage } from './inbox-actions';
import { changedList, onInboxChange } from './inbox-news';
import { inboxItem } from './samples';

const item = (id: string, some: Partial<InboxItem> = {}) => inboxItem({ id, ...some });
let list: InboxItem[];
let asked: string[];
let stop: () => void;

/** The server answers each request with the next status. */
function server(...statuses: number[]): void {
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    const status = new URL(request.url).pathname.endsWith('summary') ? 503 : (statuses.shift() ?? 200);
    const body = status < 400 ? { position: 9 } : { status, title: 'no', detail: 'No se pudo.' };
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  });
}

beforeEach(() => {
  list = [item('m2'), item('m1')];
  asked = [];
  forgetCounts();
  forgetSteps();
  toasts.set([]);
  setCounts({ unseen: 2, unread: 2, total: 2 });
  stop = onInboxChange((change) => {
    list = changedList(list, change);
  });
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

describe('reading', () => {
  it('shows before the server answers', async () => {
    server(200);
    const done = readMessage(list[0] as InboxItem);
    expect(list[0]?.read_at).not.toBeNull();
    expect(counts.get().unread).toBe(1);
    expect(await done).toBe(true);
    expect(asked[0]).toBe('POST /api/v1/inbox/m2/read');
  });
  it('is taken back in plain sight when the server refuses', async () => {
    server(500);
    expect(await readMessage(list[0] as InboxItem)).toBe(false);
    expect(list[0]?.read_at).toBeNull();
    expect(counts.get()).toEqual({ unseen: 2, unread: 2, total: 2 });
    expect(toasts.get()[0]).toMatchObject({ kind: 'failed', text: 'No se pudo marcar como leído. No se pudo.' });
  });
  it('twice is not an error and asks nothing', async () => {
    server();
    expect(await readMessage(item('m2', { read_at: '2026-11-22T08:00:00Z' }))).toBe(true);
    expect(asked).toEqual([]);
  });
});

describe('deleting', () => {
  it('hides at once, and z brings it back to its place', async () => {
    server(200, 200);
    await deleteMessages([list[0] as InboxItem]);
    expect(list.map((one) => one.id)).toEqual(['m1']);
    expect(counts.get()).toEqual({ unseen: 1, unread: 1, total: 1 });
    expect(await undoLast()).toBe(true);
    expect(asked.filter((one) => one.startsWith('POST'))).toEqual(['POST /api/v1/inbox/m2/restore']);
    expect(list.map((one) => one.id)).toEqual(['m2', 'm1']);
    expect(counts.get().total).toBe(2);
  });
  it('can be undone before the server has answered', async () => {
    server(200, 200);
    const deleting = deleteMessages([list[0] as InboxItem]);
    expect(await undoLast()).toBe(true);
    await deleting;
    expect(asked.filter((one) => /m2/.test(one))).toEqual(['DELETE /api/v1/inbox/m2', 'POST /api/v1/inbox/m2/restore']);
    expect(list.map((one) => one.id)).toEqual(['m2', 'm1']);
  });
  it('comes back by itself when the server refuses, without offering an undo', async () => {
    server(500);
    await deleteMessages([list[0] as InboxItem]);
    expect(list.map((one) => one.id)).toEqual(['m2', 'm1']);
    expect(await undoLast()).toBe(false);
  });
  it('of several is undone together', async () => {
    server();
    await deleteMessages([...list]);
    expect(toasts.get()[0]?.text).toBe('2 mensajes eliminados');
    await undoLast();
    expect(list).toHaveLength(2);
  });
});
