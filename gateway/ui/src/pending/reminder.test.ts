/** Rules of the reminder: at the chosen pace, once over all tabs, until the acknowledgement is given. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inboxItem } from '../messages/samples';
import { choosePace, startPace } from '../store/preferences';
import { forgetToasts, toasts } from '../store/toasts';
import { queue } from './queue';
import { step } from './reminder';

const MINUTE = 60_000;
const sent = Date.parse('2026-11-22T08:00:00Z');
const asks = (id: string) => inboxItem({ id, acknowledge: true });
const waits = (...ids: string[]) =>
  queue.set({
    messages: ids.map(asks),
    approvals: [],
    doubts: { count: 0, complete: true },
    failed: { count: 0, complete: true },
  });
const said = () => toasts.get().map(({ author }) => author);

beforeEach(() => {
  startPace('eva');
  choosePace('eva', 5);
  waits('m2', 'm1');
});
afterEach(() => {
  forgetToasts();
  queue.set(null);
  localStorage.clear();
});

it('waits for the pace, and comes again after it', () => {
  step('eva', sent + 4 * MINUTE);
  expect(said()).toEqual([]);
  step('eva', sent + 5 * MINUTE);
  expect(said()).toEqual(['Ana y 1 más']);
  step('eva', sent + 9 * MINUTE);
  expect(said()).toHaveLength(1);
  step('eva', sent + 10 * MINUTE);
  expect(said()).toHaveLength(2);
});
it('ends with the acknowledgement', () => {
  waits();
  step('eva', sent + 60 * MINUTE);
  expect(said()).toEqual([]);
});
it('does not come to who wants none, and the choice is each user’s own', () => {
  choosePace('eva', 0);
  step('eva', sent + 60 * MINUTE);
  expect(said()).toEqual([]);
  startPace('luis');
  step('luis', sent + 60 * MINUTE);
  expect(said()).toHaveLength(1);
});
