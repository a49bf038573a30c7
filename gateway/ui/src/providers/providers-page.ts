/** «Proveedores»: whether each provider works, how its last hour was, its pause and its share of the traffic. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getProviders, resumeProvider } from '../api';
import type { Provider, ProviderChange } from '../contract';
import { longDate, number, t, tOr } from '../i18n';
import { sentence } from '../problem';
import { Polled } from '../store/polled';
import { may } from '../store/session';
import { toast, toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import '../ui/empty-state';
import { icon } from '../ui/icons';
import '../ui/loading-rows';
import { whenExactly } from '../ui/when';
import './pause-provider-dialog';
import { changeText, haltedChannels, reasonOf, standing } from './words';

/** How often the page looks again. The server's reports are a second old. */
const LOOK_EVERY_MS = 3_000;
/** From here on the failures of the last hour are shown as a danger, in percent. */
const FAILING = 20;

@customElement('providers-page')
export class ProvidersPage extends LitElement {
  static override styles = [
    base,
    css`
      .notice { margin-bottom: var(--s4); }
      .provider { margin-bottom: var(--s4); display: grid; gap: var(--s4); }
      .provider .notice { margin-bottom: 0; }
      .title { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2) var(--s3); }
      .title h2 { overflow-wrap: anywhere; }
      .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: var(--s3) var(--s4); }
      .facts dt { font-size: var(--text-s); color: var(--ink-3); }
      .facts dd { font-weight: 550; }
      .hour { display: grid; gap: var(--s2); }
      .bar { display: flex; gap: 2px; height: 10px; border-radius: 5px; overflow: hidden; background: var(--surface-3); }
      .bar i { min-width: 3px; }
      .hour ul { display: flex; flex-wrap: wrap; gap: var(--s1) var(--s4); font-size: var(--text-s); color: var(--ink-2); }
      .hour li { display: flex; align-items: center; gap: 6px; }
      .dot { width: 10px; height: 10px; border-radius: 3px; }
      summary { cursor: pointer; min-height: 28px; font-weight: 550; }
      .changes { display: grid; gap: var(--s3); margin-top: var(--s3); }
      .changes li { overflow-wrap: anywhere; }
    `,
  ];

  @state() private pausing: Provider | null = null;
  @state() private acting = false;
  private readonly polled = new Polled(
    this,
    async () => (await getProviders()).data,
    () => LOOK_EVERY_MS,
  );

