/** Rules of progress, speed and the honest end. */
import { describe, expect, it } from 'vitest';
import type { NotificationState, Totals } from '../contract';
import { doneOf, etaOf, mayRetry, rateOf, standing, withSample } from './progress';

const totals = (some: Partial<Totals>): Totals => ({
  total: 0,
  pending: 0,
  sending: 0,
  accepted: 0,
  delivered: 0,
  deferred: 0,
  failed: 0,
  suppressed: 0,
  in_doubt: 0,
  cancelled: 0,
  ...some,
});

describe('progress', () => {
  it('counts as done what is neither pending, sending nor deferred', () => {
    expect(doneOf(totals({ total: 10, pending: 2, sending: 1, deferred: 3, failed: 4 }))).toBe(4);
  });
  it('does not count as done what was cancelled before its turn', () => {
    expect(doneOf(totals({ total: 4_000, accepted: 870, failed: 11, cancelled: 3_119 }))).toBe(881);
  });
  it('has no speed before a second has passed', () => {
    expect(
      rateOf([
        { at_ms: 0, done: 0 },
        { at_ms: 500, done: 50 },
      ]),
    ).toBeNull();
  });
  it('is as fast as the last seconds', () => {
    const samples = [0, 5_000, 20_000, 22_000].reduce(
      (all, at_ms) => withSample(all, { at_ms, done: at_ms === 22_000 ? 300 : 100 }),
      [] as { at_ms: number; done: number }[],
    );
    expect(samples).toHaveLength(2);
    expect(rateOf(samples)).toBe(100);
  });
  it('promises no end without speed', () => {
    expect(etaOf(totals({ pending: 100 }), null)).toBeNull();
    expect(etaOf(totals({ pending: 90, sending: 10 }), 50)).toBe(2);
  });
  it('promises no end while what is left waits for its next attempt', () => {
    expect(etaOf(totals({ deferred: 12 }), 50)).toBeNull();
    expect(etaOf(totals({ sending: 1, deferred: 11 }), 50)).toBeNull();
    expect(etaOf(totals({ pending: 100, deferred: 12 }), 50)).toBe(2);
  });
});

describe('what failed', () => {
  const now = Date.parse('2026-11-25T14:00:00Z');
  const at = (state: NotificationState, failed: number, expires_at: string | null = null) =>
    mayRetry({ state, totals: totals({ failed }), expires_at }, now);
  it('may be sent again once all is over', () => {
    expect([at('completed', 2), at('completed', 0), at('running', 2), at('cancelled', 2)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
  it('may not be sent again past its time', () => {
    expect(at('completed', 2, '2026-11-25T14:00:01Z')).toBe(true);
    expect(at('completed', 2, '2026-11-25T14:00:00Z')).toBe(false);
  });
});

describe('the end', () => {
  it('of what expired before it began is not called a cancellation', () => {
    const nothing = { state: 'cancelled' as const, totals: totals({}), expires_at: '2026-11-25T14:00:00Z' };
    const end = (begun_at: string | null, cancelled_at: string) =>
      standing({ ...nothing, begun_at, cancelled_at }).text;
    expect(end(null, '2026-11-25T14:00:00Z')).toBe('Vencida');
    expect(end(null, '2026-11-25T13:59:59Z')).toBe('Cancelada');
    expect(end('2026-11-25T13:00:00Z', '2026-11-25T14:00:01Z')).toBe('Cancelada');
    expect(standing({ ...nothing, expires_at: null, begun_at: null, cancelled_at: '2026-11-25T14:00:00Z' }).text).toBe(
      'Cancelada',
    );
  });
  it('is honest about failures and doubt', () => {
    const end = (some: Partial<Totals>) => standing({ state: 'completed', totals: totals(some) }).text;
    expect(end({ failed: 14 })).toBe('Finalizada con 14 fallos');
    expect(end({ failed: 1 })).toBe('Finalizada con 1 fallo');
    expect(end({ in_doubt: 2 })).toBe('Finalizada con 2 en duda');
    expect(end({ failed: 1284, in_doubt: 2 })).toBe('Finalizada con 1.284 fallos y 2 en duda');
    expect(end({ delivered: 5 })).toBe('Finalizada');
  });
});
