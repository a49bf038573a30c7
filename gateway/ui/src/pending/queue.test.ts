/** Rules of what requires the user's action: it comes and goes with what the user and the others do. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InboxItem, Role } from '../contract';
import { announce } from '../messages/inbox-news';
import { inboxItem } from '../messages/samples';
import { takeInboxEvent } from '../store/inbox-live';
import { session } from '../store/session';
import type { ServerEvent } from '../store/sse';
import { followQueue, load, queue, queueFailed, seenAs, waiting } from './queue';

let asked: string[];
let inbox: InboxItem[];
let stop: () => void;

const asks = (id: string) => inboxItem({ id, acknowledge: true });
const ids = () => queue.get()?.messages.map(({ id }) => id);
const arrives = (item: InboxItem) =>
  takeInboxEvent({ id: '9', event: 'message', data: JSON.stringify(item) } as ServerEvent);
const approval = (id: string, author: string) => ({ id, author: { id: author, name: author } });

async function start(...roles: Role[]): Promise<void> {
  const counts = { unseen: 0, unread: 0, total: 0 };
  session.set({
    status: 'in',
    me: { id: 'u1', name: 'Eva', email: '', roles, companies: [], counts, simulator: false },
  });
  stop = followQueue();
  await vi.waitFor(() => expect(queue.get()).not.toBeNull());
}

beforeEach(() => {
  asked = [];
  inbox = [asks('m1')];
  vi.stubGlobal('fetch', async ({ url }: Request) => {
    asked.push(new URL(url).pathname.replace('/api/v1', '') + new URL(url).search);
    if (url.includes('/deliveries/count'))
      return Response.json({ count: url.includes('failed') ? 9 : 2, complete: true });
    if (url.includes('/notifications'))
      return Response.json({ data: [approval('n1', 'u1'), approval('n2', 'u2')], next: null });
    return Response.json({ data: inbox, next: null, counts: { unseen: 0, unread: 0, total: 0 } });
  });
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
});

describe('a message', () => {
  it('waits when it asks for an acknowledgement or is urgent, and not otherwise', async () => {
    await start('operator');
    arrives(inboxItem({ id: 'm2' }));
    arrives(inboxItem({ id: 'm3', priority: 'high' }));
    expect(ids()).toEqual(['m3', 'm1']);
  });
  it('waits no more once it is acknowledged; reading it is not enough', async () => {
    await start('operator');
    announce({ kind: 'changed', id: 'm1', change: { read_at: 'now' } });
    expect(ids()).toEqual(['m1']);
    announce({ kind: 'changed', id: 'm1', change: { acknowledged_at: 'now' } });
    expect(ids()).toEqual([]);
  });
  it('that is marked unread may wait again: the server is asked', async () => {
    await start('operator');
    inbox = [inboxItem({ id: 'm7', priority: 'high' }), asks('m1')];
    announce({ kind: 'changed', id: 'm7', change: { read_at: null } });
    await vi.waitFor(() => expect(ids()).toEqual(['m7', 'm1']));
  });
});

it('an approval waits for everybody but its author, a failure is told and counts as nobody’s', async () => {
  await start('notifier');
  expect(queue.get()?.approvals.map(({ id }) => id)).toEqual(['n2']);
  expect(waiting(queue.get())).toBe(1 + 1 + 2);
});

it('removes an approval once a page shows that somebody has decided it', async () => {
  await start('notifier');
  seenAs({ id: 'n2', state: 'awaiting_approval' });
  expect(queue.get()?.approvals).toHaveLength(1);
  seenAs({ id: 'n2', state: 'running' });
  expect(queue.get()?.approvals).toEqual([]);
  expect(waiting(queue.get())).toBe(1 + 2);
});

it('a user without clients is asked nothing about them', async () => {
  await start('operator');
  expect(asked).toEqual(['/inbox?state=pending&limit=200']);
});

it('what could not be loaded is unknown, and not nothing', async () => {
  const answer = globalThis.fetch;
  vi.stubGlobal('fetch', async () => Response.json({ title: 'No' }, { status: 503 }));
  const counts = { unseen: 0, unread: 0, total: 0 };
  session.set({
    status: 'in',
    me: { id: 'u1', name: 'Eva', email: '', roles: [], companies: [], counts, simulator: false },
  });
  stop = followQueue();
  await vi.waitFor(() => expect(queueFailed.get()).toBe(true));
  expect(queue.get()).toBeNull();
  vi.stubGlobal('fetch', answer);
  await load();
  expect([ids(), queueFailed.get()]).toEqual([['m1'], false]);
});
