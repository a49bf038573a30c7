/** Rules of a request: it has a time-out, and one that finds the session expired goes on after the log-in, once. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ANSWER_MAX_MS, endWait, getMe, sendMessage } from './api';
import type { NewMessage } from './contract';
import { session } from './store/session';

const counts = { unseen: 0, unread: 0, total: 0 };
const eva = { id: 'eva', name: 'Eva', email: '', roles: [], companies: [], counts, simulator: false };
const message = { recipients: ['u2'], body: 'Hola' } as unknown as NewMessage;
let statuses: number[];
let asked: { key: string | null; body: string }[];

beforeEach(() => {
  session.set({ status: 'in', me: eva });
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push({ key: request.headers.get('Idempotency-Key'), body: await request.text() });
    return Response.json({ id: 'm1', position: 1, recipients: 1 }, { status: statuses.shift() ?? 201 });
  });
});
afterEach(() => {
  session.set({ status: 'out' });
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a session that expires in the middle of a send', () => {
  it('is told, and the same request goes on after the log-in', async () => {
    statuses = [401];
    const sending = sendMessage(message, 'k1');
    await vi.waitFor(() => expect(session.get()).toMatchObject({ status: 'in', expired: true }));
    expect(asked).toHaveLength(1);
    endWait(true);
    expect(await sending).toMatchObject({ id: 'm1' });
    expect(asked[1]).toEqual(asked[0]);
    expect(asked[0]?.key).toBe('k1');
  });
  it('ends the send with it when its user leaves', async () => {
    statuses = [401];
    const sending = sendMessage(message, 'k1').catch((error) => error.status);
    await vi.waitFor(() => expect(session.get()).toMatchObject({ expired: true }));
    endWait(false);
    expect(await sending).toBe(401);
    expect(asked).toHaveLength(1);
  });
  it('does not make reading wait', async () => {
    statuses = [401];
    await expect(getMe()).rejects.toMatchObject({ status: 401 });
  });
});

it('a request without an answer ends, and says that it may have been received', async () => {
  vi.useFakeTimers();
  vi.stubGlobal(
    'fetch',
    (_: Request, { signal }: RequestInit) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  );
  const sending = sendMessage(message, 'k1').catch((error) => error);
  await vi.advanceTimersByTimeAsync(ANSWER_MAX_MS);
  expect(await sending).toMatchObject({
    status: 0,
    unknown: true,
    message: expect.stringContaining('no respondió a tiempo'),
  });
});
