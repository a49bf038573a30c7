/** Rules of what the inbox's events mean. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { counts, forgetCounts, setCounts, shiftCounts, withCounts } from './counts';
import { listenToInbox, onInbox, stopListening, takeInboxEvent } from './inbox-live';

const counted = (id: string, unread: number) => ({
  id,
  event: 'counts',
  data: JSON.stringify({ unseen: 0, unread, total: 9 }),
});

beforeEach(() => forgetCounts());

describe('the counters', () => {
  it('are the server’s, whatever was shown before it answered', () => {
    setCounts({ unseen: 0, unread: 5, total: 9 });
    shiftCounts({ unread: -1 });
    expect(counts.get().unread).toBe(4);
    takeInboxEvent(counted('10', 7));
    expect(counts.get().unread).toBe(7);
  });
  it('never go back to an older word', () => {
    takeInboxEvent(counted('10', 7));
    takeInboxEvent(counted('9', 1));
    expect(counts.get().unread).toBe(7);
  });
  it('of a page that was asked for before the stream spoke are older than its word', async () => {
    takeInboxEvent(counted('10', 7));
    await withCounts(async () => ({ counts: { unseen: 0, unread: 6, total: 9 } }));
    expect(counts.get().unread).toBe(6);
    await withCounts(async () => {
      takeInboxEvent(counted('11', 8));
      return { counts: { unseen: 0, unread: 7, total: 9 } };
    });
    expect(counts.get().unread).toBe(8);
  });
  it('never fall below nothing', () => {
    shiftCounts({ unread: -3 });
    expect(counts.get().unread).toBe(0);
  });
});

describe('news', () => {
  it('reach whoever listens, until they stop', () => {
    const heard: string[] = [];
    const stop = onInbox('message', (item) => heard.push(item.id));
    takeInboxEvent({ id: '1', event: 'message', data: '{"id":"m1"}' });
    stop();
    takeInboxEvent({ id: '2', event: 'message', data: '{"id":"m2"}' });
    expect(heard).toEqual(['m1']);
  });
  it('of its place make what is on screen be read again, the first time', async () => {
    const body = 'id: 5\nevent: counts\ndata: {"unseen":0,"unread":1,"total":1}\n\n';
    const more = 'id: 6\nevent: counts\ndata: {"unseen":0,"unread":2,"total":2}\n\n';
    const opened: (string | null)[] = [];
    vi.stubGlobal('fetch', async (_: string, init: { headers: Record<string, string> }) => {
      opened.push(init.headers['Last-Event-ID'] ?? null);
      return new Response(opened.length === 1 ? body : more);
    });
    const reset = vi.fn();
    const stop = onInbox('reset', reset);
    listenToInbox('u1');
    await vi.waitFor(() => expect(counts.get().unread).toBe(2));
    expect(opened.slice(0, 2)).toEqual([null, '5']);
    expect(reset).toHaveBeenCalledOnce();
    stopListening();
    stop();
    vi.unstubAllGlobals();
  });
  it('of a gap make the counters be asked for', async () => {
    vi.stubGlobal(
      'fetch',
      async () =>
        new Response('{"counts":{"unseen":1,"unread":3,"total":4},"newest":[]}', {
          headers: { 'content-type': 'application/json' },
        }),
    );
    const reset = vi.fn();
    const stop = onInbox('reset', reset);
    takeInboxEvent({ id: null, event: 'reset', data: '{}' });
    expect(reset).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(counts.get().unread).toBe(3));
    stop();
    vi.unstubAllGlobals();
  });
});
