/** The receipts of a message over the page. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { SentMessage } from '../contract';
import { t } from '../i18n';
import { base } from '../ui/base';
import { Modal, modalStyles } from '../ui/modal';
import './receipts-list';

@customElement('receipts-dialog')
export class ReceiptsDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`.message { margin-bottom: var(--s4); padding: var(--s3) var(--s4); border-radius: var(--r2); background: var(--surface-2); max-height: 120px; overflow: auto; }`,
  ];

  /** The id of the message. */
  @property() message = '';
  /** The author's copy of the message; an auditor sees only the receipts. */
  @property({ attribute: false }) sent: SentMessage | null = null;

  private readonly modal = new Modal(this, () => this.closed());

  override render() {
    const { sent } = this;
    return this.modal.render({
      heading: sent ? readBy(sent) : t('receipts.title'),
      content: html`${sent ? html`<p class="message verbatim small" tabindex="0">${sent.body}</p>` : nothing}
        <receipts-list message=${this.message} .sent=${sent}></receipts-list>`,
    });
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

/** «Leído por 7 de 12». */
export const readBy = ({ read_count: read, recipient_count: total }: SentMessage): string =>
  t('sent.read_by_title', { read, total });
