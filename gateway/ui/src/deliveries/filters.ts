/** The filters of «Envíos»: in the address, in the fields, and as the server takes them. */
import { fromAddress, isDay, isId, isText, startOfDay } from '../app/address';
import { CHANNELS } from '../channels';
import type { DeliveryFilter } from '../contract';
import { STATES } from '../ui/segmented-bar';

/** Failed ones that a person has discarded: a list of its own in place of a state. */
export const DISCARDED = 'discarded';
/** The kinds of failure, and the reasons why nothing is sent. */
export const CLASSES = [
  'permanent_address',
  'permanent_content',
  'policy_reputation',
  'config_auth',
  'transient',
  'throttled',
  'expired',
  'unknown',
  'opted_out',
  'suppressed',
  'too_often',
  'erased',
] as const;

/** Filter by its name in the address. */
const NAMES = {
  company: 'empresa',
  client: 'cliente',
  to: 'direccion',
  state: 'estado',
  class: 'causa',
  provider: 'proveedor',
  channel: 'medio',
  from: 'desde',
  until: 'hasta',
} as const;
export type Name = keyof typeof NAMES;
export type Filters = Record<Name, string>;
const NAMED = Object.entries(NAMES) as [Name, string][];

const oneOf = (words: readonly string[]) => (value: string) => words.includes(value);
const FITS: Record<Name, (value: string) => boolean> = {
  company: isId,
  client: isId,
  to: isText,
  state: oneOf([...STATES, DISCARDED]),
  class: oneOf(CLASSES),
  provider: isText,
  channel: oneOf(CHANNELS),
  from: isDay,
  until: isDay,
};

export function filtersInAddress(): Filters {
  return Object.fromEntries(NAMED.map(([name, shown]) => [name, fromAddress(shown, FITS[name])])) as Filters;
}

/** The query of the page's address. */
export const addressOf = (filters: Filters): Record<string, string> =>
  Object.fromEntries(NAMED.map(([name, shown]) => [shown, filters[name]]));

/** As the server takes them. Days are whole, in the reader's zone; the server leaves out what `to_time` itself names. */
export function requested({ state, from, until, ...rest }: Filters): DeliveryFilter {
  const standing = state === DISCARDED ? { discarded: true } : { state };
  const all = { ...rest, ...standing, from: startOfDay(from, 0), to_time: startOfDay(until, 1) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}
