/** Why deliveries failed, in human words, grouped: the provider's code stays beside. */
import type { Attempt, FailureCause } from '../contract';
import { t, tOr } from '../i18n';

export interface Cause {
  code: string;
  words: string;
  count: number;
}

/** The server's groups in words, most frequent first. */
export function causesOf(causes: FailureCause[]): Cause[] {
  return causes
    .map((cause) => ({ code: cause.code, words: wordsOf(cause.code, '', cause.class), count: cause.count }))
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
  [/^21610$/, 'cause.opted_out'],
  [/^(30004|30007|21408)$/, 'cause.blocked'],
  [/^30003$/, 'cause.unreachable'],
  [/^(30001|20429|429)$/, 'cause.throttled'],
  [/^(20003|401|530|535)\b/, 'cause.credentials'],
];

export function causeOf(attempt: Attempt | undefined): string {
  return attempt ? wordsOf(attempt.code ?? '', attempt.detail ?? '', attempt.class ?? '') : t('cause.unknown');
}

/** By the code, then by an enhanced status inside the text, then by the class of the failure. */
function wordsOf(code: string, detail: string, failure: string): string {
  const enhanced = /\b[45]\.\d{1,3}\.\d{1,3}\b/.exec(`${code} ${detail}`)?.[0] ?? '';
  const found = WORDS.find(([pattern]) => pattern.test(enhanced)) ?? WORDS.find(([pattern]) => pattern.test(code));
  return tOr(found?.[1] ?? `class.${failure}`, detail || t('cause.unknown'));
}