  override render() {
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('providers.title')}</h1><p>${t('providers.lead')}</p></div></div>
      ${this.content()} ${this.dialog()}
    </div>`;
  }

  private content() {
    const { value: providers, failure } = this.polled;
    if (!providers)
      return failure
        ? html`<empty-state icon="alert" heading=${t('list.failed')} text=${failure}></empty-state>`
        : html`<loading-rows></loading-rows>`;
    if (providers.length === 0)
      return html`<empty-state icon="sent" heading=${t('providers.empty')} text=${t('providers.empty_text')}></empty-state>`;
    return html`${failure ? html`<p class="notice warn" role="status">${icon('alert', 18)}<span>${failure}</span></p>` : nothing}
      ${haltedChannels(providers).map((channel) => html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${t('providers.halted', { channel: t(`channel.${channel}`) })}</span></p>`)}
      ${repeat(
        providers,
        (one) => `${one.channel} ${one.name}`,
        (one) => this.card(one),
      )}`;
  }

  private card(one: Provider) {
    const { text, tone } = standing(one);
    const why = reasonOf(one);
    return html`<section class="card pad provider" aria-label=${`${one.name}, ${t(`channel.${one.channel}`)}`}>
      <div class="title">
        <h2>${one.name}</h2><span class="pill">${t(`channel.${one.channel}`)}</span><span class="pill ${tone}">${text}</span>
        <span class="grow"></span>${may('admin') ? this.action(one) : nothing}
      </div>
      ${one.paused ? html`<p class="notice warn">${icon('pause', 18)}<span>${pausedText(one.paused)}</span></p>` : nothing}
      ${why ? html`<p>${why}</p>` : nothing}
      ${one.share < 100 ? html`<p>${t('providers.reduced', { share: one.share })}</p>` : nothing}
      ${lastHour(one)} ${facts(one)} ${one.changes.length > 0 ? this.changes(one) : nothing}
    </section>`;
  }

  private action(one: Provider) {
    const { name } = one;
    return one.paused
      ? html`<button class="button primary" type="button" ?disabled=${this.acting} aria-label=${t('providers.resume_one', { name })} @click=${() => this.resume(one)}>${icon('play', 18)}${t('providers.resume')}</button>`
      : html`<button class="button" type="button" ?disabled=${this.acting} aria-label=${t('providers.pause_one', { name })} @click=${() => this.ask(one)}>${icon('pause', 18)}${t('providers.pause')}</button>`;
  }

  private changes({ changes }: Provider) {
    return html`<details>
      <summary>${t('providers.changes', { n: changes.length })}</summary>
      <ol class="changes">${changes.map((change) => changeItem(change))}</ol>
    </details>`;
  }

  private dialog() {
    const { pausing } = this;
    const providers = this.polled.value;
    if (!pausing) return nothing;
    const takes = (other: Provider) =>
      other.channel === pausing.channel && other.name !== pausing.name && !other.paused;
    return html`<pause-provider-dialog .provider=${pausing} ?last=${!providers?.some(takes)} @done=${this.paused} @dialog-closed=${() => this.ask(null)}></pause-provider-dialog>`;
  }

  private ask(provider: Provider | null): void {
    this.pausing = provider;
  }

  private paused = (): void => {
    this.ask(null);
    void this.polled.look();
    // A toast is shown over the foremost dialog, and would go with this one.
    void this.updateComplete.then(() => toast({ text: t('providers.pause_done') }));
  };

  private async resume(one: Provider): Promise<void> {
    this.acting = true;
    try {
      await resumeProvider(one);
      toast({ text: t('providers.resume_done') });
    } catch (error) {
      toastFailure(sentence(error));
    } finally {
      this.acting = false;
    }
    await this.polled.look();
  }
}

function facts(one: Provider) {
  const limit = one.rate_per_second > 0 ? number(one.rate_per_second) : t('providers.no_limit');
  const answer = one.answer_ms;
  return html`<dl class="facts">
    ${fact(t('providers.share'), `${number(one.share)} %`)}
    ${fact(t('providers.in_flight'), number(one.in_flight))}
    ${fact(t('providers.speed'), number(one.sends_per_second))}
    ${fact(t('providers.limit'), limit)}
    ${fact(t('providers.median'), answer ? milliseconds(answer.p50) : '–')}
    ${fact(t('providers.slowest'), answer ? milliseconds(answer.p99) : '–')}
    ${fact(t('providers.processes'), number(one.processes))}
  </dl>`;
}

/** How the last hour went, by outcome: colours first, then the numbers. */
function lastHour({ last_hour }: Provider) {
  const outcomes = Object.entries(last_hour).filter(([, n]) => n > 0);
  const all = outcomes.reduce((sum, [, n]) => sum + n, 0);
  if (all === 0) return html`<p class="muted">${t('providers.last_hour_none')}</p>`;
  const failed = Math.ceil((100 * (outcomes.find(([name]) => name === 'failed')?.[1] ?? 0)) / all);
  const words = outcomes.map(([name, n]) => `${number(n)} ${hourLabel(name, n)}`);
  return html`<div class="hour">
    <p class="row"><span class="strong grow">${t('providers.last_hour')}</span>${failed > 0 ? html`<span class="pill ${failed >= FAILING ? 'danger' : ''}">${t('providers.failing', { percent: failed })}</span>` : nothing}</p>
    <div class="bar" role="img" aria-label="${t('providers.last_hour')}: ${words.join(', ')}">${outcomes.map(([name, n]) => html`<i .style=${`flex:${n} 0 0;background:var(--state-${name}, var(--state-sending))`}></i>`)}</div>
    <ul>${outcomes.map(([name, n]) => html`<li><i class="dot" .style=${`background:var(--state-${name}, var(--state-sending))`}></i><b class="num">${number(n)}</b> ${hourLabel(name, n)}</li>`)}</ul>
  </div>`;
}

const fact = (label: string, value: string) => html`<div><dt>${label}</dt><dd class="num">${value}</dd></div>`;
const milliseconds = (ms: number): string => t('providers.ms', { n: ms });
const hourLabel = (outcome: string, n: number): string =>
  tOr(`providers.outcome.${outcome}`, tOr(`state.${outcome}`, outcome, { n })).toLowerCase();

function changeItem(change: ProviderChange) {
  const who = change.actor?.name ?? t('history.system');
  return html`<li>${changeText(change)}<br /><span class="small muted">${whenExactly(change.at)} · ${who}</span></li>`;
}

function pausedText({ since, by, reason }: NonNullable<Provider['paused']>): string {
  const who = by?.name ?? t('history.system');
  return t('providers.paused_by', { who, at: longDate(since), reason: reason ?? '—' });
}
