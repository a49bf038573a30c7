/** Creates or changes a client and the contacts who can be notified. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { changeClient, createClientOf } from '../api';
import { changesOf, isEmpty } from '../changes';
import type { Client, ClientFields, Contact, ContactKind } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { Submission } from '../store/submission';
import { base } from '../ui/base';
import { focusFirstError, selectField, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';

const KINDS: ContactKind[] = ['holder', 'emergency_contact', 'authorized_user'];
const NO_CONTACT: Contact = { kind: 'holder', name: '', phone: '', email: '' };
/** The most contacts in the form, so that it stays usable; an import can have more. */
const CONTACTS_MAX = 20;

@customElement('client-dialog')
export class ClientDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      :host { --dialog-width: 680px; }
      form { display: grid; gap: var(--s4); }
      .two { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s3) var(--s4); }
      fieldset { display: grid; gap: var(--s3); padding: var(--s4); border: 1px solid var(--line); border-radius: var(--r3); }
      .contact-head { display: flex; justify-content: space-between; align-items: center; }
      .contact-head p { font-weight: 600; }
      @media (max-width: 520px) { .two { grid-template-columns: 1fr; } }
    `,
  ];

  @property() company = '';
  @property({ attribute: false }) client: Client | null = null;
  @state() private fields: ClientFields = { name: '', external_id: '', contacts: [NO_CONTACT] };
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  @state() private busy = false;
  private readonly submission = new Submission();

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.client) this.fields = fieldsOf(this.client);
  }

  override render() {
    const heading = this.client ? t('clients.edit') : t('clients.new');
    return this.modal.render({
      heading: heading,
      content: html`<form id="client" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}${this.failure}</p>` : nothing}
        <div class="two">${this.text('name', t('clients.name'))} ${this.text('external_id', t('clients.external_id'))}</div>
        ${this.fields.contacts.map((contact, i) => this.contact(contact, i))}
        <div><button class="button small" type="button" ?disabled=${this.fields.contacts.length >= CONTACTS_MAX} @click=${this.add}>${icon('plus', 16)}${t('contact.add')}</button></div>
      </form>`,
      footer: html`<div class="row">
        <span class="grow"></span>
        <button class="button" type="button" @click=${this.closed}>${t('cancel')}</button>
        <button class="button primary" type="submit" form="client" aria-disabled=${this.busy ? 'true' : nothing}>${t('save')}</button>
      </div>`,
    });
  }

  private text(name: 'name' | 'external_id', label: string) {
    return textField({
      name,
      label,
      value: this.fields[name] ?? '',
      error: this.errors[name],
      required: name === 'name',
      maxlength: 200,
      autofocus: name === 'name',
      onInput: (value) => {
        this.fields = { ...this.fields, [name]: value };
      },
    });
  }

  private contact(contact: Contact, i: number) {
    const field = (name: 'name' | 'phone' | 'email', label: string, type: 'text' | 'tel' | 'email') =>
      textField({
        name: `contacts.${i}.${name}`,
        label,
        type,
        value: contact[name] ?? '',
        error: this.errors[`contacts.${i}.${name}`],
        maxlength: 320,
        onInput: (value) => this.change(i, { [name]: value }),
      });
    return html`<fieldset>
      <legend class="hidden">${t('contact.number', { n: i + 1 })}</legend>
      <div class="contact-head">
        <p>${t('contact.number', { n: i + 1 })}</p>
        <button class="icon-button" type="button" aria-label=${t('contact.remove', { n: i + 1 })} @click=${() => this.drop(i)}>${icon('trash', 18)}</button>
      </div>
      <div class="two">
        ${selectField({
          name: `contacts.${i}.kind`,
          label: t('contact.kind'),
          value: contact.kind,
          error: this.errors[`contacts.${i}.kind`],
          options: KINDS.map((value) => ({ value, label: t(`kind.${value}`) })),
          onInput: (kind) => this.change(i, { kind: kind as ContactKind }),
        })}
        ${field('name', t('contact.name'), 'text')} ${field('phone', t('contact.phone'), 'tel')} ${field('email', t('contact.email'), 'email')}
      </div>
    </fieldset>`;
  }

  private change(at: number, change: Partial<Contact>): void {
    this.fields = {
      ...this.fields,
      contacts: this.fields.contacts.map((c, i) => (i === at ? { ...c, ...change } : c)),
    };
  }

  private add = (): void => {
    this.fields = { ...this.fields, contacts: [...this.fields.contacts, { ...NO_CONTACT, kind: 'emergency_contact' }] };
  };

  private drop(at: number): void {
    this.fields = { ...this.fields, contacts: this.fields.contacts.filter((_, i) => i !== at) };
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    this.failure = '';
    this.errors = this.missing();
    if (Object.keys(this.errors).length > 0) return focusFirstError(this);
    const { client } = this;
    const request = requestOf(this.fields);
    const changes = client ? changesOf(requestOf(fieldsOf(client)), request) : request;
    if (isEmpty(changes)) return this.closed();
    this.busy = true;
    try {
      const done = client
        ? await this.submission.once(changes, (body) => changeClient(client.id, body))
        : await this.submission.once(request, (body, key) => createClientOf(this.company, body, key));
      if (done) this.dispatchEvent(new CustomEvent('saved'));
    } catch (error) {
      await this.refuse(error);
    } finally {
      this.busy = false;
    }
  }

  private missing(): Record<string, string> {
    const found: Record<string, string> = {};
    if (!this.fields.name.trim()) found.name = t('required');
    return found;
  }

  private async refuse(error: unknown): Promise<void> {
    this.errors = error instanceof Problem ? error.fields : {};
    const shown = [
      'name',
      'external_id',
      ...this.fields.contacts.flatMap((_, i) => ['kind', 'name', 'phone', 'email'].map((f) => `contacts.${i}.${f}`)),
    ];
    this.failure = error instanceof Problem ? error.outside(shown) : sentence(error);
    await focusFirstError(this);
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

const fieldsOf = ({ name, external_id, contacts }: Client): ClientFields => ({ name, external_id, contacts });

/** A contact without a name has the client's. */
function requestOf({ name, external_id, contacts }: ClientFields): ClientFields {
  const clean = contacts.map((c) => ({
    ...c,
    name: c.name.trim() || name.trim(),
    phone: c.phone?.trim() || null,
    email: c.email?.trim() || null,
  }));
  return { name: name.trim(), external_id: external_id?.trim() || null, contacts: clean };
}
