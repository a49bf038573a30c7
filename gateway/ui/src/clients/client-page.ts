/** One client: contacts with their exclusions, own columns, and everything that was sent to the client. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getClient, searchDeliveries } from '../api';
import { navigate } from '../app/router';
import type { Client, ListedDelivery } from '../contract';
import '../deliveries/deliveries-table';
import { languageName, t } from '../i18n';
import { Problem, sentence } from '../problem';
import { PagedList } from '../store/paged-list';
import { companies, companyName, may } from '../store/session';
import { Watching } from '../store/store';
import { toast } from '../store/toasts';
import { base } from '../ui/base';
import '../ui/empty-state';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import '../ui/loading-rows';
import './client-contacts';
import './client-dialog';
import { eraseOnceConfirmed } from './erase';

/** The server's answers about a client that was erased, is not the user's or never was. */
const UNKNOWN = [404, 422, 400];

@customElement('client-page')
export class ClientPage extends LitElement {
  static override styles = [
    base,
    css`
      .back { display: inline-flex; align-items: center; gap: 4px; min-height: 24px; margin-bottom: var(--s3); font-size: var(--text-s); text-decoration: none; }
      .columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: var(--s4); align-items: start; margin-bottom: var(--s4); }
      .columns > :only-child { grid-column: 1 / -1; }
      .own { padding: var(--s4); }
      dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 6px var(--s4); margin-top: var(--s3); font-size: var(--text-s); }
      dt { color: var(--ink-3); overflow-wrap: anywhere; }
      dd { text-align: right; overflow-wrap: anywhere; }
      .sent-head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: var(--s1) var(--s4); padding: var(--s4) var(--s4) var(--s3); }
      .told { flex: 1; color: var(--ok); font-size: var(--text-s); font-weight: 550; }
      .sent-head a { display: inline-flex; align-items: center; min-height: 24px; font-size: var(--text-s); }
      @media (max-width: 860px) { .columns { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  /** Its id. */
  @property() client = '';
  @state() private shown: Client | null = null;
  @state() private failure: { error: unknown } | null = null;
  @state() private editing = false;
  /** What the last action on a delivery did: said above the list, since a toast would cover the actions of the last rows. */
  @state() private told = '';
  private readonly companies = new Watching(this, companies);
  private readonly list = new PagedList<ListedDelivery>(this, (after) =>
    searchDeliveries({ client: this.client, after }),
  );

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('client')) return;
    [this.shown, this.told] = [null, ''];
    void this.load();
    void this.list.load();
  }

  override render() {
    return html`<div class="page">
      <a class="back" href=${this.listAddress}>${icon('left', 16)}${t('clients.title')}</a>
      ${this.content()}
    </div>`;
  }

  private content() {
    if (this.failure) return this.failed(this.failure.error);
    const { shown } = this;
    if (!shown) return html`<h1 class="hidden">${t('subject.client')}</h1><loading-rows></loading-rows>`;
    return html`${this.head(shown)}
      <div class="columns"><client-contacts .client=${shown}></client-contacts>${own(shown)}</div>
      ${this.sent(shown)}
      ${this.editing ? html`<client-dialog company=${shown.company_id} .client=${shown} @saved=${this.saved} @dialog-closed=${this.close}></client-dialog>` : nothing}`;
  }

  /** The clients of the same company. */
  private get listAddress(): string {
    return this.shown ? `/clientes?empresa=${this.shown.company_id}` : '/clientes';
  }

  private failed(error: unknown) {
    if (error instanceof Problem && UNKNOWN.includes(error.status))
      return html`<empty-state icon="clients" heading=${t('person.unknown')} text=${t('client.gone_text')}></empty-state>`;
    return html`<empty-state icon="alert" heading=${t('client.failed')} text=${sentence(error)} role="alert">
      <button class="button" type="button" @click=${this.load}>${t('retry')}</button>
    </empty-state>`;
  }

  private head(shown: Client) {
    // The companies' names may come after the client.
    const company = this.companies.value.length > 0 ? companyName(shown.company_id) : '';
    const facts = [company, shown.external_id, shown.locale && languageName(shown.locale), shown.time_zone]
      .filter(Boolean)
      .join(' · ');
    return html`<div class="page-head">
      <div class="lead"><h1>${shown.name}</h1><p class="wrap">${facts}</p></div>
      <div class="row wraps">
        ${may('auditor') ? html`<a class="button quiet" href="/auditoria?asunto=${shown.id}">${t('client.audit')}</a>` : nothing}
        ${
          may('notifier')
            ? html`<button class="button" type="button" aria-label=${t('clients.edit_one', { name: shown.name })} @click=${this.edit}>${t('edit')}</button>
              <button class="button danger" type="button" aria-label=${t('clients.erase_one', { name: shown.name })} @click=${() => this.erase(shown)}>${t('erase')}</button>`
            : nothing
        }
      </div>
    </div>`;
  }

  private sent(shown: Client) {
    const none = html`<empty-state icon="notify" heading=${t('client.nothing_sent')} text=${t('client.nothing_sent_text')}></empty-state>`;
    const rows = () =>
      html`<deliveries-table of-client .items=${this.list.items} @changed=${this.changed}></deliveries-table>`;
    return html`<section class="card" aria-label=${t('envios.of_client')}>
      <div class="sent-head"><h2>${t('envios.of_client')}</h2><p class="told" role="status">${this.told}</p>${this.list.items.length > 0 ? html`<a href="/envios?cliente=${shown.id}">${t('client.filter')}</a>` : nothing}</div>
      ${listFrame(this.list, none, rows)}
    </section>`;
  }

  private load = async (): Promise<void> => {
    const asked = this.client;
    this.failure = null;
    try {
      const found = await getClient(asked);
      if (asked === this.client) this.shown = found;
    } catch (error) {
      if (asked === this.client) this.failure = { error };
    }
  };

  private edit = (): void => {
    this.editing = true;
  };

  private close = (): void => {
    this.editing = false;
  };

  private saved = (): void => {
    this.close();
    toast({ text: t('clients.saved') });
    void this.load();
  };

  private changed = (event: CustomEvent<string>): void => {
    this.told = event.detail;
    // A corrected address may be the client's now.
    void this.load();
    void this.list.refresh();
  };

  private async erase(shown: Client): Promise<void> {
    if (await eraseOnceConfirmed(shown)) navigate(this.listAddress);
  }
}

function own({ columns }: Client) {
  const all = Object.entries(columns);
  if (all.length === 0) return nothing;
  return html`<section class="card own" aria-label=${t('clients.columns')}>
    <h2>${t('clients.columns')}</h2>
    <dl>${all.map(([name, text]) => html`<dt class="mono">${name}</dt><dd>${text}</dd>`)}</dl>
  </section>`;
}
