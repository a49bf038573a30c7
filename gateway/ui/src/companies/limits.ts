/** The limits of a company, in the order of the screens. */
import type { CompanyLimits, LimitName, OverLimit } from '../contract';
import { t, tOr } from '../i18n';

export const LIMITS: LimitName[] = [
  'approval_above',
  'sms_per_day',
  'sms_per_month',
  'segments_per_day',
  'segments_per_month',
  'emails_per_day',
  'emails_per_month',
  'foreign_per_day',
  'per_recipient_per_hour',
  'sms_per_second',
  'emails_per_second',
];

/** A value for each limit. */
export function eachLimit<T>(of: (name: LimitName) => T): Record<LimitName, T> {
  return Object.fromEntries(LIMITS.map((name) => [name, of(name)])) as Record<LimitName, T>;
}

/** A company without limits. */
export const NO_LIMITS: CompanyLimits = eachLimit(() => null);

/** The limits as they are written: empty is no limit. */
export type WrittenLimits = Record<LimitName, string>;

export const written = (limits: CompanyLimits): WrittenLimits => eachLimit((name) => String(limits[name] ?? ''));

/** Empty is no limit; undefined if it is no number. */
export function limitOf(text: string): number | null | undefined {
  if (!text.trim()) return null;
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}

/** «Límite de SMS por día: 80 de 100 usados o comprometidos, y hacen falta 21». */
export const overLimit = ({ limit, max, taken, asked }: OverLimit): string =>
  t('limit.over', { limit: tOr(`limit.${limit}`, limit), max, taken, asked });
