/** The simulator's special addresses that do not simply accept, collapsed by default. */
import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Channel } from '../contract';
import { t } from '../i18n';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { RULES, type SimulatorRule } from './rules';

@customElement('simulator-rules')
export class SimulatorRules extends LitElement {
  static override styles = [
    base,
    css`
      :host { margin-bottom: var(--s4); }
      summary { display: flex; align-items: center; gap: var(--s2); padding: var(--s3) var(--s4); font-weight: 500; cursor: pointer; list-style: none; }
      summary::-webkit-details-marker { display: none; }
      summary .icon { color: var(--ink-3); transition: transform 150ms; }
      details[open] summary .icon { transform: rotate(180deg); }
      details > p { padding: 0 var(--s4) var(--s3); }
    `,
  ];

  @property() channel: Channel = 'sms';

  override render() {
    const { channel } = this;
    return html`<details class="card">
      <summary><span class="grow">${t('simulator.rules')}</span>${icon('down', 16)}</summary>
      <p class="small muted">${t(`simulator.rules_text.${channel}`)}</p>
      <table class="cards">
        <caption class="hidden">${t('simulator.rules')}</caption>
        <thead><tr><th>${t(`simulator.rules_address.${channel}`)}</th><th>${t('simulator.rules_does')}</th><th>${t('simulator.rules_code')}</th></tr></thead>
        <tbody>${RULES.filter((rule) => rule.channel === channel).map(row)}</tbody>
      </table>
    </details>`;
  }
}

/** How a rule's pattern is written. */
const WRITTEN: Record<Channel, (pattern: string) => string> = {
  sms: (pattern) => `…${pattern}`,
  email: (pattern) => `${pattern}@`,
};

function row({ channel, pattern, does, code }: SimulatorRule) {
  return html`<tr>
    <td class="lead"><span class="mono">${WRITTEN[channel](pattern)}</span></td>
    <td data-label=${t('simulator.rules_does')}><span>${t(does)}</span></td>
    <td data-label=${t('simulator.rules_code')}><span class="mono">${code || '—'}</span></td>
  </tr>`;
}
