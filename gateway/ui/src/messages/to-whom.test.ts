/** Rules of the line that says to whom a message went. */
import { beforeEach, expect, it } from 'vitest';
import { session } from '../store/session';
import { toWhom } from './to-whom';

const person = (id: string) => ({ id, name: id });

beforeEach(() => {
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = { id: 'Eva', name: 'Eva', email: '', roles: [], companies: [], counts, simulator: false };
  session.set({ status: 'in', me });
});

it('names the first recipients, the reader before all, and counts the others', () => {
  expect(toWhom({ to: [person('Ana')], recipient_count: 1 })).toBe('Ana');
  expect(toWhom({ to: [person('Ana'), person('Eva')], recipient_count: 2 })).toBe('usted y Ana');
  expect(toWhom({ to: [person('Ana'), person('Luis')], recipient_count: 12 })).toBe('Ana, Luis y 10 más');
});
