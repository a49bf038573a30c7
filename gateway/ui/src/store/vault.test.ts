/** Rules of the vault: what a user wrote comes back to that user, and to nobody else at the desk. */
import { afterEach, expect, it } from 'vitest';
import { closeVault, type KeyRing, openVault, seal, sealedAs, unseal, vault } from './vault';

class Ring implements KeyRing {
  readonly keys = new Map<string, CryptoKey>();
  get = async (user: string) => this.keys.get(user) ?? null;
  put = async (user: string, key: CryptoKey) => void this.keys.set(user, key);
  clear = async () => this.keys.clear();
}

afterEach(async () => {
  await closeVault(new Ring());
  localStorage.clear();
});

it('a text comes back after a reload by the key on the ring, and after a log-out by the password', async () => {
  const ring = new Ring();
  await openVault('eva', ring, 'secreta');
  await seal('compose', { body: 'Llamar a la policía' });
  vault.set(null);
  await openVault('eva', ring);
  expect(await unseal('compose')).toEqual({ body: 'Llamar a la policía' });

  await closeVault(ring);
  expect(ring.keys.size).toBe(0);
  expect(await unseal('compose')).toBeNull();
  await openVault('eva', ring);
  expect(vault.get()).toBeNull();
  await openVault('eva', ring, 'secreta');
  expect(await unseal('compose')).toEqual({ body: 'Llamar a la policía' });
});

it('what lies in the browser says nothing of the text, and its key cannot be taken out', async () => {
  const ring = new Ring();
  await openVault('eva', ring, 'secreta');
  await seal('compose', { body: 'Llamar a la policía' });
  const stored = localStorage.getItem(sealedAs('eva', 'compose')) ?? '';
  expect(stored).not.toBe('');
  expect(atob(stored.split('.')[1] as string)).not.toContain('Llamar');
  expect(ring.keys.get('eva')?.extractable).toBe(false);
});

it('the next user finds no key of the last one, who only closed the window', async () => {
  const ring = new Ring();
  await openVault('eva', ring, 'secreta');
  await openVault('luis', ring, 'otra');
  expect([...ring.keys.keys()]).toEqual(['luis']);
});

it('another password opens nothing', async () => {
  await openVault('eva', new Ring(), 'secreta');
  await seal('compose', 'texto');
  await openVault('eva', new Ring(), 'cambiada');
  expect(await unseal('compose')).toBeNull();
});

it('writings come in their order: what was sent does not come back', async () => {
  await openVault('eva', new Ring(), 'secreta');
  await Promise.all([seal('compose', 'x'.repeat(100_000)), seal('compose', null)]);
  expect(await unseal('compose')).toBeNull();
});
