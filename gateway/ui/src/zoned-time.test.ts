/** Rules of local times: clocks that change have one documented meaning. */
import { describe, expect, it } from 'vitest';
import { instantOf, localOf } from './zoned-time';

const SANTIAGO = 'America/Santiago';

describe('a local time', () => {
  it('is that of the zone, whatever the clock of the browser', () => {
    expect(instantOf('2026-11-25T09:30', 'America/Bogota')).toBe('2026-11-25T14:30:00.000Z');
    expect(instantOf('2026-07-01T09:30', SANTIAGO)).toBe('2026-07-01T13:30:00.000Z');
    expect(instantOf('2026-12-01T09:30', SANTIAGO)).toBe('2026-12-01T12:30:00.000Z');
    expect(localOf('2026-12-01T12:30:00Z', SANTIAGO)).toBe('2026-12-01T09:30');
  });
  it('that is no time is none', () => {
    for (const wrong of ['', 'mañana', '2026-11-25']) expect(instantOf(wrong, 'America/Bogota')).toBeNull();
  });
});

describe('where clocks change', () => {
  // Chile puts its clocks forward at the midnight before Sunday, 6 September 2026, and back before Sunday, 5 April.
  it('an hour that does not exist is as much later by the new clock', () => {
    expect(instantOf('2026-09-05T23:59', SANTIAGO)).toBe('2026-09-06T03:59:00.000Z');
    expect(instantOf('2026-09-06T00:30', SANTIAGO)).toBe('2026-09-06T04:30:00.000Z');
    expect(localOf('2026-09-06T04:30:00Z', SANTIAGO)).toBe('2026-09-06T01:30');
    expect(instantOf('2026-09-06T01:00', SANTIAGO)).toBe('2026-09-06T04:00:00.000Z');
  });
  it('of an hour that exists twice the first is meant', () => {
    expect(instantOf('2026-04-04T23:30', SANTIAGO)).toBe('2026-04-05T02:30:00.000Z');
    expect(localOf('2026-04-05T02:30:00Z', SANTIAGO)).toBe('2026-04-04T23:30');
    expect(localOf('2026-04-05T03:30:00Z', SANTIAGO)).toBe('2026-04-04T23:30');
    expect(instantOf('2026-04-05T00:00', SANTIAGO)).toBe('2026-04-05T04:00:00.000Z');
  });
  it('an instant comes back as it was, or as the first with the same local time', () => {
    for (const zone of [SANTIAGO, 'America/New_York']) {
      for (let hour = Date.UTC(2026, 0, 1); hour < Date.UTC(2027, 0, 1); hour += 7 * 3_600_000) {
        const instant = new Date(hour).toISOString();
        const local = localOf(instant, zone);
        const again = instantOf(local, zone);
        if (again !== instant) expect(localOf(again ?? '', zone), `${instant} ${zone}`).toBe(local);
      }
    }
  });
});
