/** Rules of what stays of the last look: sealed, aged, of its user only, and gone after the log-out. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { getInbox, isReachable } from '../api';
import { inboxItem } from '../messages/samples';
import { closeVault, type KeyRing, openVault } from '../store/vault';
import { forgetSeen, isKept, keepSeen, lastSeen, seenAt } from './last-seen';

const INBOX = '/inbox?state=all';
const answer = { data: [inboxItem({ body: 'Puerta forzada en la bodega' })], next: null };
const ring: KeyRing = { get: async () => null, put: async () => undefined, clear: async () => undefined };

beforeEach(async () => {
  vi.unstubAllGlobals();
  seenAt.set(null);
  await openVault('eva', ring, 'secret');
});

describe('what was seen', () => {
  it('comes back with its age, the oldest of all', async () => {
    await keepSeen(INBOX, answer, new Date('2026-12-01T03:12:00Z'));
    await keepSeen('/me', { id: 'eva' }, new Date('2026-12-01T03:20:00Z'));
    expect([await lastSeen('/me'), seenAt.get()]).toEqual([{ id: 'eva' }, '2026-12-01T03:20:00.000Z']);
    expect([await lastSeen(INBOX), seenAt.get()]).toEqual([answer, '2026-12-01T03:12:00.000Z']);
  });
  it('cannot be read in the storage', async () => {
    await keepSeen(INBOX, answer);
    expect(JSON.stringify({ ...localStorage })).toContain('seen:/inbox');
    expect(JSON.stringify({ ...localStorage })).not.toContain('bodega');
  });
  it('is kept of a few lists only, and of no search', () => {
    expect([INBOX, '/me', '/notifications'].filter(isKept)).toHaveLength(3);
    expect(
      ['/inbox?state=all&q=ana', '/inbox?state=all&after=x', '/clients/1', '/audit', '/me/x'].filter(isKept),
    ).toEqual([]);
  });
  it('is not another user’s', async () => {
    await keepSeen(INBOX, answer);
    await openVault('ana', ring, 'other');
    expect(await lastSeen(INBOX)).toBe(null);
  });
  it('goes with the log-out, and drafts stay', async () => {
    await keepSeen(INBOX, answer);
    localStorage.setItem('mensajeria.sealed.eva.compose', 'draft');
    await closeVault(ring);
    forgetSeen();
    expect(Object.keys(localStorage).filter((key) => key.includes('seen'))).toEqual([]);
    expect(localStorage.getItem('mensajeria.sealed.eva.compose')).toBe('draft');
    expect(await lastSeen(INBOX)).toBe(null);
  });
});

describe('a read without a network', () => {
  const answers = (body: unknown) =>
    vi.stubGlobal(
      'fetch',
      async () => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } }),
    );
  const fails = () =>
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('network');
    });

  it('gives what was seen, until the server answers again', async () => {
    answers(answer);
    await getInbox({ state: 'all' });
    await vi.waitFor(() => expect(Object.keys(localStorage).some((key) => key.endsWith(INBOX))).toBe(true));
    fails();
    expect((await getInbox({ state: 'all' })).data[0]?.body).toBe('Puerta forzada en la bodega');
    expect(seenAt.get()).not.toBe(null);
    expect(await isReachable()).toBe(false);
    answers(answer);
    await getInbox({ state: 'all' });
    expect(seenAt.get()).toBe(null);
  });
  it('fails where nothing was seen', async () => {
    fails();
    await expect(getInbox({ state: 'all', q: 'ana' })).rejects.toThrow('conexión');
  });
});
