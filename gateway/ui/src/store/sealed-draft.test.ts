/** Rules of a draft that is kept while it is written. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SealedDraft } from './sealed-draft';
import { session } from './session';
import { closeVault, type KeyRing, openVault, seal, sealedAs, unseal } from './vault';

const kept = new Map<string, CryptoKey>();
const ring: KeyRing = {
  get: async (user) => kept.get(user) ?? null,
  put: async (user, key) => void kept.set(user, key),
  clear: async () => kept.clear(),
};
const counts = { unseen: 0, unread: 0, total: 0 };
const eva = { id: 'eva', name: 'Eva', email: '', roles: [], companies: [], counts, simulator: false };
const draft = new SealedDraft<string>('test', '', { pack: (text) => text || null, unpack: (text) => text });

beforeEach(async () => {
  session.set({ status: 'in', me: eva });
  await openVault('eva', ring, 'secreta');
});
afterEach(async () => {
  session.set({ status: 'out' });
  await closeVault(ring);
  localStorage.clear();
});

it('comes back when its user logs in again, and is on no page meanwhile', async () => {
  draft.set('Llamar a');
  await closeVault(ring);
  session.set({ status: 'out' });
  expect(draft.get()).toBe('');
  session.set({ status: 'in', me: eva });
  await openVault('eva', ring, 'secreta');
  await vi.waitFor(() => expect(draft.get()).toBe('Llamar a'));
});

it('is kept while it is written, and no longer once it is sent', async () => {
  draft.set('Llamar');
  await vi.waitFor(async () => expect(await unseal('test')).toBe('Llamar'));
  draft.set('');
  await vi.waitFor(async () => expect(await unseal('test')).toBeNull());
});

it('does not replace what is being written already', async () => {
  await seal('test', 'viejo');
  draft.set('nuevo');
  await openVault('eva', ring, 'secreta');
  await vi.waitFor(async () => expect(await unseal('test')).toBe('nuevo'));
  expect(draft.get()).toBe('nuevo');
});

describe('that was sent in another tab', () => {
  const sentElsewhere = () =>
    window.dispatchEvent(new StorageEvent('storage', { key: sealedAs('eva', 'test'), newValue: null }));
  beforeEach(async () => {
    await seal('test', 'igual');
    await openVault('eva', ring, 'secreta');
    await vi.waitFor(() => expect(draft.get()).toBe('igual'));
  });

  it('leaves this one', () => {
    sentElsewhere();
    expect(draft.get()).toBe('');
  });
  it('stays where it was changed', () => {
    draft.set('cambiado');
    sentElsewhere();
    expect(draft.get()).toBe('cambiado');
  });
});
