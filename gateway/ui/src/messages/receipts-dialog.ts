/** Who has seen, read and acknowledged a message, and when. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { getReceipts } from '../api';
import type { ReceiptRow, SentMessage } from '../contract';
import { t } from '../i18n';
import { onInbox } from '../store/inbox-live';
import { PagedList } from '../store/paged-list';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { listFrame } from '../ui/list-frame';
import { Modal, modalStyles } from '../ui/modal';
import { when } from '../ui/when';

@customElement('receipts-dialog')
export class ReceiptsDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    avatarStyles,
    css`
      li { display: flex; align-items: center; gap: var(--s3); padding: var(--s2) 0; }
      .said { text-align: right; font-size: var(--text-s); color: var(--ink-3); }
      .message { margin-bottom: var(--s4); padding: var(--s3) var(--s4); border-radius: var(--r2); background: var(--surface-2); max-height: 120px; overflow: auto; }
    `,
  ];

  /** The id of the message. */
  @property() message = '';
  /** The author's copy of the message; an auditor sees only the receipts. */
  @property({ attribute: false }) sent: SentMessage | null = null;
  private readonly list = new PagedList<ReceiptRow>(this, (after) => getReceipts(this.message, { after }));
  private stop?: () => void;

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
    this.stop = onInbox('receipt', (receipt) => {
      if (receipt.message_id === this.message) void this.list.refresh();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
  }

  override render() {
    const { sent } = this;
    return this.modal.render({
      heading: sent ? readBy(sent) : t('receipts.title'),
      content: html`${sent ? html`<p class="message verbatim small" tabindex="0">${sent.body}</p>` : nothing}
      ${listFrame(this.list, html`<p class="muted">${t('sent.nobody')}</p>`, () => this.rows())}`,
    });
  }

  private rows() {
    return html`<ul>
      ${this.list.items.map((row) => html`<li>${avatar(row.user.name)}<span class="grow">${row.user.name}</span><span class="said">${said(row)}</span></li>`)}
    </ul>`;
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

const readBy = ({ read_count: read, recipient_count: total }: SentMessage): string =>
  t('sent.read_by_title', { read, total });

/** A recipient's last step: seen, read or acknowledged. */
function said(row: ReceiptRow) {
  if (row.acknowledged_at)
    return html`<span class="pill ok">${t('receipt.acknowledged')}</span> ${when(row.acknowledged_at)}`;
  if (row.read_at) return html`${t('receipt.read')} ${when(row.read_at)}`;
  if (row.seen_at) return html`${t('receipt.seen')} ${when(row.seen_at)}`;
  return t('receipt.none');
}
