/** A send whose answer was lost: kept for this tab, so that the same form sends the same request with the same key. */
import type { NotificationRequest } from '../contract';
import { me } from '../store/session';
import type { Memory, Unanswered } from '../store/submission';

const storedAs = () => `mensajeria.send.${me()?.id ?? ''}`;

export const sendMemory: Memory = {
  recall() {
    const stored = sessionStorage.getItem(storedAs());
    return stored ? (JSON.parse(stored) as Unanswered) : null;
  },
  keep(unanswered) {
    if (unanswered) sessionStorage.setItem(storedAs(), JSON.stringify(unanswered));
    else sessionStorage.removeItem(storedAs());
  },
};

/**
 * The request as it was sent before, if only its token differs: another preview gives another token, and the server
 * takes a repeated key only with the body that it came with.
 */
export function asSentBefore(request: NotificationRequest): NotificationRequest {
  const before = unansweredRequest();
  return before && isSame(before, request) ? before : request;
}

/** The request whose answer was lost, if there is one. */
export function unansweredRequest(): NotificationRequest | null {
  const before = sendMemory.recall();
  return before && (JSON.parse(before.body) as NotificationRequest);
}

/** Whether two requests tell the same people the same. */
export const isSame = (one: NotificationRequest, other: NotificationRequest): boolean =>
  withoutToken(one) === withoutToken(other);

function withoutToken({ confirm_token: _, ...request }: NotificationRequest): string {
  return JSON.stringify(request);
}
