/** Sentences about providers: their state, why they rest, and why traffic was moved. */
import type { Provider, ProviderChange } from '../contract';
import { duration, number, shortDate, t, tOr } from '../i18n';

const TONES = { ready: 'ok', probing: 'info', resting: 'danger' } as const;

/** The state in a word; a pause is shown before everything else. */
export function standing({ state, paused }: Provider): { text: string; tone: string } {
  if (paused) return { text: t('providers.paused'), tone: 'warn' };
  return { text: t(`providers.${state}`), tone: TONES[state] };
}

/** Why the provider rests or is probed, and until when; empty if all is well. */
export function reasonOf({ cause, rests_until }: Provider): string {
  if (!cause) return '';
  const why = tOr(`providers.cause.${cause}`, cause);
  return rests_until ? `${why} ${t('providers.until', { at: shortDate(rests_until) })}` : why;
}

/** What a pause, its end or a move of traffic was, in one sentence. */
export function changeText({ type, data }: ProviderChange): string {
  if (type === 'ProviderPaused') return t('providers.change.paused', { reason: reasonText(data.reason) });
  if (type === 'ProviderResumed') return t('providers.change.resumed');
  const { from = 0, to = 0, cause = '' } = data;
  return `${t('providers.change.moved', { from, to })} ${movedBecause(cause, data)}`.trim();
}

function movedBecause(cause: string, { bad = 0, of = 0, slow_after_ms }: ProviderChange['data']): string {
  const after = duration((slow_after_ms ?? 0) / 1_000);
  return tOr(`providers.because.${cause}`, cause, { bad: number(bad), n: of, after });
}

/** The words that somebody wrote; an erased text has none. */
const reasonText = (reason: unknown): string => (typeof reason === 'string' ? reason : '—');

/** The channels of which every provider is paused: nothing is sent there. */
export function haltedChannels(providers: Provider[]): Provider['channel'][] {
  const channels = [...new Set(providers.map((one) => one.channel))];
  return channels.filter((channel) => providers.every((one) => one.channel !== channel || one.paused));
}
