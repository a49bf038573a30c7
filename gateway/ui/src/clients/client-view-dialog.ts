/** One client by its id, as long as its data exists. */
import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { getClient } from '../api';
import type { Client } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { companyName } from '../store/session';
import { RecordDialog } from '../ui/record-dialog';

/** The server answers 404 for an erased client. */
const NOT_FOUND = 404;

@customElement('client-view-dialog')
export class ClientViewDialog extends RecordDialog<Client> {
  static override styles = [
    RecordDialog.styles,
    css`
      li { display: flex; flex-wrap: wrap; gap: 2px var(--s2); align-items: baseline; margin-top: var(--s2); }
      dl { display: grid; gap: 2px; margin-top: var(--s3); font-size: var(--text-s); }
      dl div { display: flex; flex-wrap: wrap; gap: 2px var(--s2); }
      dt { color: var(--ink-3); }
      .way { margin-top: var(--s4); font-size: var(--text-s); }
    `,
  ];

  protected heading = () => t('subject.client');
  protected read = getClient;

  protected told(one: Client) {
    const where = [companyName(one.company_id), one.external_id].filter(Boolean).join(' · ');
    return html`<p class="strong wrap">${one.name}</p>
      <p class="muted wrap">${where}</p>
      ${one.contacts.length > 0 ? html`<ul aria-label=${t('clients.contacts')}>${one.contacts.map(contact)}</ul>` : nothing}
      ${Object.keys(one.columns).length > 0 ? columns(one.columns) : nothing}
      <p class="way"><a href="/clientes/${one.id}">${t('delivery.client')}</a></p>`;
  }

  protected failed(error: unknown) {
    if (error instanceof Problem && error.status === NOT_FOUND)
      return html`<empty-state icon="clients" heading=${t('person.unknown')} text=${t('client.gone_text')}></empty-state>`;
    return html`<empty-state icon="alert" heading=${t('client.failed')} text=${sentence(error)}></empty-state>`;
  }
}

const contact = ({ kind, name }: Client['contacts'][number]) =>
  html`<li><span class="pill">${t(`kind.${kind}`)}</span><span class="wrap">${name}</span></li>`;

const columns = (own: Client['columns']) =>
  html`<dl aria-label=${t('clients.columns')}>${Object.entries(own).map(([name, text]) => html`<div><dt class="mono">${name}</dt><dd class="wrap">${text}</dd></div>`)}</dl>`;
