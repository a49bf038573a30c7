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
}
export interface CauseGroup {
  outcome: Reasoned;
  causes: Cause[];
}

/**
 * The server's groups in words, by outcome; in each the most frequent first. Nothing tells apart those in doubt, so
 * they say where to look.
 */
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
      words: outcome === 'in_doubt' ? t('cause.in_doubt') : wordsOf({ ...cause, detail: '' }),
      count: cause.count,
    }))
    .sort((a, b) => b.count - a.count);
}

/** Patterns of SMTP replies and SMS codes, from the table of provider errors; the first match wins. */
const WORDS: [RegExp, string][] = [
  [/\b[45]\.2\.2\b/, 'cause.mailbox_full'],
  [/\b5\.1\.\d|\b5\.2\.1\b|^(521|550|551|553|556)\b/, 'cause.no_mailbox'],
  [/\b5\.7\.\d/, 'cause.policy'],
  [/\b5\.3\.4\b|\b5\.6\.\d|^552\b|^554\b/, 'cause.content'],
  [/^(421|450|451|452)\b|\b4\.\d\.\d/, 'cause.busy'],
  [/^(21211|21614|21635|30005|30006)$/, 'cause.bad_number'],
  [/^(30004|30007|21408)$/, 'cause.blocked'],
  [/^30003$/, 'cause.unreachable'],
  [/^(30001|20429|429)$/, 'cause.throttled'],
  [/^(20003|401|530|535)\b/, 'cause.credentials'],
];

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

/** The further details of an attempt, without repeating the cause. */
export function remarksOf(one: Attempt): string[] {
  const seen = observation(one.observed ?? '', one.phase ?? '');
  const said = [one.provider, one.code, seen, one.detail, one.reference];
  return said.filter((words): words is string => Boolean(words) && words !== causeOf(one));
}

/** What the dispatcher observed, and in which phase: «El proveedor cerró la conexión (al dar el destinatario)». */
export function observation(observed: string, phase: string): string {
  if (!observed) return '';
  const where = phase ? ` (${tOr(`phase.${phase}`, phase)})` : '';
  return tOr(`observed.${observed}`, observed) + where;
}

type Known = Omit<FailureCause, 'count'> & { detail: string };

/** By the dispatcher's observation, the provider's code, an enhanced status in its text, then the class. */
function wordsOf({ outcome, class: failure, phase, code, observed, detail }: Known): string {
  if (outcome === 'in_doubt') return t('class.in_doubt');
  if (observed) return observation(observed, phase);
  const enhanced = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(`${code} ${detail}`)?.[0] ?? '';
  const found = WORDS.find(([pattern]) => pattern.test(enhanced)) ?? WORDS.find(([pattern]) => pattern.test(code));
  const unknown = failure && failure !== 'unknown' ? failure : detail || t('cause.unknown');
  return tOr(found?.[1] ?? `class.${failure === 'unknown' ? '' : failure}`, unknown);
}
