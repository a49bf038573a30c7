/** Imports clients from a CSV file: choose, check without changing anything, import, and read the errors and their reasons. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { importClients } from '../api';
import { fromAddress, isId } from '../app/address';
import '../companies/no-companies';
import type { ContactKind, ImportReport } from '../contract';
import { download } from '../download';
import { number, t } from '../i18n';
import { sentence } from '../problem';
import { companies, companyName } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { selectField, withChosen } from '../ui/field';
import { icon } from '../ui/icons';
import { faultOf, guessed, type Meaning } from './import-columns';
import './import-mapping';
import { toMend } from './import-mend';
import './import-report';
import { importMapped, type OwnFile, ownFile } from './own-file';

/** The first line of the file, to copy: it breaks after a comma, never inside a word. */
const COLUMNS = html`external_id,<wbr>name,<wbr>kind,<wbr>contact_name,<wbr>phone,<wbr>email`;
const KINDS: ContactKind[] = ['holder', 'emergency_contact', 'authorized_user'];
type Step = 'choose' | 'checking' | 'checked' | 'importing' | 'imported';

@customElement('import-page')
export class ImportPage extends LitElement {
  static override styles = [
    base,
    css`
      .page > section, import-report { max-width: 880px; }
      .card { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--s5); }
      .drop { display: grid; justify-items: center; gap: var(--s2); padding: var(--s6) var(--s4); border: 1.5px dashed var(--line-strong); border-radius: var(--r3); text-align: center; transition: background 120ms; }
      .drop.over { background: var(--accent-soft); border-color: var(--accent); }
      .mark { display: grid; place-items: center; width: 52px; height: 52px; border-radius: 17px; background: var(--accent-soft); color: var(--accent-ink); }
      .file { font-weight: 600; }
      .done { justify-self: start; }
      .wait { display: flex; align-items: center; gap: var(--s3); }
      .spin { width: 20px; height: 20px; border: 2.5px solid var(--surface-3); border-top-color: var(--accent); border-radius: 50%; animation: spin 900ms linear infinite; }
      import-report { margin-top: var(--s5); }
      .row .button { padding: var(--s2) var(--s4); white-space: normal; overflow-wrap: anywhere; }
      @media (max-width: 520px) { .row .button { flex: 1 1 100%; } }
      @keyframes spin { to { transform: rotate(1turn); } }
    `,
  ];

  @state() private company = fromAddress('empresa', isId);
  @state() private file: File | null = null;
  @state() private step: Step = 'choose';
  @state() private report: ImportReport | null = null;
  @state() private failure = '';
  @state() private over = false;
  /** The chosen file, when its columns are not those of the import. */
  @state() private own: OwnFile | null = null;
  @state() private meanings: Meaning[] = [];
  /** Until the columns of the chosen file are known. */
  private reading: Promise<void> = Promise.resolve();
  @query('input[type="file"]') private input!: HTMLInputElement;
  private readonly companies = new Watching(this, companies);

  protected override willUpdate(): void {
    const first = this.companies.value[0];
    if (!this.company && first) this.company = first.id;
  }

