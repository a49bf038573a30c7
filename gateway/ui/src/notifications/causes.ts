/**
 * Why deliveries stand where they stand: sentences made of the words that events hold, grouped. What the provider said,
 * its code and its text, stays beside as it is. A word that is not known here shows itself.
 */
import type { Attempt, FailureCause } from '../contract';
import { t, tOr } from '../i18n';

/** The outcomes that have a cause, the gravest first. */
export const REASONED = ['failed', 'in_doubt', 'deferred', 'suppressed'] as const;
export type Reasoned = (typeof REASONED)[number];

export interface Cause {
  code: string;
  words: string;
  count: number;
  /** As the server names it. */
  of: FailureCause;
}
export interface CauseGroup {
  outcome: Reasoned;
  causes: Cause[];
}

/** The server's groups in words, by outcome; in each the most frequent first. */
export function causesOf(all: FailureCause[]): CauseGroup[] {
  return REASONED.map((outcome) => ({ outcome, causes: causesWith(outcome, all) })).filter(
    ({ causes }) => causes.length > 0,
  );
}

function causesWith(outcome: Reasoned, all: FailureCause[]): Cause[] {
  return all
    .filter((cause) => cause.outcome === outcome)
    .map((cause) => ({
      code: cause.code,
      words: causeSentence(cause),
      count: cause.count,
      of: cause,
    }))
    .sort((a, b) => b.count - a.count);
}

/** A cause in words. Nothing tells apart those in doubt, so they say where to look. */
export const causeSentence = (cause: Omit<FailureCause, 'count'>): string =>
  cause.outcome === 'in_doubt' ? t('cause.in_doubt') : wordsOf({ ...cause, detail: '' });

/** The cause of an attempt without success. */
export function causeOf(one: Attempt): string {
  const { outcome, class: failure, phase, code, observed, detail } = one;
  return wordsOf({
    outcome,
    class: failure ?? '',
    phase: phase ?? '',
    code: code ?? '',
    observed: observed ?? '',
    detail: detail ?? '',
  });
}

/** Whether an attempt has a cause to be shown: what went well has none. */
export const hasCause = ({ outcome }: Attempt): boolean =>
  outcome === 'passed_on' || REASONED.some((reasoned) => reasoned === outcome);

/**
 * The further details of an attempt, without repeating the cause that is shown. Of a doubt that a person ended they have the
 * person's reason.
 */
export function remarksOf(one: Attempt): string[] {
  const seen = observation(one.observed ?? '', one.phase ?? '');
  const said = [one.provider, one.code, seen, one.detail, one.reference];
  const shown = hasCause(one) ? causeOf(one) : '';
  return said.filter((words): words is string => Boolean(words) && words !== shown);
}

/** What the dispatcher observed, and in which phase: «El proveedor cerró la conexión (al dar el destinatario)». */
export function observation(observed: string, phase: string): string {
  return observed && tOr(`observed.${observed}`, observed) + during(phase);
}

function during(phase: string): string {
  return phase && ` (${tOr(`phase.${phase}`, phase)})`;
}

type Known = Omit<FailureCause, 'count'> & { detail: string };

/**
 * By what was observed, then by the class. A provider's code has its meaning in Rust's verdict only, which says it by
 * these words: here it would be guessed a second time. Without a known word the provider's own text is shown.
 */
function wordsOf({ outcome, class: failure, phase, observed, detail }: Known): string {
  if (outcome === 'in_doubt') return t('class.in_doubt');
  if (observed) return observation(observed, phase);
  if (!failure || failure === 'unknown') return detail || t('class.unknown') + during(phase);
  return tOr(`class.${failure}`, [failure, detail].filter(Boolean).join(': '));
}
