/** The cost of the text as SMS: encoding, characters left, parts, and how to make it cheaper. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { SmsPreview } from '../contract';
import { number, t } from '../i18n';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { countSms, legible, type SmsCount, transliterate } from './sms';

/** Characters named at once; a text in another script has too many to name. */
const NAMED_MAX = 12;

@customElement('sms-panel')
export class SmsPanel extends LitElement {
  static override styles = [
    base,
    css`
      :host { margin-top: calc(-1 * var(--s3)); }
      dl { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s5); font-size: var(--text-s); }
      dl div { display: flex; gap: 6px; }
      dt { color: var(--ink-3); }
      dd { font-weight: 550; }
      .notice { margin-top: var(--s3); align-items: center; flex-wrap: wrap; }
      .notice .grow { flex: 1 1 220px; }
      .chars { display: inline-flex; flex-wrap: wrap; gap: 4px; }
      .chars code { min-width: 24px; padding: 0 6px; border-radius: 6px; background: color-mix(in srgb, currentColor 14%, transparent); font: 600 var(--text-s) var(--font); text-align: center; }
    `,
  ];

  @property() text = '';
  /** «Optimizar sin tildes» is on. */
  @property({ type: Boolean }) cheap = false;
  /** The server's count over the real audience. */
  @property({ attribute: false }) sms: SmsPreview | null = null;
  /** Of how many people the texts were counted, if not of all. */
  @property({ attribute: false }) sample: number | null = null;

  override render() {
    const sent = this.cheap ? transliterate(this.text) : this.text;
    const count = countSms(sent);
    return html`<dl>
        ${pair(t('sms.encoding'), count.encoding === 'gsm7' ? t('sms.gsm7') : t('sms.ucs2'))}
        ${pair(t('sms.left'), number(count.left))} ${pair(t('sms.segments'), this.segments(count))}
      </dl>
      ${this.sms && this.sample !== null ? html`<p class="small muted">${t('sms.sample', { n: this.sample })}</p>` : nothing}
      <div aria-live="polite">
        ${this.cheap || count.forcing.length > 0 ? this.advice(count, sent) : nothing} ${this.sms ? lost(this.sms) : nothing}
      </div>`;
  }

  private segments(count: SmsCount): string {
    if (!this.sms) return number(count.segments);
    const { segments_min: min, segments_typical: typical, segments_max: max } = this.sms;
    return min === max ? number(max) : t('sms.range', { min, typical, max });
  }

  private advice(count: SmsCount, sent: string) {
    const cheaper = countSms(transliterate(this.text));
    const saves = cheaper.segments < count.segments;
    // Emoji and other alphabets have no letter of GSM-7 to be written by.
    const stays = cheaper.forcing;
    return html`<div class="notice ${saves ? 'warn' : ''}">
      <span class="grow">
        ${this.cheap && sent !== this.text ? html`${t('sms.sent_as')} <span class="verbatim">${sent}</span>` : nothing}
        ${count.forcing.length > 0 && !this.cheap ? html`${t('sms.forcing')} ${named(count.forcing)}` : nothing}
        ${stays.length > 0 ? html`${t('sms.stays')} ${named(stays)}` : nothing}
        ${saves ? t('sms.saves', { n: count.segments, less: cheaper.segments }) : nothing}
      </span>
      <button class="button small" type="button" aria-pressed=${this.cheap ? 'true' : 'false'} @click=${this.toggle}>
        ${icon(this.cheap ? 'check' : 'wand', 16)}${t('sms.optimise')}
      </button>
    </div>`;
  }

  private toggle(): void {
    this.dispatchEvent(new CustomEvent('optimised', { detail: !this.cheap }));
  }
}

const named = (characters: string[]) =>
  html`<span class="chars">${characters.slice(0, NAMED_MAX).map((c) => html`<code>${legible(c)}</code>`)}</span>`;

/** What people without Unicode get. */
const lost = ({ without_unicode: n, lost_characters }: SmsPreview) =>
  n === 0
    ? nothing
    : html`<p class="notice"><span class="grow">${t('sms.without_unicode', { n })}
        ${lost_characters.length > 0 ? html`${t('sms.lost')} ${named(lost_characters)}` : nothing}</span></p>`;

const pair = (term: string, value: string) => html`<div><dt>${term}</dt><dd class="num">${value}</dd></div>`;
