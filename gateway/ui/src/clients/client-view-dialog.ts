/** One client by its id: who it is, as long as its data is there. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getClient } from '../api';
import type { Client } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { companyName } from '../store/session';
import { base } from '../ui/base';
import '../ui/empty-state';
import '../ui/loading-rows';
import { Modal, modalStyles } from '../ui/modal';

/** The server forgets an erased client wholly. */
const NOT_FOUND = 404;

@customElement('client-view-dialog')
export class ClientViewDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      li { display: flex; flex-wrap: wrap; gap: 2px var(--s2); align-items: baseline; margin-top: var(--s2); }
      .way { margin-top: var(--s4); font-size: var(--text-s); }
    `,
  ];

  @property() client = '';
  @state() private shown: Client | null = null;
  @state() private gone = false;
  @state() private failure = '';

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  override render() {
    return this.modal.render({ heading: t('subject.client'), content: html`${this.content()}` });
  }

  private content() {
    if (this.gone)
      return html`<empty-state icon="clients" heading=${t('person.unknown')} text=${t('client.gone_text')}></empty-state>`;
    if (this.failure)
      return html`<empty-state icon="alert" heading=${t('client.failed')} text=${this.failure}></empty-state>`;
    return this.shown ? told(this.shown) : html`<loading-rows count="2"></loading-rows>`;
  }

  private async load(): Promise<void> {
    try {
      this.shown = await getClient(this.client);
    } catch (error) {
      this.gone = error instanceof Problem && error.status === NOT_FOUND;
      this.failure = sentence(error);
    }
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

function told(one: Client) {
  const where = [companyName(one.company_id), one.external_id].filter(Boolean).join(' · ');
  return html`<p class="strong wrap">${one.name}</p>
    <p class="muted wrap">${where}</p>
    ${one.contacts.length > 0 ? html`<ul aria-label=${t('clients.contacts')}>${one.contacts.map(contact)}</ul>` : nothing}
    <p class="way"><a href=${clientsPage(one)}>${t('delivery.client')}</a></p>`;
}

const contact = ({ kind, name }: Client['contacts'][number]) =>
  html`<li><span class="pill">${t(`kind.${kind}`)}</span><span class="wrap">${name}</span></li>`;

/** A code finds one client, a name all that have it. */
const clientsPage = ({ company_id, external_id, name }: Client): string =>
  `/clientes?${new URLSearchParams({ empresa: company_id, q: external_id || name })}`;
