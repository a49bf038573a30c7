/** «Usuarios»: the workers with a login, their roles and the companies they may act for. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { changeUser, getUsers } from '../api';
import type { User } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { PagedList } from '../store/paged-list';
import { companies, companyName, me } from '../store/session';
import { Watching } from '../store/store';
import { toast, toastFailure } from '../store/toasts';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { confirmed } from '../ui/confirm-dialog';
import { textField } from '../ui/field';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import './user-dialog';

/** Debounce of the search, in milliseconds. */
const SEARCH_AFTER_MS = 250;

@customElement('users-page')
export class UsersPage extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      .who { display: flex; align-items: center; gap: var(--s3); min-width: 0; }
      .who div { display: grid; line-height: 1.35; min-width: 0; }
      .pills { display: flex; flex-wrap: wrap; gap: 4px; }
      td { vertical-align: middle; }
      td.lead { min-width: 250px; }
      td.companies { min-width: 140px; overflow-wrap: anywhere; }
      @media (max-width: 720px) { .pills { justify-content: flex-end; } }
    `,
  ];

  /** Names come after the page. */
  protected readonly companies = new Watching(this, companies);
  @state() private search = '';
  @state() private editing: User | 'new' | null = null;
  private readonly list = new PagedList<User>(this, (after) =>
    getUsers({ q: this.search.trim(), active: 'all', after }),
  );
  private timer?: ReturnType<typeof setTimeout>;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('users.title')}</h1><p>${t('users.lead')}</p></div>
        <button class="button" type="button" @click=${() => this.edit('new')}>${icon('plus', 18)}${t('users.new')}</button>
      </div>
      <div class="toolbar">${textField({ name: 'search', label: t('search'), type: 'search', value: this.search, placeholder: t('users.search'), onInput: (value) => this.type(value) })}</div>
      <section class="card" aria-label=${t('users.title')}>
        ${listFrame(this.list, html`<empty-state icon="users" heading=${t('users.none_found')} text=${t('filter.none_text')}></empty-state>`, () => this.table())}
      </section>
      ${this.editing ? html`<user-dialog .user=${this.editing === 'new' ? null : this.editing} @saved=${this.saved} @dialog-closed=${() => this.edit(null)}></user-dialog>` : nothing}
    </div>`;
  }

  private table() {
    return html`<table class="cards">
      <caption class="hidden">${t('users.title')}</caption>
      <thead><tr><th>${t('users.name')}</th><th>${t('users.roles')}</th><th>${t('users.companies')}</th><th><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>${repeat(
        this.list.items,
        (user) => user.id,
        (user) => this.row(user),
      )}</tbody>
    </table>`;
  }

  private row(user: User) {
    const { active } = user;
    return html`<tr>
      <td class="lead"><div class="who">${avatar(user.name)}<div><span class="strong">${user.name}</span><span class="muted wrap">${user.email}</span></div></div></td>
      <td data-label=${t('users.roles')}><div class="pills">${user.roles.map((role) => html`<span class="pill ${role === 'admin' ? 'accent' : ''}">${t(`role.${role}`)}</span>`)}${active ? nothing : html`<span class="pill warn">${t('users.inactive')}</span>`}</div></td>
      <td class="companies" data-label=${t('users.companies')}>${companiesOf(user)}</td>
      <td class="actions">
        <button class="button quiet small" type="button" aria-label=${t('users.edit_one', { name: user.name })} @click=${() => this.edit(user)}>${t('edit')}</button>
        ${user.id === me()?.id ? nothing : this.switch(user, active)}
      </td>
    </tr>`;
  }

  private switch(user: User, active: boolean) {
    const label = active ? t('users.disable') : t('users.enable');
    return html`<button class="button quiet small ${active ? 'danger' : ''}" type="button" aria-label="${label}: ${user.name}" @click=${() => this.activate(user, !active)}>${label}</button>`;
  }

  /** Disabling a user also ends the tokens of programs, which no undo restores: so it needs a confirmation. */
  private async activate(user: User, active: boolean): Promise<void> {
    if (!active && !(await this.meant(user))) return;
    const show = (value: boolean) =>
      this.list.change((items) => items.map((one) => (one.id === user.id ? { ...one, active: value } : one)));
    show(active);
    try {
      await changeUser(user.id, { active });
    } catch (error) {
      show(!active);
      toastFailure(sentence(error));
      return;
    }
    toast({ text: t(active ? 'users.enabled' : 'users.disabled', { name: user.name }) });
  }

  private meant(user: User): Promise<boolean> {
    return confirmed({
      heading: t('users.disable_heading', { name: user.name }),
      text: t('users.disable_text'),
      action: t('users.disable'),
      danger: true,
    });
  }

  private edit(what: User | 'new' | null): void {
    this.editing = what;
  }

  private type(value: string): void {
    this.search = value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.list.replace(), SEARCH_AFTER_MS);
  }

  private saved = (): void => {
    this.editing = null;
    toast({ text: t('users.saved') });
    void this.list.refresh();
  };
}

/** An administrator may act for every company, whatever the listed ones. */
function companiesOf({ roles, companies: own }: User): string {
  if (roles.includes('admin')) return t('users.all_companies');
  return own.map(companyName).join(', ') || '—';
}
