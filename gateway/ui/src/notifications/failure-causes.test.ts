/** Rules of the causes: they keep up with a campaign whose failures never stop coming, and do not ask at every one. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Totals } from '../contract';
import './failure-causes';
import type { FailureCauses } from './failure-causes';

/** How long failures keep coming, and how often the page hears of them. */
const CAMPAIGN_MS = 3_000;
const NEWS_MS = 100;

let failed: number;
let asked: number;
let causes: FailureCauses;

const totals = (): Totals => ({ failed }) as Totals;
async function answer(): Promise<Response> {
  asked += 1;
  const data = [{ outcome: 'failed', class: 'bad_recipient', reason: null, code: '21211', count: failed }];
  return new Response(JSON.stringify({ data }), { headers: { 'content-type': 'application/json' } });
}
const shown = () => Number(causes.renderRoot.querySelector('.count')?.textContent ?? 0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', answer);
  [failed, asked] = [1, 0];
  causes = Object.assign(document.createElement('failure-causes') as FailureCauses, { notification: 'n1' });
  causes.totals = totals();
  document.body.append(causes);
});
afterEach(() => {
  causes.remove();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('are read again while more come in, and show the last of them', async () => {
  for (let passed = 0; passed < CAMPAIGN_MS; passed += NEWS_MS) {
    failed += 1;
    causes.totals = totals();
    await vi.advanceTimersByTimeAsync(NEWS_MS);
    if (passed > CAMPAIGN_MS / 2) expect(shown()).toBeGreaterThan(failed / 2);
  }
  expect(asked).toBeLessThanOrEqual(CAMPAIGN_MS / 500 + 2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown()).toBe(failed);
});
