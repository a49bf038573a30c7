/** A dialog with one delivery by its id: its recipient and its attempts. */
import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { getDelivery } from '../api';
import type { Content, DeliveryWithContent } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { may } from '../store/session';
import { framed } from '../ui/mail';
import { RecordDialog } from '../ui/record-dialog';
import './doubt-form';
import { statePill, timeline, timelineStyles } from './timeline';

@customElement('delivery-dialog')
export class DeliveryDialog extends RecordDialog<DeliveryWithContent> {
  static override styles = [
    RecordDialog.styles,
    timelineStyles,
    css`
      .whom { margin-bottom: var(--s4); }
      .ways { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s4); margin-top: var(--s4); font-size: var(--text-s); }
      .content { display: grid; gap: var(--s2); margin-top: var(--s4); padding: var(--s4); border-radius: var(--r2); background: var(--surface-2); max-height: 420px; overflow: auto; }
      .content iframe { width: 100%; height: 320px; border: 0; background: #fff; }
      .timeline { padding-left: 6px; }
    `,
  ];

  /** Opened on the client's own page, so that no link leads to it. */
  @property({ type: Boolean, attribute: 'of-client' }) ofClient = false;

  protected heading = () => t('delivery.title');
  protected read = getDelivery;

  protected told(one: DeliveryWithContent) {
    const { client, contact, to } = one;
    const reached = [contact === client.name ? '' : contact, to].filter(Boolean).join(' · ');
    return html`<div class="whom">
        <p class="strong wrap">${client.name}</p>
        ${reached ? html`<p class="muted wrap">${reached}</p>` : nothing}
        <p>${statePill(one.state)}</p>
      </div>
      ${timeline(one)}
      ${one.state === 'in_doubt' && may('notifier') ? html`<doubt-form delivery=${one.id} @resolved=${this.load}></doubt-form>` : nothing}
      ${one.content ? content(one.content) : nothing}
      <p class="ways">
        <a href="/notificaciones/${one.notification_id}">${t('delivery.notification')}</a>
        ${to && !this.ofClient ? html`<a href="/clientes/${client.id}">${t('delivery.client')}</a>` : nothing}
      </p>`;
  }

  protected failed(error: unknown) {
    return html`<empty-state icon="alert" heading=${t('delivery.missing')} text=${sentence(error)}></empty-state>`;
  }
}

/** What the recipient reads, to the letter. Scripts and forms of a mail do nothing here. */
const content = ({
  subject,
  body,
  html: mail,
}: Content) => html`<section class="content" aria-label=${t('delivery.content')}>
  <p class="muted small">${t('delivery.content')}</p>
  ${subject ? html`<p class="strong wrap">${subject}</p>` : nothing}
  ${mail ? html`<iframe title=${t('delivery.html')} sandbox="" srcdoc=${framed(mail)}></iframe>` : nothing}
  <p class="verbatim">${body}</p>
</section>`;
