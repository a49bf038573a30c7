/** The report of an import or a dry run: every refused row and every warning, with line, column, value and reason. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { ImportError, ImportReport as Report } from '../contract';
import { number, t } from '../i18n';
import { base } from '../ui/base';
import { icon } from '../ui/icons';

/** The most rows drawn at once: fifty thousand make a browser unusable. */
const SHOWN_STEP = 200;

/** The server's names for the column of a fault of a whole row, and for a column of the company's own. */
const WHOLE_ROW = 'row';
const OWN = 'own';

@customElement('import-report')
export class ImportReport extends LitElement {
  static override styles = [
    base,
    css`
      .numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: var(--s4); padding: var(--s5); }
      .numbers dd { font-size: 1.75rem; font-weight: 600; letter-spacing: -0.02em; line-height: 1.1; }
      .numbers dt { color: var(--ink-3); font-size: var(--text-s); }
      .numbers div { display: flex; flex-direction: column-reverse; }
      .bad dd { color: var(--danger); }
      .notice { margin: 0 var(--s5) var(--s5); }
      .errors, .warnings { border-top: 1px solid var(--line); }
      :is(.errors, .warnings) h2 { padding: var(--s4) var(--s5) var(--s2); }
      :is(.errors, .warnings) > p { padding: 0 var(--s5) var(--s2); }
      .value { font-family: var(--mono); overflow-wrap: anywhere; }
      .mend { padding: 0 var(--s5) var(--s4); }
      .more { padding: var(--s4); text-align: center; }
    `,
  ];

  @property({ attribute: false }) report!: Report;
  @property({ type: Boolean }) dry = false;
  @state() private errorsShown = SHOWN_STEP;
  @state() private warningsShown = SHOWN_STEP;

  override render() {
    const { report } = this;
    const { errors, errors_left_off, warnings = [], warnings_left_off } = report;
    return html`<section class="card" aria-label=${t('import.result')}>
      <div role="status"><dl class="numbers">
        ${figure(t('import.rows'), report.rows)} ${figure(t('import.created'), report.created)} ${figure(t('import.updated'), report.updated)}
        ${figure(t('import.unchanged'), report.unchanged)} ${figure(t('import.rejected'), report.rejected, report.rejected > 0)}
      </dl></div>
      <p class="notice ${this.dry ? '' : 'ok'}">${icon(this.dry ? 'info' : 'check', 18)}${this.dry ? t('import.dry') : t('import.done')}</p>
      ${errors.length > 0 ? html`<p class="mend"><button class="button small" type="button" @click=${this.mend}>${icon('file', 16)}${t('import.mend')}</button></p>` : nothing}
      ${list({ kind: 'errors', rows: errors, leftOff: errors_left_off, shown: this.errorsShown, more: this.moreErrors })}
      ${list({ kind: 'warnings', rows: warnings, leftOff: warnings_left_off, shown: this.warningsShown, more: this.moreWarnings })}
    </section>`;
  }

  private readonly mend = (): void => {
    this.dispatchEvent(new CustomEvent('mend'));
  };

  private readonly moreErrors = (): void => {
    this.errorsShown += SHOWN_STEP;
  };

  private readonly moreWarnings = (): void => {
    this.warningsShown += SHOWN_STEP;
  };
}

/** The errors or warnings of rows: those in the report, and those shown. */
interface Listed {
  kind: 'errors' | 'warnings';
  rows: ImportError[];
  leftOff?: number | undefined;
  shown: number;
  more: () => void;
}

/** A table of errors or warnings; nothing when there are none. */
function list({ kind, rows, leftOff = 0, shown, more }: Listed) {
  if (rows.length === 0) return nothing;
  return html`<div class=${kind}>
    <h2>${t(`import.${kind}`, { n: rows.length + leftOff })}</h2>
    ${kind === 'warnings' ? html`<p class="small muted">${t('import.warnings_taken')}</p>` : nothing}
    ${leftOff > 0 ? html`<p class="small muted">${t('import.left_off', { n: rows.length })}</p>` : nothing}
    <div class="table-scroll"><table class="cards">
      <caption class="hidden">${t(`import.${kind}`, { n: rows.length })}</caption>
      <thead><tr><th class="right">${t('import.line')}</th><th>${t('import.column')}</th><th>${t('import.value')}</th><th>${t('import.reason')}</th></tr></thead>
      <tbody>
        ${rows.slice(0, shown).map(
          (e) => html`<tr>
            <td class="right num" data-label=${t('import.line')}>${number(e.line)}</td>
            <td class="mono" data-label=${t('import.column')}>${columnName(e.column)}</td>
            <td class="value" data-label=${t('import.value')}>${e.value || t('import.empty_value')}</td>
            <td data-label=${t('import.reason')}>${e.detail}</td>
          </tr>`,
        )}
      </tbody>
    </table></div>
    ${rows.length > shown ? html`<div class="more"><button class="button small" type="button" @click=${more}>${t('list.more')}</button></div>` : nothing}
  </div>`;
}

/** The value of an own column begins with its name. */
function columnName(column: string): string {
  if (column === WHOLE_ROW) return t('import.whole_row');
  return column === OWN ? t('import.own_column') : column;
}

const figure = (label: string, n: number, bad = false) =>
  html`<div class=${bad ? 'bad' : ''}><dt>${label}</dt><dd class="num">${number(n)}</dd></div>`;
