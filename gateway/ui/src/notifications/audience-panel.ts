/** The audience of a notification: total, reachable, and excluded with the reasons. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Audience, Channel, SmsPreview } from '../contract';
import { money, number, t, tOr } from '../i18n';
import { base } from '../ui/base';
import { icon } from '../ui/icons';

@customElement('audience-panel')
export class AudiencePanel extends LitElement {
  static override styles = [
    base,
    css`
      .card { padding: var(--s5); transition: opacity 150ms; }
      h2 { display: flex; align-items: center; gap: var(--s2); margin-bottom: var(--s4); }
      .reach { display: flex; align-items: baseline; gap: var(--s2); }
      .reach b { font-size: 2.5rem; line-height: 1; font-weight: 600; letter-spacing: -0.03em; }
      .bar { height: 8px; margin: var(--s4) 0; border-radius: 4px; background: var(--surface-3); overflow: hidden; }
      .bar i { display: block; height: 100%; border-radius: 4px; background: var(--accent); transition: width 250ms; }
      .small + dl { margin-top: var(--s2); }
      dl { display: grid; grid-template-columns: 1fr auto; gap: 6px var(--s4); font-size: var(--text-s); color: var(--ink-2); }
      dd { text-align: right; font-weight: 550; color: var(--ink); }
      .repeated, .file { margin-top: var(--s3); }
      .cost { margin-top: var(--s4); padding-top: var(--s3); border-top: 1px solid var(--line); font-size: var(--text-m); }
      .busy { opacity: 0.6; }
    `,
  ];

  @property({ attribute: false }) audience: Audience | null = null;
  /** What the texts take, once there are some. */
  @property({ attribute: false }) sms: SmsPreview | null = null;
  @property() channel: Channel = 'sms';
  @property({ type: Boolean }) busy = false;
  /** The audience could not be counted. */
  @property({ type: Boolean }) failed = false;
  /** The form has enough fields to preview the audience. */
  @property({ type: Boolean }) ready = false;
  /** There is no file of the excluded. */
  @property({ type: Boolean }) nofile = false;

  override render() {
    return html`<section class="card ${this.busy && this.audience ? 'busy' : ''}" aria-labelledby="audience">
      <h2 id="audience">${icon('users')}${t('audience.title')}</h2>
      <div aria-live="polite">${this.audience ? this.numbers(this.audience) : html`<p class="muted">${this.waiting()}</p>`}</div>
    </section>`;
  }

  private waiting(): string {
    if (!this.ready) return t('audience.choose');
    return this.failed ? t('audience.failed') : t('audience.counting');
  }

  private numbers({ total, reachable, excluded, duplicates }: Audience) {
    const share = total > 0 ? (reachable / total) * 100 : 0;
    const reasons = Object.entries(excluded).filter(([, n]) => n > 0);
    return html`<p class="reach"><b class="num">${number(reachable)}</b><span class="muted">${t('audience.of', { n: total })}</span></p>
      <div class="bar" aria-hidden="true"><i .style=${`width:${share}%`}></i></div>
      ${reasons.length ? this.leftOut(reasons) : html`<p class="small muted">${t('audience.all_reached')}</p>`}
      ${duplicates > 0 ? html`<p class="small muted repeated">${t('audience.duplicates', { n: duplicates })}</p>` : nothing}
      ${this.sms ? cost(this.sms) : nothing}`;
  }

  private leftOut(reasons: [string, number][]) {
    return html`<p class="small strong">${t('audience.excluded')}</p>
      <dl>
        ${reasons.map(([reason, n]) => html`<dt>${tOr(`reason.${reason}`, t('reason.other'))}</dt><dd class="num">${number(n)}</dd>`)}
      </dl>
      ${this.nofile ? nothing : html`<button class="link-button small file" type="button" @click=${() => this.dispatchEvent(new CustomEvent('excluded-wanted'))}>${t('audience.file')}</button>`}`;
  }
}

const cost = ({ segments_total, cost }: SmsPreview) => html`<dl class="cost">
  <dt>${t('sms.total')}</dt><dd class="num">${number(segments_total)}</dd>
  ${cost ? html`<dt>${t('sms.cost')}</dt><dd class="num">${money(cost)}</dd>` : nothing}
</dl>`;
