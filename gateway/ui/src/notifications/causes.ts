/** Why deliveries stand where they stand, in human words, grouped: the provider's code stays beside. */
import type { Attempt, FailureCause } from '../contract';
import { t, tOr } from '../i18n';
import { detailWords, ownCode } from '../own-words';

/** The outcomes that need a reason, the gravest first. */
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
      code: providersCode(cause.code),
      words: outcome === 'in_doubt' ? t('cause.in_doubt') : wordsOf({ ...cause, detail: '' }),
      count: cause.count,
    }))
    .sort((a, b) => b.count - a.count);
}

/** Patterns of SMTP replies and SMS codes, from the table of provider errors; the first that fits wins. */
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

/** Why an attempt did not end well. */
export function causeOf({ outcome, class: failure, code, detail }: Attempt): string {
  return wordsOf({ outcome, class: failure ?? '', code: code ?? '', detail: detail ?? '' });
}

/** What else is known of an attempt, without saying the cause twice. */
export function remarksOf(one: Attempt): string[] {
  const detail = detailWords(one.detail ?? '');
  const said = [one.provider, providersCode(one.code ?? ''), detail, one.reference];
  return said.filter((words): words is string => Boolean(words) && words !== causeOf(one));
}

/** By our own code, by the provider's, by an enhanced status inside its text, then by the class of the failure. */
function wordsOf({ outcome, class: failure, code, detail }: Omit<FailureCause, 'count'> & { detail: string }): string {
  if (outcome === 'in_doubt') return t('class.in_doubt');
  const enhanced = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(`${code} ${detail}`)?.[0] ?? '';
  const found = WORDS.find(([pattern]) => pattern.test(enhanced)) ?? WORDS.find(([pattern]) => pattern.test(code));
  return ownCode(code) ?? tOr(found?.[1] ?? `class.${failure}`, detailWords(detail) || t('cause.unknown'));
}

/** Ours are words already. */
const providersCode = (code: string): string => (ownCode(code) === null ? code : '');
