/** Creates or changes a user. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { changeUser, createUser } from '../api';
import { changesOf, isEmpty } from '../changes';
import type { Role, User, UserChange } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { companies } from '../store/session';
import { Watching } from '../store/store';
import { Submission } from '../store/submission';
import { base } from '../ui/base';
import { checkField, fieldError, focusFirstError, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';

const ROLES: Role[] = ['operator', 'notifier', 'auditor', 'admin'];

@customElement('user-dialog')
export class UserDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      form { display: grid; gap: var(--s4); }
      .checks { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: var(--s1) var(--s4); margin-top: var(--s2); }
    `,
  ];

  @property({ attribute: false }) user: User | null = null;
  @state() private name = '';
  @state() private email = '';
  @state() private phone = '';
  @state() private password = '';
  @state() private roles: Role[] = ['operator'];
  @state() private allowed: string[] = [];
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  private readonly companies = new Watching(this, companies);
  private readonly submission = new Submission();

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.user) return;
    this.name = this.user.name;
    this.email = this.user.email ?? '';
    this.phone = this.user.phone ?? '';
    this.roles = this.user.roles;
    this.allowed = this.user.companies;
  }

  override render() {
    return this.modal.render({
      heading: this.user ? t('users.edit') : t('users.new'),
      content: html`<form id="user" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}${this.failure}</p>` : nothing}
        ${this.text('name', t('users.name'), 'text')}
        ${this.user ? nothing : this.text('email', t('login.email'), 'email')}
        ${this.text('phone', t('users.phone'), 'tel')}
        ${this.text('password', this.user ? t('users.new_password') : t('login.password'), 'password')}
        <fieldset>
          <legend>${t('users.roles')}</legend>
          <div class="checks">${ROLES.map((role) => checkField({ label: t(`role.${role}`), checked: this.roles.includes(role), onInput: (on) => this.toggleRole(role, on) }))}</div>
          ${fieldError({ name: 'roles', error: this.errors.roles })}
        </fieldset>
        <fieldset>
          <legend>${t('users.companies')}</legend>
          <div class="checks">${this.companies.value.map((c) => checkField({ label: c.name, checked: this.allowed.includes(c.id), onInput: (on) => this.toggleCompany(c.id, on) }))}</div>
          ${fieldError({ name: 'companies', error: this.errors.companies })}
        </fieldset>
      </form>`,
      footer: html`<div class="row">
        <span class="grow"></span>
        <button class="button" type="button" @click=${this.closed}>${t('cancel')}</button>
        <button class="button primary" type="submit" form="user">${t('save')}</button>
      </div>`,
    });
  }

  private text(
    name: 'name' | 'email' | 'phone' | 'password',
    label: string,
    type: 'text' | 'email' | 'tel' | 'password',
  ) {
    return textField({
      name,
      label,
      type,
      value: this[name],
      error: this.errors[name],
      hint: this.hint(name),
      autocomplete: name === 'password' ? 'new-password' : 'off',
      required: name === 'name' || (name !== 'phone' && !this.user),
      autofocus: name === 'name',
      onInput: (value) => {
        this[name] = value;
      },
    });
  }

  private hint(name: string): string | undefined {
    if (name === 'phone') return t('users.phone_hint');
    if (name !== 'password') return undefined;
    return this.user ? t('users.new_password_hint') : t('users.password_hint');
  }

  private toggleRole(role: Role, on: boolean): void {
    this.roles = on ? [...this.roles, role] : this.roles.filter((one) => one !== role);
  }

  private toggleCompany(id: string, on: boolean): void {
    this.allowed = on ? [...this.allowed, id] : this.allowed.filter((one) => one !== id);
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    this.failure = '';
    this.errors = this.missing();
    if (Object.keys(this.errors).length > 0) return focusFirstError(this);
    const change = this.change();
    if (isEmpty(change)) return this.closed();
    try {
      if (await this.save(change)) this.dispatchEvent(new CustomEvent('saved'));
    } catch (error) {
      this.errors = error instanceof Problem ? error.fields : {};
      this.failure =
        error instanceof Problem
          ? error.outside(['name', 'email', 'phone', 'password', 'roles', 'companies'])
          : sentence(error);
      await focusFirstError(this);
    }
  }

  private missing(): Record<string, string> {
    const found: Record<string, string> = {};
    if (!this.name.trim()) found.name = t('required');
    if (!this.user && !this.email.trim()) found.email = t('required');
    if (!this.user && !this.password) found.password = t('required');
    return found;
  }

  private save(change: UserChange) {
    const { user, password } = this;
    if (user) return this.submission.once(change, (body) => changeUser(user.id, body));
    return this.submission.once({ ...this.fields(), email: this.email.trim(), password }, createUser);
  }

  private fields() {
    // As the server stores it: people write numbers with spaces and dashes.
    const phone = this.phone.replace(/[\s().-]/g, '');
    return fieldsOf({ name: this.name.trim(), phone: phone || null, roles: this.roles, companies: this.allowed });
  }

  /** The changed fields of an existing user; the password only if it was typed. */
  private change(): UserChange {
    const { user, password } = this;
    const fields = user ? changesOf(fieldsOf(user), this.fields()) : this.fields();
    return password ? { ...fields, password } : fields;
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

/** Roles and companies are sets: their order is no change. */
const fieldsOf = ({ name, phone, roles, companies }: Pick<User, 'name' | 'phone' | 'roles' | 'companies'>) => ({
  name,
  phone,
  roles: [...roles].sort(),
  companies: [...companies].sort(),
});
