/** The progress of a notification: one colour for each state, with the numbers beside. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { DeliveryState, Totals } from '../contract';
import { number, t } from '../i18n';
import { base } from './base';

/** The order of the segments: final states first, open ones last. */
export const STATES: DeliveryState[] = [
  'delivered',
  'accepted',
  'sending',
  'in_doubt',
  'deferred',
  'failed',
  'suppressed',
  'cancelled',
  'pending',
];

@customElement('segmented-bar')
export class SegmentedBar extends LitElement {
  static override styles = [
    base,
    css`
      .bar { display: flex; gap: 2px; height: 12px; border-radius: 6px; overflow: hidden; background: var(--surface-3); }
      :host([thin]) .bar { height: 6px; }
      .bar i { min-width: 3px; transition: flex-grow 400ms ease-out; }
      ul { display: flex; flex-wrap: wrap; gap: var(--s3) var(--s5); margin-top: var(--s4); }
      li { display: grid; grid-template-columns: auto auto; column-gap: 8px; align-items: center; }
      li b { font-size: var(--text-l); font-weight: 600; line-height: 1.1; }
      li span { grid-column: 2; font-size: var(--text-s); color: var(--ink-3); }
      .dot { width: 10px; height: 10px; border-radius: 3px; }
      .delivered { background: var(--state-delivered); } .accepted { background: var(--state-accepted); }
      .sending { background: var(--state-sending); } .in_doubt { background: var(--state-in_doubt); }
      .deferred { background: var(--state-deferred); } .failed { background: var(--state-failed); }
      .suppressed { background: var(--state-suppressed); } .cancelled { background: var(--state-cancelled); }
      .pending { background: var(--state-pending); }
    `,
  ];

  @property({ attribute: false }) totals: Totals | null = null;
  /** Without the numbers: for rows of a list. */
  @property({ type: Boolean, reflect: true }) thin = false;

  override render() {
    const totals = this.totals;
    if (!totals) return nothing;
    const present = STATES.filter((state) => totals[state] > 0);
    return html`<div class="bar" role="img" aria-label=${spoken(totals)}>
        ${present.map((state) => html`<i class=${state} .style=${`flex-grow:${totals[state]};flex-basis:0`}></i>`)}
      </div>
      ${this.thin ? nothing : this.legend(totals, present)}`;
  }

  private legend(totals: Totals, present: DeliveryState[]) {
    return html`<ul>
      ${present.map(
        (state) =>
          html`<li><i class="dot ${state}"></i><b class="num">${number(totals[state])}</b><span>${t(`state.${state}`, { n: totals[state] })}</span></li>`,
      )}
    </ul>`;
  }
}

function spoken(totals: Totals): string {
  const parts = STATES.filter((state) => totals[state] > 0).map(
    (state) => `${number(totals[state])} ${t(`state.${state}`, { n: totals[state] })}`,
  );
  return parts.length ? parts.join(', ') : t('totals.none');
}
