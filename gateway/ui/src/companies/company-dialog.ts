/** Creates or changes a company. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { changeCompany, createCompany } from '../api';
import { changesOf, isEmpty } from '../changes';
import type { Company, CompanyChange, CompanyFields } from '../contract';
import { countryName, t } from '../i18n';
import { Problem, sentence } from '../problem';
import { Submission } from '../store/submission';
import { base } from '../ui/base';
import { focusFirstError, selectField, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';
import { COUNTRIES, zones } from './countries';

@customElement('company-dialog')
export class CompanyDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`form { display: grid; gap: var(--s4); } :host { --dialog-width: 460px; }`,
  ];

  @property({ attribute: false }) company: Company | null = null;
  @state() private fields: CompanyFields = { name: '', country: 'CO', time_zone: COUNTRIES.CO ?? '' };
  /** As it is written: empty is no limit. */
  @state() private approvalAbove = '';
  /** Empty is no logo. */
  @state() private logo = '';
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  private readonly submission = new Submission();

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.company) return;
    this.fields = fieldsOf(this.company);
    this.approvalAbove = written(this.company.limits.approval_above);
    this.logo = this.company.logo_url ?? '';
  }

  override render() {
    return this.modal.render({
      heading: this.company ? t('companies.edit') : t('companies.new'),
      content: html`<form id="company" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}${this.failure}</p>` : nothing}
        ${textField({ name: 'name', label: t('companies.name'), value: this.fields.name, error: this.errors.name, maxlength: 200, required: true, autofocus: true, onInput: (name) => this.change({ name }) })}
        ${selectField({
          name: 'country',
          label: t('companies.country'),
          value: this.fields.country,
          error: this.errors.country,
          options: countries(this.fields.country),
          onInput: (country) => this.change({ country, time_zone: COUNTRIES[country] ?? this.fields.time_zone }),
        })}
        ${selectField({
          name: 'time_zone',
          label: t('companies.time_zone'),
          value: this.fields.time_zone,
          error: this.errors.time_zone,
          options: zones(this.fields.time_zone).map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') })),
          onInput: (time_zone) => this.change({ time_zone }),
        })}
        ${this.company ? html`${this.logoField()} ${this.limit()}` : nothing}
      </form>`,
      footer: html`<div class="row">
        <span class="grow"></span>
        <button class="button" type="button" @click=${this.closed}>${t('cancel')}</button>
        <button class="button primary" type="submit" form="company">${t('save')}</button>
      </div>`,
    });
  }

  private logoField() {
    return textField({
      name: 'logo_url',
      label: t('companies.logo'),
      hint: t('companies.logo_hint'),
      value: this.logo,
      error: this.errors.logo_url,
      maxlength: 500,
      onInput: (logo) => {
        this.logo = logo;
      },
    });
  }

  private limit() {
    return textField({
      name: 'approval_above',
      label: t('companies.approval_above'),
      hint: t('companies.approval_above_hint'),
      type: 'number',
      min: '0',
      value: this.approvalAbove,
      error: this.errors.approval_above,
      onInput: (approvalAbove) => {
        this.approvalAbove = approvalAbove;
      },
    });
  }

  private change(change: Partial<CompanyFields>): void {
    this.fields = { ...this.fields, ...change };
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    this.failure = '';
    this.errors = this.fields.name.trim() ? {} : { name: t('required') };
    if (this.errors.name) return focusFirstError(this);
    const { company, fields } = this;
    const limit = limitOf(this.approvalAbove);
    if (limit === undefined) this.errors = { approval_above: t('companies.approval_above_wrong') };
    if (limit === undefined) return focusFirstError(this);
    const changes: CompanyChange = company ? changesOf(fieldsOf(company), fields) : fields;
    if (company && company.limits.approval_above !== limit) changes.limits = { approval_above: limit };
    const logo = this.logo.trim() || null;
    if (company && company.logo_url !== logo) changes.logo_url = logo;
    if (isEmpty(changes)) return this.closed();
    try {
      const done = company
        ? await this.submission.once(changes, (body) => changeCompany(company.id, body))
        : await this.submission.once(fields, createCompany);
      if (done) this.dispatchEvent(new CustomEvent('saved'));
    } catch (error) {
      this.errors = error instanceof Problem ? error.fields : {};
      this.failure =
        error instanceof Problem ? error.outside(['name', 'country', 'time_zone', 'logo_url']) : sentence(error);
      await focusFirstError(this);
    }
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

const fieldsOf = ({ name, country, time_zone }: Company): CompanyFields => ({ name, country, time_zone });

const written = (limit: number | null): string => (limit === null ? '' : String(limit));

/** Empty is no limit; undefined if it is no number of people. */
function limitOf(text: string): number | null | undefined {
  if (!text.trim()) return null;
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}

function countries(current: string) {
  const codes = new Set([...Object.keys(COUNTRIES), current]);
  return [...codes]
    .map((code) => ({ value: code, label: countryName(code) }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
