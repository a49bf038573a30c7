/** The timeline of a delivery: its state, and its attempts. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Attempt, Delivery, DeliveryState } from '../contract';
import { isToday, shortDate, t, tOr } from '../i18n';
import { whenExactly } from '../ui/when';
import { causeOf, hasCause, remarksOf } from './causes';

export const timelineStyles = css`
  .pill.state { background: color-mix(in srgb, var(--state) 16%, var(--surface)); color: color-mix(in srgb, var(--state) 30%, var(--ink)); }
  .pill.state::before { content: ""; width: 8px; height: 8px; border-radius: 2px; background: var(--state); }
  .timeline li { position: relative; padding: 0 0 var(--s3) var(--s5); border-left: 2px solid var(--line); }
  .timeline li:last-child { padding-bottom: 0; }
  .timeline li::before { content: ""; position: absolute; left: -6px; top: 7px; width: 10px; height: 10px; border-radius: 50%; background: var(--state, var(--state-pending)); box-shadow: 0 0 0 3px var(--surface); }
`;

/** An outcome has the same colour as in the bar; a refusal after which another provider was asked looks like a deferral. */
const colourOf = (outcome: string): string => `--state: var(--state-${outcome === 'passed_on' ? 'deferred' : outcome})`;

export const statePill = (state: DeliveryState): TemplateResult =>
  html`<span class="pill state" .style=${colourOf(state)}>${t(`state.${state}`, { n: 1 })}</span>`;

export function timeline(one: Delivery): TemplateResult {
  if (one.attempts.length === 0) return html`<p class="none">${t('deliveries.no_attempts')}</p>`;
  return html`<ol class="timeline">${one.attempts.map((tried) => attempt(tried, againWords(one, tried)))}</ol>`;
}

function attempt(one: Attempt, again: string) {
  return html`<li .style=${colourOf(one.outcome)}>
    <p><span class="strong">${tOr(`outcome.${one.outcome}`, one.outcome)}</span> <span class="muted">${whenExactly(one.at)}</span></p>
    ${hasCause(one) ? html`<p>${causeOf(one)}</p>` : nothing}
    ${again ? html`<p>${again}</p>` : nothing}
    <p class="small muted wrap">${remarksOf(one).join(' · ')}</p>
  </li>`;
}

/** When the next attempt is due, if there is one. */
export function againWords({ state, attempts }: Delivery, one: Attempt): string {
  if (state !== 'deferred' || !one.until || one !== attempts.at(-1)) return '';
  const moment = shortDate(one.until);
  return isToday(one.until) ? t('deliveries.again_at', { time: moment }) : t('deliveries.again_on', { date: moment });
}
