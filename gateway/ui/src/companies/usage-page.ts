/** «Consumo»: what a company has sent in a month, what it cost, and what its limits leave. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { getUsage } from '../api';
import { fromAddress, isId } from '../app/address';
import { replaceQuery } from '../app/router';
import type { ChannelUse, DayUse, LimitUse, Usage } from '../contract';
import { dateIn, dayOf, money, number, t, tOr } from '../i18n';
import { sentence } from '../problem';
import { companies, companyZone, loadCompanies, may } from '../store/session';
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
      .sums { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: var(--s4); padding: var(--s4) var(--s5); }
      .sums dt { font-size: var(--text-s); color: var(--ink-3); }
      .sums dd { font-size: var(--text-xl); font-weight: 600; letter-spacing: -0.02em; line-height: 1.3; overflow-wrap: anywhere; }
      .limits { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr)); gap: var(--s4); margin-bottom: var(--s4); }
      .limits .card { display: grid; gap: var(--s3); margin: 0; padding: var(--s4) var(--s5); }
      .limits h2 { flex: 1; font-size: var(--text-m); }
      .left { font-size: var(--text-xl); font-weight: 600; letter-spacing: -0.02em; line-height: 1.1; }
      .bar { display: flex; gap: 2px; height: 10px; border-radius: 5px; overflow: hidden; background: var(--surface-3); }
      .bar i { flex: none; background: var(--accent); }
      .bar .promised { background: repeating-linear-gradient(135deg, var(--accent) 0 3px, var(--accent-soft) 3px 6px); }
      .full .bar i { background: var(--danger); } .full .left { color: var(--danger); }
      .none { margin-bottom: var(--s4); font-size: var(--text-s); color: var(--ink-3); }
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
    return html`${sums(sms, email)} ${this.limits(limits)}
      <section class="card" aria-label=${t('usage.sent')}>${days.length === 0 ? nothingSent() : dayTable(days, sms, email)}</section>`;
  }

  /** Limits are of the present month: another one has none to show. */
  private limits(limits: LimitUse[]) {
    const change = may('admin') ? html`<a href="/empresas">${t('usage.change')}</a>` : nothing;
    if (limits.length === 0) return this.month ? nothing : html`<p class="none">${t('usage.unlimited')} ${change}</p>`;
    const zone = companyZone(this.company);
    return html`<section class="limits" aria-label=${t('usage.limits')}>${limits.map((limit) => limitCard(limit, zone))}</section>
      ${change === nothing ? nothing : html`<p class="none">${change}</p>`}`;
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

/** What is left of a limit: the first thing that a sender wants to know of it. */
function limitCard({ name, limit, used, promised, until }: LimitUse, zone: string) {
  const percent = (n: number) => (limit === 0 ? 100 : Math.min((100 * n) / limit, 100));
  const taken = Math.floor(percent(used + promised));
  const label = tOr(`limit.${name}`, name);
  const words = t('usage.bar', { used, promised, limit });
  return html`<article class="card ${taken >= 100 ? 'full' : ''}">
    <div class="row"><h2>${label}</h2><span class="pill ${taken >= 100 ? 'danger' : taken >= NEARLY ? 'warn' : ''}">${number(taken)} %</span></div>
    <p class="left num">${t('usage.left', { n: Math.max(limit - used - promised, 0) })}</p>
    <div class="bar" role="img" aria-label="${label}: ${words}"><i .style=${`width:${percent(used)}%`}></i><i class="promised" .style=${`width:${Math.min(percent(promised), 100 - percent(used))}%`}></i></div>
    <p class="small muted num">${words}<br />${t('usage.until', { at: dateIn(zone, until) })}</p>
  </article>`;
}

/** The month in one line. */
const sums = (sms: ChannelUse, email: ChannelUse) => html`<dl class="card sums">
  ${sum(t('usage.sms'), number(sms.messages))} ${sum(t('usage.segments'), number(sms.segments))}
  ${sum(t('usage.foreign'), number(sms.foreign))} ${sum(t('usage.emails'), number(email.messages))}
  ${sum(t('usage.cost'), sms.cost ? money(sms.cost) : '–')}
</dl>`;
const sum = (label: string, value: string) => html`<div><dt>${label}</dt><dd class="num">${value}</dd></div>`;

const nothingSent = () =>
  html`<empty-state icon="layers" heading=${t('usage.nothing')} text=${t('usage.nothing_text')}></empty-state>`;

const dayTable = (days: DayUse[], sms: ChannelUse, email: ChannelUse) => html`<table class="cards">
  <caption class="hidden">${t('usage.sent')}</caption>
  <thead><tr><th>${t('usage.day')}</th><th class="right">${t('usage.sms')}</th><th class="right">${t('usage.segments')}</th><th class="right">${t('usage.foreign')}</th><th class="right">${t('usage.cost')}</th><th class="right">${t('usage.emails')}</th></tr></thead>
  <tbody>${days.map((day) => dayRow(day))}${totalRow(sms, email)}</tbody>
</table>`;

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
