/** «Consumo»: what a company has sent in a month, what it cost, and what its limits leave. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { getUsage } from '../api';
import { fromAddress, isId } from '../app/address';
import { replaceQuery } from '../app/router';
import type { ChannelUse, DayUse, LimitUse, Usage } from '../contract';
import { dayOf, money, number, t, tOr } from '../i18n';
import { sentence } from '../problem';
import { companies, loadCompanies } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import '../ui/empty-state';
import { selectField, textField } from '../ui/field';
import '../ui/loading-rows';
import './no-companies';

const isMonth = (value: string): boolean => /^\d{4}-(0[1-9]|1[0-2])$/.test(value);
/** From here on a limit is shown as nearly used, in percent. */
const NEARLY = 80;

@customElement('usage-page')
export class UsagePage extends LitElement {
  static override styles = [
    base,
    css`
      .filters { display: grid; grid-template-columns: repeat(2, minmax(0, 260px)); gap: var(--s3); margin-bottom: var(--s4); }
      .card { margin-bottom: var(--s4); }
      progress { width: 120px; height: 8px; appearance: none; border: 0; border-radius: 4px; overflow: hidden; background: var(--surface-3); }
      progress::-webkit-progress-bar { background: var(--surface-3); }
      progress::-webkit-progress-value { background: var(--accent); }
      progress::-moz-progress-bar { background: var(--accent); }
    `,
  ];

  @state() private company = fromAddress('empresa', isId);
  @state() private month = fromAddress('mes', isMonth);
  @state() private usage: Usage | null = null;
  @state() private failure = '';
  private readonly companies = new Watching(this, companies);

  override connectedCallback(): void {
    super.connectedCallback();
    void this.start();
  }

  override render() {
    const all = this.companies.value;
    if (all.length === 0) return html`<div class="page"><no-companies></no-companies></div>`;
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('usage.title')}</h1><p>${t('usage.lead')}</p></div></div>
      <div class="filters">
        ${selectField({
          name: 'company',
          label: t('send.company'),
          value: this.company,
          options: all.map(({ id, name }) => ({ value: id, label: name })),
          onInput: (company) => this.choose(company, this.month),
        })}
        ${textField({ name: 'month', label: t('usage.month'), type: 'month', value: this.month || (this.usage?.month ?? ''), onInput: (month) => this.choose(this.company, month) })}
      </div>
      ${this.content()}
    </div>`;
  }

  private content() {
    if (this.failure)
      return html`<empty-state icon="alert" heading=${t('list.failed')} text=${this.failure}></empty-state>`;
    if (!this.usage) return html`<loading-rows></loading-rows>`;
    const { limits, sms, email, days } = this.usage;
    return html`${limits.length > 0 ? limitTable(limits) : nothing}
      <section class="card" aria-label=${t('usage.sent')}>
        <table class="cards">
          <caption class="hidden">${t('usage.sent')}</caption>
          <thead><tr><th>${t('usage.day')}</th><th class="right">${t('usage.sms')}</th><th class="right">${t('usage.segments')}</th><th class="right">${t('usage.foreign')}</th><th class="right">${t('usage.cost')}</th><th class="right">${t('usage.emails')}</th></tr></thead>
          <tbody>${days.map((day) => dayRow(day))}${totalRow(sms, email)}</tbody>
        </table>
      </section>`;
  }

  private async start(): Promise<void> {
    await loadCompanies();
    this.company ||= companies.get()[0]?.id ?? '';
    await this.load();
  }

  private choose(company: string, month: string): void {
    [this.company, this.month] = [company, month];
    if (month && !isMonth(month)) return;
    replaceQuery({ empresa: company, mes: month });
    void this.load();
  }

  private async load(): Promise<void> {
    const { company, month } = this;
    if (!company) return;
    try {
      const usage = await getUsage(company, { month });
      if (company !== this.company || month !== this.month) return;
      [this.usage, this.failure] = [usage, ''];
    } catch (error) {
      this.failure = sentence(error);
    }
  }
}

function limitTable(limits: LimitUse[]) {
  return html`<section class="card" aria-label=${t('usage.limits')}>
    <table class="cards">
      <caption class="hidden">${t('usage.limits')}</caption>
      <thead><tr><th>${t('usage.limit')}</th><th class="right">${t('usage.used')}</th><th class="right">${t('usage.promised')}</th><th class="right">${t('usage.of')}</th><th><span class="hidden">${t('usage.part')}</span></th></tr></thead>
      <tbody>${limits.map((limit) => limitRow(limit))}</tbody>
    </table>
  </section>`;
}

function limitRow({ name, limit, used, promised }: LimitUse) {
  const label = tOr(`limit.${name}`, name);
  const percent = limit === 0 ? 100 : Math.floor((100 * used) / limit);
  return html`<tr>
    <td class="lead strong">${label}</td>
    <td class="right num" data-label=${t('usage.used')}>${number(used)}</td>
    <td class="right num" data-label=${t('usage.promised')}>${number(promised)}</td>
    <td class="right num" data-label=${t('usage.of')}>${number(limit)}</td>
    <td><progress max="100" value=${Math.min(percent, 100)} aria-label=${label}></progress>
      <span class="pill ${percent >= 100 ? 'danger' : percent >= NEARLY ? 'warn' : ''}">${number(percent)} %</span></td>
  </tr>`;
}

const dayRow = ({ day, sms, email }: DayUse) =>
  html`<tr><td class="lead strong">${dayOf(day)}</td>${cells(sms, email)}</tr>`;
const totalRow = (sms: ChannelUse, email: ChannelUse) =>
  html`<tr><td class="lead strong">${t('usage.total')}</td>${cells(sms, email)}</tr>`;

const cells = (sms: ChannelUse, email: ChannelUse) => html`
  <td class="right num" data-label=${t('usage.sms')}>${number(sms.messages)}</td>
  <td class="right num" data-label=${t('usage.segments')}>${number(sms.segments)}</td>
  <td class="right num" data-label=${t('usage.foreign')}>${number(sms.foreign)}</td>
  <td class="right num" data-label=${t('usage.cost')}>${sms.cost ? money(sms.cost) : '–'}</td>
  <td class="right num" data-label=${t('usage.emails')}>${number(email.messages)}</td>`;
