/** Rules of the bar: what it shows and what it says agree in number. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Totals } from '../contract';
import './segmented-bar';
import type { SegmentedBar } from './segmented-bar';

const totals: Totals = {
  total: 528,
  pending: 0,
  sending: 0,
  accepted: 521,
  delivered: 0,
  deferred: 0,
  failed: 6,
  suppressed: 0,
  in_doubt: 0,
  cancelled: 1,
};
let bar: SegmentedBar;

beforeEach(async () => {
  bar = document.createElement('segmented-bar') as SegmentedBar;
  bar.totals = totals;
  document.body.append(bar);
  await bar.updateComplete;
});
afterEach(() => bar.remove());

it('counts in the plural what is not one', () => {
  const legend = [...bar.renderRoot.querySelectorAll('li')].map((one) => one.textContent);
  expect(legend).toEqual(['521enviados', '6fallidos', '1cancelado']);
});

it('is read aloud the same', () => {
  expect(bar.renderRoot.querySelector('.bar')?.getAttribute('aria-label')).toBe(
    '521 enviados, 6 fallidos, 1 cancelado',
  );
});
