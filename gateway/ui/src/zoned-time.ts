/**
 * Local times of a company's zone and the instants that they mean.
 *
 * Where clocks change, one meaning holds, that of RFC 5545 (3.3.5): a time that does not exist is counted as if the clock
 * had not been put forward yet, so that it is as much later by the new one; of a time that exists twice the first is meant.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const LOCAL = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/;

/** «2026-09-06T00:30» in a zone as an instant in UTC; null if it is no time. */
export function instantOf(local: string, zone: string): string | null {
  const wall = wallOf(local);
  if (wall === null) return null;
  const [before, after] = [offsetAt(wall - DAY_MS, zone), offsetAt(wall + DAY_MS, zone)];
  const candidates = [wall - before, wall - after].sort((a, b) => a - b);
  const real = candidates.find((instant) => instant + offsetAt(instant, zone) === wall);
  return new Date(real ?? wall - before).toISOString();
}

/** An instant as a local time of a zone, as a field for date and time has it. */
export function localOf(instant: string, zone: string): string {
  const at = Date.parse(instant);
  return new Date(at + offsetAt(at, zone)).toISOString().slice(0, 16);
}

/** The milliseconds that read like UTC what the clock of some place shows. */
function wallOf(local: string): number | null {
  const [, year, month, day, hour, minute] = LOCAL.exec(local) ?? [];
  if (!year) return null;
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
}

/** How far a zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(instant / 1_000) * 1_000;
}
