/** Creates or changes a company. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { changeCompany, createCompany } from '../api';
import { changesOf, isEmpty } from '../changes';
import type { Company, CompanyChange, CompanyFields, CompanyLimits } from '../contract';
import { countryName, t } from '../i18n';
import { Problem, sentence } from '../problem';
import { Submission } from '../store/submission';
import { base } from '../ui/base';
import { focusFirstError, selectField, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';
import { COUNTRIES, zones } from './countries';
import { eachLimit, LIMITS, limitOf, NO_LIMITS, type WrittenLimits, written } from './limits';

@customElement('company-dialog')
export class CompanyDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      form { display: grid; gap: var(--s4); }
      :host { --dialog-width: 460px; }
      .limits { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: var(--s3); align-items: end; border: 0; padding: 0; margin: 0; }
      .limits legend { font-weight: 550; padding: 0; }
      .limits p { grid-column: 1 / -1; }
      @media (max-width: 480px) { .limits { grid-template-columns: 1fr; } }
    `,
  ];

  @property({ attribute: false }) company: Company | null = null;
  @state() private fields: CompanyFields = { name: '', country: 'CO', time_zone: COUNTRIES.CO ?? '' };
  @state() private limits: WrittenLimits = written(NO_LIMITS);
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  private readonly submission = new Submission();

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.company) return;
    this.fields = fieldsOf(this.company);
    this.limits = written(this.company.limits);
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
        ${this.company ? this.limitFields() : nothing}
      </form>`,
      footer: html`<div class="row">
        <span class="grow"></span>
        <button class="button" type="button" @click=${this.closed}>${t('cancel')}</button>
        <button class="button primary" type="submit" form="company">${t('save')}</button>
      </div>`,
    });
  }

  private limitFields() {
    return html`<fieldset class="limits">
      <legend>${t('companies.limits')}</legend>
      <p class="small muted">${t('companies.limits_hint')}</p>
      ${LIMITS.map((name) =>
        textField({
          name,
          label: t(`limit.${name}`),
          type: 'number',
          min: '0',
          value: this.limits[name],
          error: this.errors[name],
          onInput: (text) => {
            this.limits = { ...this.limits, [name]: text };
          },
        }),
      )}
    </fieldset>`;
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
    const wrong = LIMITS.filter((name) => limitOf(this.limits[name]) === undefined);
    this.errors = Object.fromEntries(wrong.map((name) => [name, t('companies.limit_wrong')]));
    if (wrong.length > 0) return focusFirstError(this);
    const changes: CompanyChange = company ? changesOf(fieldsOf(company), fields) : fields;
    const limits = company ? this.changedLimits(company) : {};
    if (!isEmpty(limits)) changes.limits = limits;
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

  private changedLimits({ limits }: Company): Partial<CompanyLimits> {
    const now = eachLimit((name) => limitOf(this.limits[name]) ?? null);
    return changesOf(limits, now);
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
