/** The words of the screens in the reader's language, and dates and numbers by Intl. */
import type { Catalogue, Key } from './es';

export const LANGUAGES = { es: 'Español', en: 'English', pt: 'Português' } as const;
export type Language = keyof typeof LANGUAGES;
type Values = Record<string, string | number>;

const STORED = 'mensajeria.language';
/** Each catalogue is a file of its own: a browser loads one. */
const catalogues: Record<Language, () => Promise<Catalogue>> = {
  es: async () => (await import('./es')).es,
  en: async () => (await import('./en')).en,
  pt: async () => (await import('./pt')).pt,
};
/** How Intl knows the language: the Portuguese is Brazil's. */
const LOCALES: Record<Language, string> = { es: 'es', en: 'en', pt: 'pt-BR' };

let current: Language = 'es';
let locale = LOCALES.es;
let catalogue = {} as Catalogue;

export const language = (): Language => current;

/** Loads the words of the language that the user has chosen in this browser, or else that the browser prefers. */
export const startLanguage = (): Promise<void> => useLanguage(chosen() ?? preferred(navigator.languages));

export async function useLanguage(next: Language): Promise<void> {
  current = next;
  locale = LOCALES[next];
  document.documentElement.lang = locale;
  catalogue = await catalogues[next]();
}

/** Every text on the page changes, so the page starts again. */
export function changeLanguage(next: Language): void {
  localStorage.setItem(STORED, next);
  location.reload();
}

function chosen(): Language | null {
  const value = localStorage.getItem(STORED);
  return value && value in LANGUAGES ? (value as Language) : null;
}

/** The first of the browser's languages that the app speaks, in any region; Spanish when there is none. */
export function preferred(languages: readonly string[]): Language {
  const spoken = languages.map((tag) => tag.split('-')[0]?.toLowerCase() ?? '').find((tag) => tag in LANGUAGES);
  return (spoken as Language | undefined) ?? 'es';
}

/** The text of a key. `{name}` is replaced; a text with plurals chooses by the value `n`. */
export function t(key: Key, values: Values = {}): string {
  const entry = catalogue[key];
  const text = typeof entry === 'string' ? entry : (entry[plural(Number(values.n ?? 0))] ?? entry.other);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => shown(values[name]) ?? whole);
}

/** The text of a key made at run time, or the fallback when the catalogue does not know it. */
export function tOr(key: string, fallback: string, values: Values = {}): string {
  return key in catalogue ? t(key as Key, values) : fallback;
}

function plural(n: number): 'one' | 'other' {
  return new Intl.PluralRules(locale).select(n) === 'one' ? 'one' : 'other';
}

function shown(value: string | number | undefined): string | undefined {
  return typeof value === 'number' ? number(value) : value;
}

/** 1284 → «1.284»: Spanish would otherwise leave four digits together. */
export function number(value: number): string {
  return new Intl.NumberFormat(locale, { useGrouping: 'always', maximumFractionDigits: 1 } as never).format(value);
}

export function list(items: string[]): string {
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(items);
}

/** CO → «Colombia». */
export function countryName(code: string): string {
  return new Intl.DisplayNames(locale, { type: 'region' }).of(code) ?? code;
}

/** pt-BR → «portugués de Brasil». */
export function languageName(code: string): string {
  return new Intl.DisplayNames(locale, { type: 'language' }).of(code) ?? code;
}

const format = (options: Intl.DateTimeFormatOptions, at: string) =>
  new Intl.DateTimeFormat(locale, { hourCycle: 'h23', ...options }).format(new Date(at));
const time = { hour: '2-digit', minute: '2-digit' } as const;

export const isToday = (at: string, now = new Date()): boolean => new Date(at).toDateString() === now.toDateString();

/** Today the hour, this year the day, otherwise the year too. */
export function shortDate(at: string, now = new Date()): string {
  const date = new Date(at);
  if (isToday(at, now)) return format(time, at);
  const sameYear = date.getFullYear() === now.getFullYear();
  return format({ day: 'numeric', month: 'short', ...(sameYear ? time : { year: 'numeric' }) }, at);
}
/** «Hoy», «Ayer», «lunes, 30 de noviembre»; another year is named. */
export function dayName(at: string, now = new Date()): string {
  const day = new Date(at);
  if (isToday(at, now)) return t('day.today');
  if (isToday(at, new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return t('day.yesterday');
  const year = day.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return format({ weekday: 'long', day: 'numeric', month: 'long', ...year }, at);
}
export const longDate = (at: string) => format({ dateStyle: 'long', timeStyle: 'short' }, at);
/** In the clock of a zone, with the zone's name: «domingo, 6 de septiembre de 2026, 01:30 GMT-3». */
export const dateIn = (zone: string, at: string) =>
  format(
    { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', ...time, timeZone: zone, timeZoneName: 'short' },
    at,
  );
/** 12345678 millionths of a dollar → «12,35 US$»; small sums with up to four decimals. */
export function money({ amount, currency }: { amount: number; currency: string }): string {
  const whole = amount / 1_000_000;
  const digits = Math.abs(whole) < 1 ? 4 : 2;
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(whole);
}

/** A day without an hour: «30 nov 2026». */
export const dayOf = (day: string) =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));

export const exactTime = (at: string) => format({ day: '2-digit', month: 'short', ...time, second: '2-digit' }, at);

/** 75 s → «1 min 15 s». */
export function duration(seconds: number): string {
  const s = Math.max(1, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ''}`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Without accents and case: "jose" finds José. */
export function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
