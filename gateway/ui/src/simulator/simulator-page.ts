/** «Buzón de pruebas»: the messages of the simulator, as on the phones and in the mailboxes of the clients. */
import { html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getSimulated } from '../api';
import { place, replaceQuery } from '../app/router';
import { CHANNEL, CHANNELS } from '../channels';
import type { Channel, SimulatedMessage } from '../contract';
import { t, tOr } from '../i18n';
import { PagedList } from '../store/paged-list';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import { when, whenExactly } from '../ui/when';
import './simulator-rules';
import { simulatorStyles } from './simulator-page.styles';

/** How often new messages are loaded while the list is at the top. */
const LOOK_MS = 2_000;

@customElement('simulator-page')
export class SimulatorPage extends LitElement {
  static override styles = [base, simulatorStyles];

  @state() private channel: Channel = CHANNELS.find((channel) => channel === place.get().query.get('canal')) ?? 'sms';
  @state() private open = '';
  private readonly list = new PagedList<SimulatedMessage>(this, (after) =>
    getSimulated({ channel: this.channel, after }),
  );
  private timer?: ReturnType<typeof setInterval>;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('simulator.title')}</h1><p>${t('simulator.lead')}</p><p>${t('simulator.bounds')}</p></div>
        <div class="tabs" role="group" aria-label=${t('send.channel')}>${CHANNELS.map((channel) => this.tab(channel))}</div>
      </div>
      <simulator-rules channel=${this.channel}></simulator-rules>
      ${this.arrivals()}
    </div>`;
  }

  private tab(channel: Channel) {
    return html`<button type="button" aria-pressed=${this.channel === channel} @click=${() => this.choose(channel)}>${icon(CHANNEL[channel].place, 17)}${t(`channel.${channel}`)}</button>`;
  }

  private arrivals() {
    switch (this.channel) {
      case 'sms':
        return this.phones();
      case 'email':
        return html`<section class="card" aria-label=${t('channel.email')}>${listFrame(this.list, this.empty(), () => this.mails())}</section>`;
    }
  }

  private phones() {
    if (this.list.items.length === 0)
      return html`<section class="card">${listFrame(this.list, this.empty(), () => html``)}</section>`;
    return html`${listFrame(
      this.list,
      this.empty(),
      () =>
        html`<div class="phones">${repeat(
          byPhone(this.list.items),
          ([to]) => to,
          ([to, all]) => this.phone(to, all),
        )}</div>`,
    )}`;
  }

  private phone(to: string, all: SimulatedMessage[]) {
    return html`<article class="phone" aria-label=${t('simulator.phone', { to })}>
      <header><span class="number num">${to}</span><span class="small muted">${all[0]?.from}</span></header>
      <div class="screen" tabindex="0">
        ${all.map((one) => html`<div class="bubble ${isRefused(one) ? 'refused' : ''}"><p class="verbatim">${one.body ?? t('simulator.no_body')}</p><p class="meta">${whenExactly(one.received_at)} · ${outcome(one)}</p></div>`)}
      </div>
    </article>`;
  }

  private mails() {
    return html`<ul class="mails">${repeat(
      this.list.items,
      (one) => one.id,
      (one) => html`<li>${this.mail(one)}</li>`,
    )}</ul>`;
  }

  private mail(one: SimulatedMessage) {
    const open = this.open === one.id;
    return html`<button class="mail" type="button" aria-expanded=${open} @click=${() => this.toggle(one.id)}>
        <span class="line"><span class="to">${one.to}</span><span class="pill ${isRefused(one) ? 'danger' : 'ok'}">${outcome(one)}</span><span class="small muted">${when(one.received_at)}</span></span>
        <span class="strong">${one.subject ?? t('email.no_subject')}</span>
        ${open ? nothing : html`<span class="snippet">${one.body}</span>`}
      </button>
      ${open ? html`<div class="letter"><p class="small muted">${t('simulator.from', { from: one.from })}</p><p class="verbatim">${one.body ?? t('simulator.no_body')}</p>${one.unsubscribe ? html`<p class="small"><a href=${one.unsubscribe} target="_blank" rel="noreferrer">${t('simulator.unsubscribe')}</a></p>` : nothing}</div>` : nothing}`;
  }

  private empty() {
    return html`<empty-state icon=${CHANNEL[this.channel].place} heading=${t('simulator.empty')} text=${t('simulator.empty_text')}></empty-state>`;
  }

  private choose(channel: Channel): void {
    this.channel = channel;
    replaceQuery({ canal: channel === 'sms' ? '' : channel });
    void this.list.load();
  }

  private toggle(id: string): void {
    this.open = this.open === id ? '' : id;
  }

  /** Adds new messages; older pages that were loaded stay. */
  private async look(): Promise<void> {
    if (document.visibilityState !== 'visible' || this.list.state !== 'ready') return;
    const { channel } = this;
    const page = await getSimulated({ channel }).catch(() => null);
    if (!page || channel !== this.channel) return;
    this.list.change((items) => {
      const known = new Set(items.map((one) => one.id));
      const fresh = page.data.filter((one) => !known.has(one.id));
      return fresh.length > 0 ? [...fresh, ...items] : items;
    });
  }
}

const isRefused = (one: SimulatedMessage): boolean => !one.outcome.startsWith('accepted');

/** «Rechazado · 550 5.1.1». */
function outcome(one: SimulatedMessage): string {
  return [tOr(`outcome.${one.outcome}`, one.outcome), one.code].filter(Boolean).join(' · ');
}

/** The phones ordered by their newest message; on each, the oldest first, as phones show them. */
export function byPhone(messages: SimulatedMessage[]): [string, SimulatedMessage[]][] {
  const phones = new Map<string, SimulatedMessage[]>();
  for (const one of messages) phones.set(one.to, [one, ...(phones.get(one.to) ?? [])]);
  return [...phones];
}
