/** Which recipients of a notification are shown: in the address, and as the server takes it. */
import { asText, fromAddress, isText } from '../app/address';
import type { Place } from '../app/router';
import type { DeliveryState, FailureCause } from '../contract';
import { STATES } from '../ui/segmented-bar';

/** The words of a cause; one that it lacks is empty. */
export type CauseWords = Pick<FailureCause, 'class' | 'phase' | 'code' | 'observed'>;

export interface RecipientsFilter {
  /** None: where the notification has failures, these; else everybody. */
  state: DeliveryState | 'todos' | '';
  cause: CauseWords | null;
  q: string;
}

/** The states by how much they need a person. */
export const GRAVEST_FIRST: DeliveryState[] = [
  'failed',
  'in_doubt',
  'deferred',
  'suppressed',
  'cancelled',
  'sending',
  'pending',
  'accepted',
  'delivered',
];

/** Between the words of a cause in the address. */
const BETWEEN = '~';

const isState = (word: string): boolean => word === 'todos' || STATES.some((state) => state === word);

export function recipientsInAddress(place: Place): RecipientsFilter {
  return {
    state: fromAddress('estado', isState, place) as RecipientsFilter['state'],
    cause: causeIn(fromAddress('causa', isText, place)),
    q: fromAddress('buscar', isText, place),
  };
}

/** The query of the page's address. */
export const recipientsAddress = ({ state, cause, q }: RecipientsFilter): Record<string, string> => ({
  estado: state,
  causa: cause ? causeText(cause) : '',
  buscar: asText(q),
});

/** The address of the recipients with this cause. */
export function recipientsOf(notification: string, cause: FailureCause): string {
  const query = new URLSearchParams({ estado: cause.outcome });
  const words = causeText(cause);
  if (causeIn(words)) query.set('causa', words);
  return `/notificaciones/${notification}?${query}`;
}

/** As the server takes it: words that a cause lacks are absent. */
export function requestedRecipients(state: DeliveryState | '', { cause, q }: RecipientsFilter) {
  return { state, q: asText(q).trim(), ...(cause ?? {}) };
}

const causeText = ({ class: failure, phase, code, observed }: CauseWords): string =>
  [failure, phase, code, observed].join(BETWEEN);

function causeIn(text: string): CauseWords | null {
  const [failure = '', phase = '', code = '', observed = ''] = text.split(BETWEEN);
  return failure || phase || code || observed ? { class: failure, phase, code, observed } : null;
}
