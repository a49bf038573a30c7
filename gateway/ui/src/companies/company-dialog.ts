/** Creates or changes a company. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { changeCompany, createCompany } from '../api';
import { changesOf, isEmpty } from '../changes';
import type { Company, CompanyFields } from '../contract';
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
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  private readonly submission = new Submission();

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.company) this.fields = fieldsOf(this.company);
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
      </form>`,
      footer: html`<div class="row">
        <span class="grow"></span>
        <button class="button" type="button" @click=${this.closed}>${t('cancel')}</button>
        <button class="button primary" type="submit" form="company">${t('save')}</button>
      </div>`,
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
    const changes = company ? changesOf(fieldsOf(company), fields) : fields;
    if (isEmpty(changes)) return this.closed();
    try {
      const done = company
        ? await this.submission.once(changes, (body) => changeCompany(company.id, body))
        : await this.submission.once(fields, createCompany);
      if (done) this.dispatchEvent(new CustomEvent('saved'));
    } catch (error) {
      this.errors = error instanceof Problem ? error.fields : {};
      this.failure = error instanceof Problem ? error.outside(['name', 'country', 'time_zone']) : sentence(error);
      await focusFirstError(this);
    }
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

const fieldsOf = ({ name, country, time_zone }: Company): CompanyFields => ({ name, country, time_zone });

function countries(current: string) {
  const codes = new Set([...Object.keys(COUNTRIES), current]);
  return [...codes]
    .map((code) => ({ value: code, label: countryName(code) }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
