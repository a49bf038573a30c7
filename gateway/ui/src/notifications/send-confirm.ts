/** The confirmation, with the number of recipients. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { overLimit } from '../companies/limits';
import type { NotificationRequest, Preview } from '../contract';
import { dateIn, money, t } from '../i18n';
import { companyName, companyZone } from '../store/session';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';
import { transliterate } from './sms';

@customElement('send-confirm')
export class SendConfirm extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      .say { font-size: var(--text-l); font-weight: 550; line-height: 1.45; text-wrap: pretty; }
      .text { margin: var(--s4) 0; padding: var(--s4); border-radius: 16px 16px 16px 4px; background: var(--surface-2); max-height: 220px; overflow: auto; }
      .text .strong { margin-bottom: var(--s2); }
      .first { margin-bottom: var(--s4); }
    `,
  ];

  @property({ attribute: false }) request!: NotificationRequest;
  @property({ attribute: false }) preview: Preview | null = null;
  @property({ type: Boolean }) busy = false;

  private readonly modal = new Modal(this, () => this.closed());

  override render() {
    const { request } = this;
    // Of a template, what the first of them reads.
    const sample = request.template_id ? this.preview?.samples[0] : null;
    const { subject, body } = sample ?? request;
    return this.modal.render({
      heading: t('confirm.title'),
      content: html`${this.hindrance()}<p class="say">${this.sentence()}</p>
      <div class="text" tabindex="0">
        ${subject ? html`<p class="strong wrap">${subject}</p>` : nothing}
        <p class="verbatim">${request.transliterate && !sample ? transliterate(body ?? '') : body}</p>
      </div>
      ${request.schedule_at ? html`<p class="notice">${icon('history', 18)}<span>${t('confirm.scheduled', { at: dateIn(companyZone(request.company_id), request.schedule_at) })}</span></p>` : nothing}
      ${this.unsendable()}
      ${this.preview?.sms?.cost ? html`<p class="strong">${t('confirm.cost', { cost: money(this.preview.sms.cost) })}</p>` : nothing}
      <p class="small muted">${t('confirm.details', { kind: t(`kind.${request.recipient_kind}`), category: t(`category.${request.category}`) })}</p>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        <button class="button" type="button" ?disabled=${this.busy} @click=${this.closed}>${t('confirm.back')}</button>
        <button class="button primary" type="button" ?disabled=${this.busy || this.isRefused} @click=${this.confirm}>
          ${icon('sent', 18)}${this.busy ? t('sending') : this.action()}
        </button>
      </div>`,
      locked: this.busy,
    });
  }

  /** «Se enviarán 1.284 SMS (1.912 segmentos) a clientes de Empresa X». */
  private sentence(): string {
    const n = this.preview?.audience.reachable ?? 0;
    const company = companyName(this.request.company_id);
    const { channel } = this.request;
    switch (channel) {
      case 'sms': {
        const segments = this.preview?.sms?.segments_total ?? n;
        return t('confirm.sms', { n, company, segments: t('confirm.segments', { n: segments }) });
      }
      case 'email':
        return t('confirm.email', { n, company });
    }
  }

  /** The server would refuse it. */
  private get isRefused(): boolean {
    return Boolean(this.preview?.over_limit);
  }

  /** What keeps it from being sent, before anything else is read. */
  private hindrance() {
    const { over_limit, needs_approval } = this.preview ?? {};
    if (over_limit)
      return html`<p class="notice danger first" role="alert">${icon('alert', 18)}<span>${overLimit(over_limit)} ${t('confirm.refused')}</span></p>`;
    return needs_approval
      ? html`<p class="notice warn first">${icon('alert', 18)}<span>${t('confirm.needs_approval')}</span></p>`
      : nothing;
  }

  /** People who would get nothing, because their text cannot be made. */
  private unsendable() {
    const n = this.preview?.texts.unsendable ?? 0;
    return n > 0
      ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('confirm.unsendable', { n })}</span></p>`
      : nothing;
  }

  private action(): string {
    if (this.preview?.needs_approval) return t('confirm.action.approval');
    return t(`confirm.action.${this.request.channel}`, { n: this.preview?.audience.reachable ?? 0 });
  }

  private confirm(): void {
    if (!this.busy && !this.isRefused) this.dispatchEvent(new CustomEvent('confirmed'));
  }

  private closed(): void {
    if (!this.busy) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
