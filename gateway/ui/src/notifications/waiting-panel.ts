/** Whom a notification that has not begun would reach now, with which texts and at which cost: what its approver decides on. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getNotificationPreview } from '../api';
import { overLimit } from '../companies/limits';
import type { Notification, Preview, SmsPreview } from '../contract';
import { money, number, t } from '../i18n';
import { sentence } from '../problem';
import { companyName } from '../store/session';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import '../ui/loading-rows';
import './audience-panel';
import './email-preview';
import './samples-panel';

@customElement('waiting-panel')
export class WaitingPanel extends LitElement {
  static override styles = [
    base,
    css`
      :host { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--s4); }
      dl { display: grid; grid-template-columns: 1fr auto; gap: 6px var(--s4); font-size: var(--text-s); }
      dt { color: var(--ink-3); }
      dd { text-align: right; font-weight: 550; }
    `,
  ];

  @property({ attribute: false }) notification!: Notification;
  @state() private preview: Preview | null = null;
  @state() private failure = '';

  /** Counted again when something happened to the notification. */
  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('notification')) return;
    const before = changed.get('notification');
    const { id, state } = this.notification;
    if (before?.id !== id || before.state !== state) void this.look(id);
  }

  override render() {
    if (this.failure)
      return html`<p class="notice warn">${icon('alert', 18)}<span>${t('waiting.failed', { why: this.failure })}</span></p>`;
    if (!this.preview) return html`<section class="card"><loading-rows></loading-rows></section>`;
    const { audience, sms, samples, over_limit, texts } = this.preview;
    const { channel } = this.notification;
    return html`${over_limit ? html`<p class="notice danger">${icon('alert', 18)}<span>${overLimit(over_limit)}</span></p>` : nothing}
      ${texts.unsendable > 0 ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('confirm.unsendable', { n: texts.unsendable })}</span></p>` : nothing}
      <audience-panel .audience=${audience} channel=${channel} ready nofile></audience-panel>
      ${sms ? cost(sms) : nothing} ${channel === 'email' ? this.mail() : nothing}
      <samples-panel .samples=${samples} open></samples-panel>`;
  }

  /** As the first person gets it. */
  private mail() {
    const sample = this.preview?.samples[0];
    if (!sample) return nothing;
    return html`<email-preview
      subject=${sample.subject ?? ''}
      text=${sample.body}
      .mail=${sample.html}
      sender=${companyName(this.notification.company_id)}
    ></email-preview>`;
  }

  private async look(id: string): Promise<void> {
    this.failure = '';
    try {
      const preview = await getNotificationPreview(id);
      if (id === this.notification.id) this.preview = preview;
    } catch (error) {
      if (id === this.notification.id) this.failure = sentence(error);
    }
  }
}

/** What the SMS take. */
const cost = ({ segments_total, segments_min, segments_typical, segments_max, cost }: SmsPreview) => {
  const range =
    segments_min === segments_max
      ? number(segments_max)
      : t('sms.range', { min: segments_min, typical: segments_typical, max: segments_max });
  return html`<section class="card pad" aria-label=${t('waiting.cost')}>
    <dl>
      <dt>${t('sms.segments')}</dt><dd class="num">${range}</dd>
      <dt>${t('sms.total')}</dt><dd class="num">${number(segments_total)}</dd>
      <dt>${t('sms.cost')}</dt><dd class="num">${cost ? money(cost) : t('waiting.no_price')}</dd>
    </dl>
  </section>`;
};
