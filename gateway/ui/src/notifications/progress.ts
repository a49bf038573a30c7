/** The progress in a notification's totals: part done, rate, time left, and final result. */
import type { Notification, NotificationState, Totals } from '../contract';
import { t } from '../i18n';

/** The rate is measured over the last seconds, not over the whole run. */
const WINDOW_MS = 10_000;
const SAMPLES_MAX = 200;

export interface Sample {
  at_ms: number;
  done: number;
}

/** The deliveries with a final state. Cancelled deliveries were never attempted. */
export const doneOf = ({ total, pending, sending, deferred, cancelled }: Totals): number =>
  total - pending - sending - deferred - cancelled;

export function withSample(samples: Sample[], sample: Sample): Sample[] {
  return [...samples.filter((old) => sample.at_ms - old.at_ms <= WINDOW_MS), sample].slice(-SAMPLES_MAX);
}

/** Recipients per second over the window; null with too few samples. */
export function rateOf(samples: Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at_ms - first.at_ms < 1_000) return null;
  return ((last.done - first.done) * 1_000) / (last.at_ms - first.at_ms);
}

/** Deferred deliveries wait for their next attempt: no rate predicts how long. */
export const onlyWaits = ({ pending, deferred }: Totals): boolean => pending === 0 && deferred > 0;

/** Seconds until nothing is pending, at the current rate. */
export function etaOf(totals: Totals, rate: number | null): number | null {
  if (!rate || rate <= 0 || onlyWaits(totals)) return null;
  return (totals.pending + totals.sending) / rate;
}

/** Whether something may still be sent. */
export const isLive = (state: NotificationState): boolean => state !== 'completed' && state !== 'cancelled';

/** The audience is being resolved: the total is not final yet. */
export const isResolving = ({ state, totals }: Pick<Notification, 'state' | 'totals'>): boolean =>
  state === 'resolving' && totals.total === 0;

type Standing = Pick<Notification, 'state' | 'begun_at'>;

/** Nothing is sent, and nobody is in its audience, before it has begun. */
export const isWaiting = ({ state, begun_at }: Standing): boolean => isLive(state) && !begun_at;

/** What is over, or awaits its approval, is not paused. */
export const mayPause = (state: NotificationState): boolean => ['scheduled', 'resolving', 'running'].includes(state);

/** Another person than the author decides. */
export const mayDecide = ({ state, author }: Pick<Notification, 'state' | 'author'>, person: string | undefined) =>
  state === 'awaiting_approval' && author.id !== person;

/** Failed deliveries can be sent again once the notification has ended, and before it expires. */
export function mayRetry(one: Pick<Notification, 'state' | 'totals' | 'expires_at'>, now = Date.now()): boolean {
  const isInTime = !one.expires_at || Date.parse(one.expires_at) > now;
  return one.state === 'completed' && one.totals.failed > 0 && isInTime;
}

type Ended = Pick<Notification, 'state'> & Partial<Pick<Notification, 'begun_at' | 'expires_at' | 'cancelled_at'>>;

/** Nobody cancelled it: its time passed before it began. */
const hasExpired = ({ state, begun_at, expires_at, cancelled_at }: Ended): boolean =>
  state === 'cancelled' &&
  !begun_at &&
  Boolean(expires_at && cancelled_at) &&
  Date.parse(cancelled_at ?? '') >= Date.parse(expires_at ?? '');

/** The sentence about the current state: «Finalizada con 14 fallos». */
export function standing(one: Ended & Pick<Notification, 'totals'> & Partial<Pick<Notification, 'approval'>>): {
  text: string;
  tone: string;
} {
  const { state, totals, approval } = one;
  if (approval?.state === 'rejected') return { text: t('standing.rejected'), tone: 'danger' };
  if (hasExpired(one)) return { text: t('standing.expired'), tone: 'danger' };
  if (state === 'cancelled') return { text: t('standing.cancelled'), tone: '' };
  const asksForSomebody = state === 'paused' || state === 'awaiting_approval';
  if (state !== 'completed') return { text: t(`standing.${state}`), tone: asksForSomebody ? 'warn' : 'info' };
  if (totals.failed > 0 && totals.in_doubt > 0) {
    return {
      text: t('standing.failed_and_doubt', {
        failed: t('standing.failures', { n: totals.failed }),
        n: totals.in_doubt,
      }),
      tone: 'danger',
    };
  }
  if (totals.failed > 0) return { text: t('standing.failed', { n: totals.failed }), tone: 'danger' };
  if (totals.in_doubt > 0) return { text: t('standing.doubt', { n: totals.in_doubt }), tone: 'warn' };
  return { text: t('standing.completed'), tone: 'ok' };
}
