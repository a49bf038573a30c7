/** «Historial»: the events of a notification in their order, and the state they add up to. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getNotificationHistory } from '../api';
import type { History, HistoryEvent } from '../contract';
import { number, t, tOr } from '../i18n';
import { sentence } from '../problem';
import { base } from '../ui/base';
import '../ui/empty-state';
import '../ui/loading-rows';
import { whenExactly } from '../ui/when';

@customElement('history-list')
export class HistoryList extends LitElement {
  static override styles = [
    base,
    css`
      .columns { display: grid; grid-template-columns: minmax(0, 1.6fr) minmax(260px, 1fr); gap: var(--s4); align-items: start; }
      ol { padding: var(--s5); }
      li { position: relative; padding: 0 0 var(--s5) var(--s5); border-left: 2px solid var(--line); }
      li:last-child { padding-bottom: 0; border-color: transparent; }
      li::before { content: ""; position: absolute; left: -6px; top: 6px; width: 10px; height: 10px; border-radius: 50%; background: var(--accent); box-shadow: 0 0 0 3px var(--surface); }
      .line { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px var(--s3); }
      .type { font-weight: 550; }
      .pos { margin-left: auto; }
      details { margin-top: var(--s1); }
      summary { cursor: pointer; font-size: var(--text-s); color: var(--accent-ink); }
      pre { margin: var(--s2) 0 0; padding: var(--s3); border-radius: var(--r2); background: var(--surface-2); font: 400 var(--text-xs) / 1.6 var(--mono); overflow: auto; max-height: 320px; white-space: pre-wrap; overflow-wrap: anywhere; }
      h2 { margin-bottom: var(--s2); }
      @media (max-width: 960px) { .columns { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

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
      <section class="card" aria-label=${t('history.events')}><ol>${this.history.events.map((event) => this.event(event))}</ol></section>
      ${this.history.state ? this.folded(this.history.state) : nothing}
    </div>`;
  }

  private event(event: HistoryEvent) {
    const actor = typeof event.actor === 'string' ? event.actor : event.actor?.name;
    return html`<li>
      <div class="line">
        <span class="type">${tOr(`event.${event.type}`, event.type)}</span>
        <span class="small muted">${[actor ?? t('history.system')].join('')} · ${whenExactly(event.at)}</span>
        <span class="small muted num pos">${t('history.position', { position: number(event.position) })}</span>
      </div>
      <details><summary>${event.type}</summary><pre tabindex="0">${JSON.stringify(event.data, null, 2)}</pre></details>
    </li>`;
  }

  private folded(folded: unknown) {
    return html`<section class="card pad" aria-labelledby="folded">
      <h2 id="folded">${t('history.state')}</h2>
      <p class="small muted">${t('history.state_text')}</p>
      <pre tabindex="0">${JSON.stringify(folded, null, 2)}</pre>
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
