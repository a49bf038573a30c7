/** The empty state of a page that needs a company: administrators can create one here, others see whom to ask. */
import { html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { t } from '../i18n';
import { companiesRead, loadCompanies, may } from '../store/session';
import { Watching } from '../store/store';
import { toast } from '../store/toasts';
import { base } from '../ui/base';
import '../ui/empty-state';
import { icon } from '../ui/icons';
import '../ui/loading-rows';
import './company-dialog';

@customElement('no-companies')
export class NoCompanies extends LitElement {
  static override styles = [base];

  @state() private creating = false;
  private readonly read = new Watching(this, companiesRead);

  override render() {
    if (this.read.value === 'loading') return html`<loading-rows></loading-rows>`;
    if (this.read.value === 'failed') return this.failed();
    if (!may('admin'))
      return html`<empty-state icon="company" heading=${t('clients.no_company')} text=${t('clients.no_company_text')}></empty-state>`;
    return html`<empty-state icon="company" heading=${t('companies.empty')} text=${t('companies.empty_text')}>
        <button class="button primary" type="button" aria-haspopup="dialog" @click=${() => this.create(true)}>${icon('plus', 18)}${t('companies.new')}</button>
      </empty-state>
      ${this.creating ? html`<company-dialog @saved=${this.saved} @dialog-closed=${() => this.create(false)}></company-dialog>` : nothing}`;
  }

  private failed() {
    return html`<empty-state icon="alert" heading=${t('list.failed')} role="alert">
      <button class="button" type="button" @click=${loadCompanies}>${t('retry')}</button>
    </empty-state>`;
  }

  private create(creating: boolean): void {
    this.creating = creating;
  }

  private saved = (): void => {
    this.create(false);
    toast({ text: t('companies.saved') });
    void loadCompanies();
  };
}
