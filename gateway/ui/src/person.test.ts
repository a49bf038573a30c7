/** Rules of people without a name. */
import { expect, it } from 'vitest';
import { named } from './person';

it('a missing name becomes words, wherever it stands', () => {
  const answer = { data: [{ id: 'm', author: { id: 'u', name: null }, note: null }], next: null };
  expect(named(answer)).toEqual({
    data: [{ id: 'm', author: { id: 'u', name: 'Persona borrada' }, note: null }],
    next: null,
  });
});

it('what is not a person stays as it is', () => {
  expect(named({ name: null })).toEqual({ name: null });
  expect(named(null)).toBeNull();
});
