/** Creates a template, or adds a version to one. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { addTemplateVersion, createTemplate } from '../api';
import { CHANNEL, CHANNELS } from '../channels';
import type { Category, Channel, Template, TemplateFields } from '../contract';
import { t } from '../i18n';
import { CATEGORIES } from '../notifications/send-form';
import { Problem, sentence } from '../problem';
import { companies, may } from '../store/session';
import { Watching } from '../store/store';
import { Submission } from '../store/submission';
import { base } from '../ui/base';
import { fieldError, focusFirstError, selectField, textArea, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';
import { EMPTY_TEMPLATE, errorsFrom, fieldsOf, formOf, type TemplateForm, type VariableForm } from './template-form';

/** Fields that show their own errors. */
const FIELDS = ['name', 'channel', 'category', 'company', 'subject', 'body', 'html', 'variables'];
/** Own columns named in a hint. */
const COLUMNS_NAMED_MAX = 12;

@customElement('template-dialog')
export class TemplateDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      :host { --dialog-width: 760px; }
      form { display: grid; gap: var(--s4); }
      .two { display: grid; gap: var(--s4); grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); }
      fieldset { display: grid; gap: var(--s3); margin: 0; padding: 0; border: 0; }
      legend { padding: 0; font-weight: 550; }
      .variable { display: grid; gap: var(--s3); grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)) auto; align-items: end; }
      #html { font-family: var(--mono, monospace); font-size: var(--text-s); }
    `,
  ];

  @property({ attribute: false }) template: Template | null = null;
  @state() private form: TemplateForm = EMPTY_TEMPLATE;
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  private readonly companies = new Watching(this, companies);
  private readonly submission = new Submission();
  private readonly modal = new Modal(this, () => this.dispatchEvent(new CustomEvent('dialog-closed')));

  override connectedCallback(): void {
    super.connectedCallback();
    const only = may('admin') ? '' : (this.companies.value[0]?.id ?? '');
    this.form = this.template ? formOf(this.template) : { ...EMPTY_TEMPLATE, company: only };
  }

  override render() {
    return this.modal.render({
      heading: this.template ? t('templates.edit', { n: this.template.last_version + 1 }) : t('templates.new'),
      content: html`<form id="template" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}
        ${this.heads()} ${this.texts()} ${this.variables()}
      </form>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        <button class="button primary" type="submit" form="template">${icon('check', 18)}${t('save')}</button>
      </div>`,
    });
  }

  private heads() {
    const { form, errors } = this;
    const everyone = may('admin') ? [{ value: '', label: t('templates.every_company') }] : [];
    return html`${textField({ name: 'name', label: t('templates.name'), value: form.name, error: errors.name, maxlength: 200, required: true, autofocus: true, onInput: (name) => this.change({ name }) })}
    <div class="two">
      ${selectField({
        name: 'company',
        label: t('send.company'),
        value: form.company,
        error: errors.company,
        disabled: this.template !== null,
        options: [...everyone, ...this.companies.value.map((c) => ({ value: c.id, label: c.name }))],
        onInput: (company) => this.change({ company }),
      })}
      ${selectField({
        name: 'channel',
        label: t('send.channel'),
        value: form.channel,
        error: errors.channel,
        disabled: this.template !== null,
        options: CHANNELS.map((value) => ({ value, label: t(`channel.${value}`) })),
        onInput: (channel) => this.change({ channel: channel as Channel }),
      })}
      ${selectField({
        name: 'category',
        label: t('send.category'),
        value: form.category,
        error: errors.category,
        options: CATEGORIES.map((value) => ({ value, label: t(`category.${value}`) })),
        onInput: (category) => this.change({ category: category as Category }),
      })}
    </div>`;
  }

  private texts() {
    const { form, errors } = this;
    const email = form.channel === 'email';
    return html`${
      email
        ? textField({
            name: 'subject',
            label: t('send.subject'),
            value: form.subject,
            error: errors.subject,
            maxlength: CHANNEL.email.subjectMax ?? undefined,
            required: true,
            onInput: (subject) => this.change({ subject }),
          })
        : nothing
    }
    ${textArea({ name: 'body', label: t('send.body'), value: form.body, error: errors.body, hint: this.bodyHint(email), rows: 6, onInput: (body) => this.change({ body }) })}
    ${email ? textArea({ name: 'html', label: t('templates.html'), value: form.html, error: errors.html, hint: t('templates.html_hint'), rows: 8, onInput: (value) => this.change({ html: value }) }) : nothing}`;
  }

  /** What the text may name; of a company with own columns, those too. */
  private bodyHint(email: boolean): string {
    const columns = this.companies.value.find((one) => one.id === this.form.company)?.columns ?? [];
    const named = columns.slice(0, COLUMNS_NAMED_MAX).map((name) => `{{ cliente.${name} }}`);
    const hint = email ? t('templates.body_hint') : t('templates.names_hint');
    return named.length > 0 ? `${hint} ${t('templates.columns_hint', { columns: named.join(', ') })}` : hint;
  }

  private variables() {
    const error = this.errors.variables;
    return html`<fieldset>
      <legend>${t('templates.variables')}</legend>
      <p class="hint">${t('templates.variables_hint')}</p>
      ${fieldError({ name: 'variables', error })}
      ${this.form.variables.map((one, index) => this.variable(one, index))}
      <div><button class="button small" type="button" @click=${this.addVariable}>${icon('plus', 16)}${t('templates.add_variable')}</button></div>
    </fieldset>`;
  }

  private variable(one: VariableForm, index: number) {
    const part = (name: keyof VariableForm, label: string) =>
      textField({
        name: `variable-${index}-${name}`,
        label,
        value: one[name],
        maxlength: name === 'name' ? 64 : 10_000,
        onInput: (value) => this.changeVariable(index, { [name]: value }),
      });
    return html`<div class="variable">
      ${part('name', t('templates.name'))} ${part('default', t('templates.default'))} ${part('sample', t('templates.sample'))}
      <button class="button quiet small" type="button" aria-label=${t('templates.remove_variable', { name: one.name })} @click=${() => this.removeVariable(index)}>${icon('trash', 16)}</button>
    </div>`;
  }

  private change(change: Partial<TemplateForm>): void {
    this.form = { ...this.form, ...change };
    const cleared = Object.fromEntries(Object.keys(change).map((name) => [name, '']));
    this.errors = { ...this.errors, ...cleared };
  }

  private addVariable = (): void => {
    this.change({ variables: [...this.form.variables, { name: '', default: '', sample: '' }] });
  };

  private changeVariable(index: number, change: Partial<VariableForm>): void {
    this.change({ variables: this.form.variables.map((one, at) => (at === index ? { ...one, ...change } : one)) });
  }

  private removeVariable(index: number): void {
    this.change({ variables: this.form.variables.filter((_, at) => at !== index) });
  }

  private submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.failure = '';
    this.errors = {};
    try {
      const saved = await this.submission.once(fieldsOf(this.form), (body: TemplateFields, key: string) =>
        this.template ? addTemplateVersion(this.template.id, body, key) : createTemplate(body, key),
      );
      if (saved) this.dispatchEvent(new CustomEvent('saved'));
    } catch (error) {
      await this.refuse(error);
    }
  };

  private async refuse(error: unknown): Promise<void> {
    this.errors = error instanceof Problem ? errorsFrom(error.fields) : {};
    const placed = Object.keys(this.errors).some((name) => FIELDS.includes(name));
    this.failure = placed ? '' : sentence(error);
    if (placed) await focusFirstError(this);
  }
}
