/** Who has seen, read and acknowledged a message, and when; those who have not can be shown alone, and reminded. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getReceipts } from '../api';
import type { ReceiptRow, SentMessage } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { onInbox } from '../store/inbox-live';
import { PagedList } from '../store/paged-list';
import { Submission } from '../store/submission';
import { toast, toastFailure } from '../store/toasts';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import { when } from '../ui/when';
import { allReceipts, remind } from './remind';

@customElement('receipts-list')
export class ReceiptsList extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      li { display: flex; align-items: center; gap: var(--s3); padding: var(--s2) 0; }
      .said { text-align: right; font-size: var(--text-s); color: var(--ink-3); }
      .ask { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2); margin-bottom: var(--s2); }
    `,
  ];

  /** The id of the message. */
  @property() message = '';
  /** The author's copy of the message; an auditor sees only the receipts. */
  @property({ attribute: false }) sent: SentMessage | null = null;
  /** The recipients who have not acknowledged, while only they are shown. */
  @state() private missing: ReceiptRow[] | null = null;
  @state() private busy = false;
  private readonly list = new PagedList<ReceiptRow>(this, (after) => getReceipts(this.message, { after }));
  private submission = new Submission();
  private stop?: () => void;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stop = onInbox('receipt', (receipt) => {
      if (receipt.message_id !== this.message) return;
      void this.list.refresh();
      if (this.missing) void this.showMissing();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('message')) return;
    this.missing = null;
    this.submission = new Submission();
    void this.list.load();
  }

  override render() {
    return html`${this.open > 0 ? this.ask() : nothing}
      ${this.missing && this.open > 0 ? rows(this.missing) : listFrame(this.list, html`<p class="muted">${t('sent.nobody')}</p>`, () => rows(this.list.items))}`;
  }

  /** How many have not acknowledged what asks for it. */
  private get open(): number {
    return this.sent?.acknowledge ? this.sent.recipient_count - this.sent.acknowledged_count : 0;
  }

  private ask() {
    return html`<div class="ask">
      <button class="button small" type="button" aria-pressed=${this.missing !== null} @click=${this.toggle}>
        ${this.missing ? icon('check', 16) : nothing}${t('remind.missing', { n: this.open })}
      </button>
      <button class="button primary small" type="button" aria-disabled=${this.busy ? 'true' : nothing} @click=${this.remind}>
        ${icon('notify', 16)}${t('remind.action')}
      </button>
    </div>`;
  }

  private toggle = (): void => {
    if (this.missing) this.missing = null;
    else void this.showMissing();
  };

  private async showMissing(): Promise<void> {
    const { message } = this;
    try {
      const all = await allReceipts(message);
      if (message === this.message) this.missing = all.filter((row) => !row.acknowledged_at);
    } catch (error) {
      toastFailure(sentence(error));
    }
  }

  private remind = async (): Promise<void> => {
    if (this.busy || !this.sent) return;
    this.busy = true;
    try {
      if (!(await remind(this.sent, this.submission))) toast({ text: t('remind.nobody') });
    } catch (error) {
      toastFailure(t('remind.failed', { why: sentence(error) }));
    } finally {
      this.busy = false;
    }
  };
}

const rows = (items: ReceiptRow[]) =>
  html`<ul>
    ${items.map((row) => html`<li>${avatar(row.user.name)}<span class="grow wrap">${row.user.name}</span><span class="said">${said(row)}</span></li>`)}
  </ul>`;

/** A recipient's last step: seen, read or acknowledged. */
function said(row: ReceiptRow) {
  if (row.acknowledged_at)
    return html`<span class="pill ok">${t('receipt.acknowledged')}</span> ${when(row.acknowledged_at)}`;
  if (row.read_at) return html`${t('receipt.read')} ${when(row.read_at)}`;
  if (row.seen_at) return html`${t('receipt.seen')} ${when(row.seen_at)}`;
  return t('receipt.none');
}