  override render() {
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('import.title')}</h1><p>${t('import.lead')}</p></div></div>
      ${this.company ? this.form() : html`<section class="card"><no-companies></no-companies></section>`}
    </div>`;
  }

  private form() {
    const { busy } = this;
    return html`<section class="card pad">
        ${selectField({
          name: 'company',
          label: t('send.company'),
          value: this.company,
          options: withChosen(
            this.companies.value.map((c) => ({ value: c.id, label: c.name })),
            this.company,
            t('send.choose_company'),
          ),
          disabled: busy,
          onInput: (company) => this.again({ company }),
        })}
        ${this.drop(busy)}
        ${this.own ? html`<import-mapping .headers=${this.own.headers} .samples=${this.own.samples} .meanings=${this.meanings} ?disabled=${busy} @meanings=${this.named}></import-mapping>` : nothing}
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}${this.failure}</p>` : nothing}
        ${busy ? html`<p class="wait" role="status"><span class="spin"></span>${t(`import.${this.step as 'checking' | 'importing'}`)}</p>` : this.actions()}
      </section>
      ${this.report ? html`<import-report .report=${this.report} ?dry=${this.step !== 'imported'} @mend=${this.mend}></import-report>` : nothing}`;
  }

  private get busy(): boolean {
    return this.step === 'checking' || this.step === 'importing';
  }

  private drop(busy: boolean) {
    return html`<div class="drop ${this.over ? 'over' : ''}" @dragover=${this.dragged} @dragleave=${this.left} @drop=${this.dropped}>
      <span class="mark">${icon(this.file ? 'file' : 'upload', 26)}</span>
      ${this.file ? html`<p class="file wrap">${this.file.name} <span class="muted num">${number(Math.ceil(this.file.size / 1024))} kB</span></p>` : html`<p>${t('import.drop')}</p>`}
      <button class="button" type="button" ?disabled=${busy} @click=${() => this.input.click()}>${this.file ? t('import.other') : t('import.choose')}</button>
      <input type="file" accept=".csv,text/csv,text/plain" hidden aria-label=${t('import.file')} @change=${this.picked} />
      ${this.own ? nothing : columns()}
    </div>`;
  }

  private actions() {
    if (!this.file) return nothing;
    const accepted = this.report ? this.report.created + this.report.updated : 0;
    if (this.step === 'imported')
      return html`<a class="button primary done" href="/clientes?empresa=${this.company}">${t('import.see')}</a>`;
    return html`<div class="row wraps">
      <button class="button ${this.step === 'choose' ? 'primary' : ''}" type="button" ?disabled=${this.lacks} @click=${() => this.run(true)}>${t('import.check')}</button>
      ${
        this.step === 'checked'
          ? html`<button class="button primary" type="button" ?disabled=${accepted === 0} @click=${() => this.run(false)}>${accepted > 0 ? t('import.run', { n: accepted, company: companyName(this.company) }) : t('import.nothing')}</button>`
          : nothing
      }
    </div>`;
  }

  private picked(event: Event): void {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    if (file) this.again({ file });
    // The same file, corrected, can be chosen again.
    this.input.value = '';
  }

  private dragged(event: DragEvent): void {
    event.preventDefault();
    this.over = true;
  }

  private left(): void {
    this.over = false;
  }

  private dropped(event: DragEvent): void {
    event.preventDefault();
    this.over = false;
    if (this.busy) return;
    const file = event.dataTransfer?.files[0];
    if (file) this.again({ file });
  }

  private again(change: { company?: string; file?: File }): void {
    Object.assign(this, change);
    this.step = 'choose';
    this.report = null;
    this.failure = '';
    if (change.file) this.reading = this.look(change.file);
  }

  private async look(file: File): Promise<void> {
    this.own = null;
    const own = await ownFile(file).catch(() => null);
    // Another file may have been chosen meanwhile.
    if (file !== this.file) return;
    this.meanings = own ? guessed(own.headers) : [];
    this.own = own;
  }

  private named = (event: CustomEvent<Meaning[]>): void => {
    this.meanings = event.detail;
    this.again({});
  };

  /** Whether a column that the import needs has no meaning yet. */
  private get lacks(): boolean {
    return this.own !== null && faultOf(this.meanings) !== null;
  }

  private async run(dryRun: boolean): Promise<void> {
    if (!this.file || !this.company || this.busy) return;
    const before = this.step;
    this.failure = '';
    this.step = dryRun ? 'checking' : 'importing';
    try {
      await this.reading;
      if (this.lacks) {
        this.step = before;
        return;
      }
      this.report = await this.send(this.company, this.file, dryRun);
      this.step = dryRun ? 'checked' : 'imported';
    } catch (error) {
      this.failure = sentence(error);
      this.step = before;
    }
  }

  private mend = async (): Promise<void> => {
    if (!this.file || !this.report) return;
    const code = this.own ? this.meanings.indexOf('external_id') : undefined;
    try {
      download(await toMend(this.file, this.report.errors, code), t('import.mend_file'));
    } catch {
      // The browser no longer reads a file that was changed since it was chosen.
      this.failure = t('import.file_changed');
    }
  };

  private send(company: string, file: File, dryRun: boolean): Promise<ImportReport> {
    const { own, meanings } = this;
    return own ? importMapped(company, { ...own, meanings }, dryRun) : importClients(company, file, dryRun);
  }
}

/** What a file must have that is imported as it is. */
const columns = () => html`<p class="small muted">${t('import.columns')} <span class="mono">${COLUMNS}</span></p>
  <p class="small muted">${t('import.own')}</p>
  <p class="small muted">${t('import.kinds')} ${KINDS.map((kind) => html`<span class="mono">${kind}</span> (${t(`kind.${kind}`)}) `)}</p>`;
