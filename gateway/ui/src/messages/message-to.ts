/** To whom the open message went, and for its author who has read it. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getMessage } from '../api';
import type { AuthoredMessage, ReceivedMessage } from '../contract';
import { t } from '../i18n';
import { onInbox } from '../store/inbox-live';
import { base } from '../ui/base';
import './receipts-dialog';
import { toWhom } from './to-whom';

type Found = ReceivedMessage | AuthoredMessage;
const isMine = (found: Found): found is AuthoredMessage => 'read_count' in found;

@customElement('message-to')
export class MessageTo extends LitElement {
  static override styles = [
    base,
    css`
      :host { padding: var(--s1) var(--s5) 0; font-size: var(--text-s); color: var(--ink-3); overflow-wrap: anywhere; }
      .link-button { min-height: 24px; }
    `,
  ];

  /** The id of the message. */
  @property() message = '';
  @state() private found: Found | null = null;
  @state() private opened = false;
  private stop?: () => void;

  override connectedCallback(): void {
    super.connectedCallback();
    this.stop = onInbox('receipt', (receipt) => {
      if (receipt.message_id === this.message) void this.load();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('message')) void this.load();
  }

  override render() {
    const { found } = this;
    if (found?.id !== this.message) return html`<p>&nbsp;</p>`;
    return html`<p>${t('to.line', { who: toWhom(found) })} ${isMine(found) ? this.readers(found) : nothing}</p>
      ${this.opened && isMine(found) ? html`<receipts-dialog message=${found.id} .sent=${found} @dialog-closed=${() => this.show(false)}></receipts-dialog>` : nothing}`;
  }

  private readers({ read_count: read, recipient_count: total }: AuthoredMessage) {
    return html`· <button class="link-button" type="button" aria-haspopup="dialog" @click=${() => this.show(true)}>${t('sent.read_by', { read, total })}</button>`;
  }

  private show(opened: boolean): void {
    this.opened = opened;
  }

  /** The message itself is on screen already: without this line it can still be read. */
  private async load(): Promise<void> {
    const { message } = this;
    const found = await getMessage(message).catch(() => null);
    if (found && message === this.message) this.found = found;
  }
}
