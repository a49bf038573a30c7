/** The facts of an event as labelled words: in one line of the audit, or one below the other in a history. */
import { longDate, number, t, tOr } from './i18n';
import { companyName } from './store/session';

const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;
/** Foreign words and names: shown unchanged. */
const VERBATIM = new Set(['body', 'subject', 'provider', 'reference', 'locale', 'time_zone', 'code', 'detail']);
/** Words of a cause, which have sentences of their own. */
const OF_CAUSES = new Set(['class', 'observed', 'phase']);
/** Tells that the text beside it is cut. */
const CUT = 'truncated';
/** Facts that stand beside the others: counts that are 0 say nothing. */
const NESTED = new Set(['audience', 'totals']);
/** Facts that are a handful of facts themselves. */
const SPREAD = new Set(['filter', 'sms', 'limits', 'needs_approval', 'need', 'template']);
/** Ids of companies are shown as names; any other id is linked by the caller. */
const COMPANIES = new Set(['company', 'company_id', 'companies']);

/** The most important facts, shown first; the others follow in their own order. */
const ORDER = [
  'company',
  'channel',
  'recipient_kind',
  'category',
  'subject',
  'body',
  'state',
  'requested_at',
  'send_at',
  'expires_at',
];
const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);

export interface Fact {
  name: string;
  label: string;
  words: string;
}

/** The facts that have words; nested facts are shown beside them. */
export function factsOf(data: unknown): Fact[] {
  if (!isRecord(data)) return [];
  const entries = Object.entries(data).sort(([a], [b]) => rank(a) - rank(b));
  return entries.flatMap(([name, value]) => {
    if (name === CUT) return [];
    if (NESTED.has(name)) return factsOf(value).filter((fact) => fact.words !== number(0));
    if (SPREAD.has(name)) return factsOf(value);
    const words = worded(name, value) + (name === 'body' && data[CUT] === true ? '…' : '');
    return words ? [{ name, label: labelOf(name, value), words }] : [];
  });
}

/** A count agrees with its state: «fallidos: 6». */
const labelOf = (name: string, value: unknown): string =>
  tOr(`fact.${name}`, tOr(`state.${name}`, name, { n: Number(value) }));

/** «destinatarios: 12 · prioridad: alta». */
export const lineOf = (data: unknown): string =>
  typeof data === 'string'
    ? data
    : factsOf(data)
        .map(({ label, words }) => `${label}: ${words}`)
        .join(' · ');

function worded(name: string, value: unknown): string {
  if (typeof value === 'number') return name === 'generation' && value === 1 ? '' : number(value);
  if (typeof value === 'boolean') return value ? t('yes') : '';
  if (typeof value === 'string') return COMPANIES.has(name) ? companyName(value) : text(name, value);
  // A list of clients: in the audit its length, in the event the ids.
  if (name === 'clients' && isRecord(value) && Array.isArray(value.ids)) return number(value.ids.length);
  if (name === 'outcomes' && Array.isArray(value)) return value.filter(isRecord).map(outcome).join(', ');
  if (Array.isArray(value))
    return value
      .map((one) => worded(name, one))
      .filter(Boolean)
      .join(', ');
  return isRecord(value) ? within(value) : '';
}

function text(name: string, value: string): string {
  if (VERBATIM.has(name)) return value;
  if (OF_CAUSES.has(name)) return tOr(`${name}.${value}`, value);
  if (ID.test(value)) return '';
  return MOMENT.test(value) ? longDate(value) : tOr(`value.${value}`, value);
}

/** «3 fallidos (La dirección o el número no existe, 550 5.1.1, principal)». */
function outcome(one: Record<string, unknown>): string {
  const n = Number(one.n ?? 0);
  const words = ['class', 'observed', 'phase', 'code', 'provider']
    .map((name) => worded(name, one[name]))
    .filter(Boolean);
  const state = tOr(`state.${one.outcome}`, String(one.outcome), { n });
  return `${number(n)} ${state.toLowerCase()}${words.length > 0 ? ` (${words.join(', ')})` : ''}`;
}

/** Personal data may be erased or hidden from this reader; the other values are numbers by reason. */
function within(value: Record<string, unknown>): string {
  if (value.erased === true) return t('value.erased');
  if (value.masked === true) return t('value.masked');
  return Object.entries(value)
    .map(([reason, n]) => `${tOr(`reason.${reason}`, reason)} ${worded(reason, n)}`)
    .join(', ');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
