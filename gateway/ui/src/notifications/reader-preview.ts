/** What one reader gets: the text as it is written, or the rendered text of any of the first of the audience. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Sample } from '../contract';
import { t } from '../i18n';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import './email-preview';
import type { SendForm } from './send-form';
import { transliterate } from './sms';
import './sms-preview';

@customElement('reader-preview')
export class ReaderPreview extends LitElement {
  static override styles = [
    base,
    css`
      .head { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s1) var(--s3); min-height: 36px; margin-bottom: var(--s3); }
      .head h2 { flex: 1; }
      .steps { display: flex; align-items: center; font-size: var(--text-s); color: var(--ink-3); }
      .who { flex-basis: 100%; font-size: var(--text-s); }
    `,
  ];

  @property({ attribute: false }) form!: SendForm;
  @property() sender = '';
  /** Of the form as it stands, in the order of the audience. */
  @property({ attribute: false }) samples: Sample[] = [];
  @state() private place = 0;

  override render() {
    const one = this.isWritten ? this.samples[Math.min(this.place, this.samples.length - 1)] : undefined;
    return html`<section aria-label=${t('reader.title')}>
      <div class="head">
        <h2>${t('reader.title')}</h2>
        ${one && this.samples.length > 1 ? this.steps() : nothing}
        ${one ? html`<p class="who wrap" aria-live="polite"><span class="strong">${one.client.name}</span> <span class="muted">${one.to}</span></p>` : nothing}
      </div>
      ${this.form.channel === 'sms' ? this.sms(one) : this.email(one)}
    </section>`;
  }

  private get isWritten(): boolean {
    const { template, subject, body } = this.form;
    return template !== null || `${subject}${body}`.trim() !== '';
  }

  private steps() {
    const n = this.samples.length;
    const at = Math.min(this.place, n - 1);
    const step = (to: number) => () => {
      this.place = (to + n) % n;
    };
    return html`<div class="steps">
      <button class="icon-button" type="button" aria-label=${t('reader.previous')} @click=${step(at - 1)}>${icon('left', 18)}</button>
      <span class="num">${t('reader.place', { at: at + 1, n })}</span>
      <button class="icon-button" type="button" aria-label=${t('reader.next')} @click=${step(at + 1)}>${icon('right', 18)}</button>
    </div>`;
  }

  private sms(one: Sample | undefined) {
    const { template, body } = this.form;
    const written = template?.body ?? body;
    const text = one?.body ?? (this.form.transliterate ? transliterate(written) : written);
    return html`<sms-preview text=${text.trim() ? text : ''} sender=${this.sender}></sms-preview>`;
  }

  private email(one: Sample | undefined) {
    const { template, subject, body } = this.form;
    const written = template ?? { subject, body };
    return html`<email-preview
      subject=${(one?.subject ?? written.subject ?? '').trim()}
      text=${one?.body ?? (written.body.trim() ? written.body : '')}
      .mail=${one?.html ?? null}
      sender=${this.sender}
    ></email-preview>`;
  }
}
