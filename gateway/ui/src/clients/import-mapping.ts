/** What each column of a company's own file means, beside its first rows. */
import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import type { Key } from '../i18n/es';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { faultOf, MEANINGS, type Meaning } from './import-columns';

@customElement('import-mapping')
export class ImportMapping extends LitElement {
  static override styles = [
    base,
    css`
      td { vertical-align: middle; }
      td.sample { color: var(--ink-2); overflow-wrap: anywhere; }
      td select.control { min-width: 190px; min-height: 36px; padding-block: 4px; }
      h2 { margin-bottom: var(--s1); }
      .notice { margin-top: var(--s3); }
      .table-scroll { margin-top: var(--s3); border: 1px solid var(--line); border-radius: var(--r2); }
    `,
  ];

  @property({ attribute: false }) headers: string[] = [];
  /** The first rows, as they are shown. */
  @property({ attribute: false }) samples: string[][] = [];
  @property({ attribute: false }) meanings: Meaning[] = [];
  @property({ type: Boolean }) disabled = false;

  override render() {
    const fault = faultOf(this.meanings);
    return html`<section aria-label=${t('mapping.title')}>
      <h2>${t('mapping.title')}</h2>
      <p class="small muted">${t('mapping.lead')}</p>
      <div class="table-scroll"><table class="cards">
        <caption class="hidden">${t('mapping.title')}</caption>
        <thead><tr><th>${t('mapping.column')}</th><th>${t('mapping.rows')}</th><th>${t('mapping.meaning')}</th></tr></thead>
        <tbody>${this.headers.map((header, at) => this.row(header, at))}</tbody>
      </table></div>
      <div role="status">${fault ? html`<p class="notice warn">${icon('alert', 18)}${t(`mapping.fault.${fault}`)}</p>` : ''}</div>
    </section>`;
  }

  private row(header: string, at: number) {
    const sample = this.samples
      .map((row) => row[at])
      .filter(Boolean)
      .join(' · ');
    const name = header || t('mapping.unnamed', { n: at + 1 });
    return html`<tr>
      <td class="lead strong">${name}</td>
      <td class="sample" data-label=${t('mapping.rows')}>${sample || '—'}</td>
      <td data-label=${t('mapping.meaning')}>
        <select class="control" aria-label=${t('mapping.meaning_of', { column: name })} ?disabled=${this.disabled} @change=${(event: Event) => this.choose(at, (event.target as HTMLSelectElement).value as Meaning)}>
          ${MEANINGS.map((one) => html`<option value=${one} .selected=${one === this.meanings[at]}>${t(`mapping.is.${one}` as Key)}</option>`)}
        </select>
      </td>
    </tr>`;
  }

  private choose(at: number, meaning: Meaning): void {
    const meanings = this.meanings.map((one, place) => (place === at ? meaning : one));
    this.dispatchEvent(new CustomEvent('meanings', { detail: meanings }));
  }
}
