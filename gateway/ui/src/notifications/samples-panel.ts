/** What the first people of the audience will read. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Sample } from '../contract';
import { t } from '../i18n';
import { base } from '../ui/base';

@customElement('samples-panel')
export class SamplesPanel extends LitElement {
  static override styles = [
    base,
    css`
      .card { padding: var(--s4) var(--s5); }
      summary { cursor: pointer; font-weight: 600; }
      ol { display: grid; gap: var(--s4); max-height: 420px; margin-top: var(--s4); overflow: auto; }
      .who { display: flex; flex-wrap: wrap; gap: 2px var(--s3); font-size: var(--text-s); }
      .text { margin-top: var(--s2); padding: var(--s3) var(--s4); border-radius: 16px 16px 16px 4px; background: var(--surface-2); font-size: var(--text-s); max-height: 160px; overflow: auto; }
    `,
  ];

  @property({ attribute: false }) samples: Sample[] = [];
  /** They are shown without being asked for. */
  @property({ type: Boolean }) open = false;

  override render() {
    const n = this.samples.length;
    if (n === 0) return nothing;
    return html`<details class="card" ?open=${this.open}>
      <summary>${t('samples.title', { n })}</summary>
      <ol tabindex="0">${this.samples.map(sample)}</ol>
    </details>`;
  }
}

const sample = ({ client, to, subject, body, segments }: Sample) => html`<li>
  <p class="who"><span class="strong wrap">${client.name}</span><span class="muted wrap">${to}</span>
    ${segments === null ? nothing : html`<span class="muted">${t('confirm.segments', { n: segments })}</span>`}</p>
  <div class="text">
    ${subject ? html`<p class="strong wrap">${subject}</p>` : nothing}
    <p class="verbatim">${body}</p>
  </div>
</li>`;
