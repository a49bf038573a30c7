/** «Clientes»: the people and businesses of a company, with the contacts that can be notified. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getClients } from '../api';
import { asText, fromAddress, isId, isText, TEXT_MAX } from '../app/address';
import { replaceQuery } from '../app/router';
import '../companies/no-companies';
import type { Client, Company, Page } from '../contract';
import { t } from '../i18n';
import { Problem } from '../problem';
import { PagedList } from '../store/paged-list';
import { companies, may } from '../store/session';
import { Watching } from '../store/store';
import { toast } from '../store/toasts';
import { base } from '../ui/base';
import { selectField, textField, withChosen } from '../ui/field';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import './client-dialog';
import { eraseOnceConfirmed } from './erase';

/** Debounce of the search, in milliseconds. */
const SEARCH_AFTER_MS = 250;
/** The server's answer about a company that does not exist or is not the user's. */
const NOT_FOUND = 404;
const NO_CLIENTS: Page<Client> = { data: [], next: null };

@customElement('clients-page')
export class ClientsPage extends LitElement {
  static override styles = [
    base,
    css`
      .contact { display: flex; flex-wrap: wrap; gap: 2px var(--s2); align-items: baseline; }
      .contact + .contact { margin-top: 4px; }
      .contact span { overflow-wrap: anywhere; }
      td .mono { display: inline-block; width: max-content; max-width: 26ch; overflow-wrap: anywhere; text-align: left; }
      td .strong { display: inline-block; min-height: 24px; font-size: var(--text-m); font-weight: 550; color: var(--ink); text-decoration-color: var(--line-strong); }
      @media (max-width: 720px) { table.cards td.contacts { display: block; text-align: left; } table.cards td.contacts::before { display: none; } }
    `,
  ];

  @state() private company = fromAddress('empresa', isId);
  /** The company in the address is not the user's: another request would find nothing. */
  @state() private unknown = '';
  @state() private search = fromAddress('q', isText);
  /** `new`, or the client being edited. */
  @state() private editing: Client | 'new' | null = null;

  private readonly companies = new Watching(this, companies);
  private readonly list = new PagedList<Client>(this, (after) => this.read(after));
  private loaded = '';
  private timer?: ReturnType<typeof setTimeout>;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override willUpdate(): void {
    const first = this.companies.value[0];
    if (!this.company && first) this.company = first.id;
    if (this.company && this.loaded !== this.company) {
      this.loaded = this.company;
      void this.list.load();
    }
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('clients.title')}</h1><p>${t('clients.lead')}</p></div>
        ${may('notifier') ? this.headActions() : nothing}
      </div>
      ${this.company ? this.filters(this.companies.value) : nothing}
      <section class="card" aria-label=${t('clients.title')}>
        ${this.company ? listFrame(this.list, this.empty(), () => this.table()) : html`<no-companies></no-companies>`}
      </section>
      ${this.editing ? this.dialog(this.editing) : nothing}
    </div>`;
  }

  private async read(after?: string): Promise<Page<Client>> {
    const { company } = this;
    try {
      const found = await getClients(company, { q: this.search.trim(), after });
      if (this.unknown === company) this.unknown = '';
      return found;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== NOT_FOUND) throw error;
      this.unknown = company;
      return NO_CLIENTS;
    }
  }

  private headActions() {
    const company = this.unknown === this.company ? '' : this.company;
    return html`<div class="row wraps">
      <a class="button" href="/clientes/importar?empresa=${company}">${icon('upload', 18)}${t('import.action')}</a>
      <button class="button" type="button" ?disabled=${!company} @click=${() => this.edit('new')}>${icon('plus', 18)}${t('clients.new')}</button>
    </div>`;
  }

  private filters(all: Company[]) {
    return html`<div class="toolbar">
      ${selectField({
        name: 'company',
        label: t('send.company'),
        value: this.company,
        options: withChosen(
          all.map((c) => ({ value: c.id, label: c.name })),
          this.company,
          t('send.choose_company'),
        ),
        onInput: (company) => this.choose(company),
      })}
      ${textField({ name: 'search', label: t('search'), type: 'search', value: this.search, placeholder: t('clients.search'), maxlength: TEXT_MAX, onInput: (value) => this.type(value) })}
    </div>`;
  }

  private table() {
    return html`<div class="table-scroll"><table class="cards">
      <caption class="hidden">${t('clients.title')}</caption>
      <thead><tr><th>${t('clients.name')}</th><th>${t('clients.external_id')}</th><th>${t('clients.contacts')}</th><th><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>${repeat(
        this.list.items,
        (client) => client.id,
        (client) => this.row(client),
      )}</tbody>
    </table></div>`;
  }

  private row(client: Client) {
    return html`<tr>
      <td class="lead"><a class="strong" href="/clientes/${client.id}">${client.name}</a></td>
      <td data-label=${t('clients.external_id')}><span class="mono">${client.external_id}</span></td>
      <td class="contacts"><div>${client.contacts.map(
        (c) =>
          html`<div class="contact"><span class="pill">${t(`kind.${c.kind}`)}</span><span>${c.name === client.name ? nothing : c.name}</span><span class="muted num wrap">${[c.phone, c.email].filter(Boolean).join(' · ') || t('contact.no_address')}</span></div>`,
      )}</div></td>
      <td class="actions">${
        may('notifier')
          ? html`<button class="button quiet small" type="button" aria-label=${t('clients.edit_one', { name: client.name })} @click=${() => this.edit(client)}>${t('edit')}</button>
            <button class="button quiet small danger" type="button" aria-label=${t('clients.erase_one', { name: client.name })} @click=${() => this.erase(client)}>${t('erase')}</button>`
          : nothing
      }</td>
    </tr>`;
  }

  private empty() {
    if (this.unknown === this.company)
      return html`<empty-state icon="company" heading=${t('clients.unknown_company')} text=${t('clients.unknown_company_text')}></empty-state>`;
    if (this.search.trim())
      return html`<empty-state icon="search" heading=${t('clients.none_found')} text=${t('filter.none_text')}></empty-state>`;
    return html`<empty-state icon="clients" heading=${t('clients.empty')} text=${t('clients.empty_text')}></empty-state>`;
  }

  private dialog(editing: Client | 'new') {
    return html`<client-dialog
      company=${this.company}
      .client=${editing === 'new' ? null : editing}
      @saved=${this.saved}
      @dialog-closed=${() => this.edit(null)}
    ></client-dialog>`;
  }

  private edit(what: Client | 'new' | null): void {
    this.editing = what;
  }

  private choose(company: string): void {
    this.company = company;
    replaceQuery({ empresa: company });
  }

  private type(value: string): void {
    this.search = asText(value);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      replaceQuery({ q: this.search.trim() });
      void this.list.replace();
    }, SEARCH_AFTER_MS);
  }

  private saved = (): void => {
    this.editing = null;
    toast({ text: t('clients.saved') });
    void this.list.refresh();
  };

  private async erase(client: Client): Promise<void> {
    if (!(await eraseOnceConfirmed(client))) return;
    this.list.change((items) => items.filter((one) => one.id !== client.id));
  }
}
