/** The filters in the address. Anybody may edit an address: invalid ids, days and choices are ignored. */
import { type Place, place } from './router';

/** The server's limit for a search text, in characters. */
export const TEXT_MAX = 200;
/** Days that can be asked for: the one after the last still has a year of four digits, in every time zone. */
export const FIRST_DAY = '1970-01-01';
export const LAST_DAY = '9998-12-31';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const CONTROL = /\p{Cc}/u;

/** The value of a filter, or nothing if it is invalid. */
export function fromAddress(name: string, fits: (value: string) => boolean, { query }: Place = place.get()): string {
  const value = query.get(name) ?? '';
  return fits(value) ? value : '';
}

/** A moment's day in the reader's zone, as the address has it: «2026-11-30». */
export function dayInAddress(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export const isId = (value: string): boolean => ID.test(value);

/** Typed or pasted text as a search text: control characters, such as a table's tabs, become spaces. */
export const asText = (typed: string): string => typed.replace(/\p{Cc}/gu, ' ');

export const isText = (value: string): boolean => value.length <= TEXT_MAX && !CONTROL.test(value);

/** The start of a day in the reader's zone, or of the one so many days later; an incomplete date filters nothing. */
export function startOfDay(day: string, after: number): string {
  if (!isDay(day)) return '';
  const begins = new Date(`${day}T00:00:00`);
  begins.setDate(begins.getDate() + after);
  return begins.toISOString();
}

export function isDay(value: string): boolean {
  if (!DAY.test(value) || value < FIRST_DAY || value > LAST_DAY) return false;
  // `Date` would read 30 February as a day of March.
  return new Date(`${value}T00:00:00`).getDate() === Number(value.slice(-2));
}
