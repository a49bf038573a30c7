/** A template as a client would get it, and the test that goes to oneself. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getClients, renderTemplate, testTemplate } from '../api';
import type { Client, RenderedTemplate, Template } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { companies, may } from '../store/session';
import { Watching } from '../store/store';
import { Submission } from '../store/submission';
import { toast, toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import { selectField, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { framed } from '../ui/mail';
import { Modal, modalStyles } from '../ui/modal';

/** Time to finish a word before asking. */
const ASK_AFTER_MS = 300;

@customElement('template-preview')
export class TemplatePreview extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      :host { --dialog-width: 760px; }
      .content { display: grid; gap: var(--s4); }
      .two { display: grid; gap: var(--s4); grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); }
      .text { max-height: 260px; overflow: auto; padding: var(--s4); border-radius: var(--r2); background: var(--surface-2); }
      iframe { width: 100%; height: 420px; border: 1px solid var(--line); border-radius: var(--r2); background: #fff; }
    `,
  ];

  @property({ attribute: false }) template!: Template;
  @state() private company = '';
  @state() private search = '';
  @state() private clients: Client[] = [];
  @state() private client = '';
  @state() private variables: Record<string, string> = {};
  @state() private shown: RenderedTemplate | null = null;
  @state() private failure = '';

  private readonly companies = new Watching(this, companies);
  private readonly submission = new Submission();
  private readonly modal = new Modal(this, () => this.dispatchEvent(new CustomEvent('dialog-closed')));
  private timer?: ReturnType<typeof setTimeout>;
  private asked = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.company = this.template.company_id ?? this.companies.value[0]?.id ?? '';
    void this.find();
    void this.look();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  override render() {
    return this.modal.render({
      heading: this.template.name,
      content: html`<div class="content">${this.whom()} ${this.fields()} ${this.result()}</div>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        ${
          may('notifier') && this.template.channel === 'email'
            ? html`<button class="button" type="button" ?disabled=${!this.company} @click=${this.test}>${icon('mail', 18)}${t('templates.test')}</button>`
            : nothing
        }
      </div>`,
    });
  }

  private whom() {
    return html`<div class="two">
      ${
        this.template.company_id
          ? nothing
          : selectField({
              name: 'company',
              label: t('send.company'),
              value: this.company,
              options: this.companies.value.map((c) => ({ value: c.id, label: c.name })),
              onInput: (company) => this.choose(company),
            })
      }
      ${textField({ name: 'search', label: t('templates.find_client'), type: 'search', value: this.search, placeholder: t('clients.search'), maxlength: 200, onInput: (value) => this.type(value) })}
      ${selectField({
        name: 'client',
        label: t('templates.as_client'),
        value: this.client,
        options: [
          { value: '', label: t('templates.nobody') },
          ...this.clients.map((c) => ({ value: c.id, label: c.name })),
        ],
        onInput: (client) => {
          this.client = client;
          void this.look();
        },
      })}
    </div>`;
  }

  private fields() {
    if (this.template.variables.length === 0) return nothing;
    return html`<div class="two">${this.template.variables.map((one) =>
      textField({
        name: `variable-${one.name}`,
        label: one.name,
        value: this.variables[one.name] ?? '',
        placeholder: one.default ?? one.sample ?? '',
        maxlength: 10_000,
        onInput: (value) => this.fill(one.name, value),
      }),
    )}</div>`;
  }

  private result() {
    if (this.failure)
      return html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>`;
    if (!this.shown) return nothing;
    const { to, subject, body, html: mail, segments } = this.shown;
    return html`${to ? html`<p class="muted small wrap">${t('templates.to', { to })}</p>` : nothing}
      ${subject === null ? nothing : html`<p class="strong wrap">${subject}</p>`}
      ${mail ? html`<iframe title=${t('templates.html')} sandbox="" srcdoc=${framed(mail)}></iframe>` : nothing}
      <p class="text verbatim" tabindex="0" aria-label=${t('send.body')}>${body}</p>
      ${segments === null ? nothing : html`<p class="muted small">${t('confirm.segments', { n: segments })}</p>`}`;
  }

  private choose(company: string): void {
    this.company = company;
    this.client = '';
    void this.find();
    void this.look();
  }

  private type(search: string): void {
    this.search = search;
    this.later(() => this.find());
  }

  private fill(name: string, text: string): void {
    this.variables = { ...this.variables, [name]: text };
    this.later(() => this.look());
  }

  private later(what: () => Promise<void>): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void what(), ASK_AFTER_MS);
  }

  private async find(): Promise<void> {
    if (!this.company) return;
    try {
      this.clients = (await getClients(this.company, { q: this.search.trim(), limit: 20 })).data;
    } catch {
      // Without clients the template is shown to nobody in particular.
      this.clients = [];
    }
  }

  /** An older answer never overwrites a newer one. */
  private async look(): Promise<void> {
    const asked = ++this.asked;
    try {
      const shown = await renderTemplate(this.template.id, {
        ...(this.client ? { client_id: this.client } : {}),
        variables: this.given(),
      });
      if (asked === this.asked) [this.shown, this.failure] = [shown, ''];
    } catch (error) {
      if (asked === this.asked) this.failure = sentence(error);
    }
  }

  /** What is left empty has its default or its sample. */
  private given(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.variables).filter(([, text]) => text !== ''));
  }

  private test = async (): Promise<void> => {
    const company_id = this.template.company_id ?? this.company;
    try {
      const sent = await this.submission.once({ company_id, variables: this.given() }, (body, key) =>
        testTemplate(this.template.id, body, key),
      );
      if (sent) toast({ text: t('templates.tested') });
    } catch (error) {
      toastFailure(sentence(error));
    }
  };
}
