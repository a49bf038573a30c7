/** Rules of what an edited form sends. */
import { describe, expect, it } from 'vitest';
import { changesOf, isEmpty } from './changes';

const loaded = { name: 'Ana', roles: ['operator'], code: null as string | null };

describe('what an edited form changes', () => {
  it('is only what differs from what was loaded', () => {
    expect(changesOf(loaded, { ...loaded, name: 'Ana Ruiz' })).toEqual({ name: 'Ana Ruiz' });
    expect(changesOf(loaded, { ...loaded, code: 'A-1' })).toEqual({ code: 'A-1' });
  });
  it('has a list as a whole', () => {
    expect(changesOf(loaded, { ...loaded, roles: ['operator', 'auditor'] })).toEqual({
      roles: ['operator', 'auditor'],
    });
  });
  it('is nothing when everything is as it was', () => {
    expect(isEmpty(changesOf(loaded, { ...loaded, roles: [...loaded.roles] }))).toBe(true);
    expect(isEmpty(changesOf(loaded, { ...loaded, name: '' }))).toBe(false);
  });
});
