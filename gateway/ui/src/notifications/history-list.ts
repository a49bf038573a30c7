/** «Historial»: the events of a notification in order, and the state after them. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getNotificationHistory } from '../api';
import type { History, HistoryEvent } from '../contract';
import { type Fact, factsOf } from '../facts';
import { number, t, tOr } from '../i18n';
import { sentence } from '../problem';
import { companies, companyName } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import '../ui/empty-state';
import '../ui/loading-rows';
import { whenExactly } from '../ui/when';
import { linesOf } from './history';

/** The facts that an event's sentence already contains. */
const SAID = new Set(['company', 'channel', 'recipients', 'total', 'requested_at']);

@customElement('history-list')
export class HistoryList extends LitElement {
  static override styles = [
    base,
    css`
      .columns { display: grid; grid-template-columns: minmax(0, 1.6fr) minmax(260px, 1fr); gap: var(--s4); align-items: start; }
      ol { padding: var(--s5); }
      li { position: relative; padding: 0 0 var(--s5) var(--s5); }
      li::before { content: ""; position: absolute; left: 0; top: 12px; bottom: -12px; width: 2px; background: var(--line); }
      li:last-child { padding-bottom: 0; }
      li:last-child::before { display: none; }
      li::after { content: ""; position: absolute; left: -4px; top: 7px; width: 10px; height: 10px; border-radius: 50%; background: var(--accent); box-shadow: 0 0 0 3px var(--surface); }
      .line { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px var(--s3); }
      .type { font-weight: 550; }
      .pos { margin-left: auto; }
      .told { color: var(--ink-2); }
      .facts { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 6px var(--s4); font-size: var(--text-s); }
      li .facts { margin-top: var(--s2); padding: var(--s3) var(--s4); border-radius: var(--r2); background: var(--surface-2); }
      .facts dt { color: var(--ink-3); }
      .facts dt::first-letter, .facts dd::first-letter { text-transform: uppercase; }
      .facts dd { white-space: pre-wrap; overflow-wrap: anywhere; }
      h2 { margin-bottom: var(--s1); }
      h2 ~ .facts { margin-top: var(--s4); }
      @media (max-width: 960px) { .columns { grid-template-columns: minmax(0, 1fr); } }
      @media (max-width: 520px) { ol { padding: var(--s4); } .pos { margin-left: 0; } }
    `,
  ];

  /** Names come after the page. */
  protected readonly companies = new Watching(this, companies);
  @property() notification = '';
  @state() private history: History | null = null;
  @state() private failure = '';

  protected override updated(changed: PropertyValues): void {
    if (changed.has('notification')) void this.load();
  }

  override render() {
    if (this.failure)
      return html`<empty-state icon="alert" heading=${t('list.failed')} text=${this.failure}></empty-state>`;
    if (!this.history) return html`<loading-rows></loading-rows>`;
    return html`<div class="columns">
      <section class="card" aria-label=${t('history.events')}><ol>${linesOf(this.history.events).map((event) => this.event(event))}</ol></section>
      ${this.history.state ? this.folded(this.history.state) : nothing}
    </div>`;
  }

  private event(event: HistoryEvent) {
    return html`<li>
      <div class="line">
        <span class="type">${tOr(`event.${event.type}`, event.type)}</span>
        <span class="small muted">${whenExactly(event.at)}</span>
        <span class="small muted num pos">${t('history.position', { position: number(event.position) })}</span>
      </div>
      <p class="told">${told(event)}</p>
      ${list(factsOf(event.data).filter((fact) => !SAID.has(fact.name)))}
    </li>`;
  }

  private folded(folded: Record<string, unknown>) {
    return html`<section class="card pad" aria-labelledby="folded">
      <h2 id="folded">${t('history.state')}</h2>
      <p class="small muted">${t('history.state_text')}</p>
      ${list(factsOf(folded))}
    </section>`;
  }

  private async load(): Promise<void> {
    try {
      this.history = await getNotificationHistory(this.notification);
    } catch (error) {
      this.failure = sentence(error);
    }
  }
}

/** «Natalia pidió avisar por SMS a los clientes de Vigía Andina.» */
function told({ type, actor, data }: HistoryEvent): string {
  const n = Number(data.recipients ?? data.total ?? data.people ?? 0);
  return tOr(`told.${type}`, '', {
    n,
    actor: actor?.name ?? t('history.system'),
    company: companyName(data.company as string | undefined),
    channel: tOr(`by.${data.channel}`, ''),
  });
}

function list(facts: Fact[]) {
  if (facts.length === 0) return nothing;
  return html`<dl class="facts">${facts.map(({ label, words }) => html`<dt>${label}</dt><dd>${words}</dd>`)}</dl>`;
}
