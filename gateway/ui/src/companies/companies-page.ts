/** «Empresas»: the companies whose clients are monitored. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Company } from '../contract';
import { countryName, t } from '../i18n';
import { companies, loadCompanies } from '../store/session';
import { Watching } from '../store/store';
import { toast } from '../store/toasts';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import './company-dialog';
import './no-companies';

@customElement('companies-page')
export class CompaniesPage extends LitElement {
  static override styles = [base, css`td { vertical-align: middle; }`];

  @state() private editing: Company | 'new' | null = null;
  private readonly companies = new Watching(this, companies);

  override connectedCallback(): void {
    super.connectedCallback();
    void loadCompanies();
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('companies.title')}</h1><p>${t('companies.lead')}</p></div>
        <button class="button" type="button" @click=${() => this.edit('new')}>${icon('plus', 18)}${t('companies.new')}</button>
      </div>
      <section class="card" aria-label=${t('companies.title')}>
        ${this.companies.value.length ? this.table() : html`<no-companies></no-companies>`}
      </section>
      ${this.editing ? this.dialog(this.editing) : nothing}
    </div>`;
  }

  private table() {
    return html`<table class="cards">
      <caption class="hidden">${t('companies.title')}</caption>
      <thead><tr><th>${t('companies.name')}</th><th>${t('companies.country')}</th><th>${t('companies.time_zone')}</th><th><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>
        ${this.companies.value.map(
          (c) => html`<tr>
            <td class="lead strong">${c.name}</td>
            <td data-label=${t('companies.country')}>${countryName(c.country)}</td>
            <td data-label=${t('companies.time_zone')}>${c.time_zone.replaceAll('_', ' ')}</td>
            <td class="actions">
              <a class="button quiet small" href="/clientes?empresa=${c.id}" aria-label=${t('companies.clients_of', { name: c.name })}>${t('clients.title')}</a>
              <button class="button quiet small" type="button" aria-label=${t('companies.edit_one', { name: c.name })} @click=${() => this.edit(c)}>${t('edit')}</button>
            </td>
          </tr>`,
        )}
      </tbody>
    </table>`;
  }

  private dialog(editing: Company | 'new') {
    return html`<company-dialog .company=${editing === 'new' ? null : editing} @saved=${this.saved} @dialog-closed=${() => this.edit(null)}></company-dialog>`;
  }

  private edit(what: Company | 'new' | null): void {
    this.editing = what;
  }

  private saved = (): void => {
    this.editing = null;
    toast({ text: t('companies.saved') });
    void loadCompanies();
  };
}
