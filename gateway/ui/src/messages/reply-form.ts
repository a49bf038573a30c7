/** Answers the author of a message, under it. What is being written outlives the message. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { recallMessage, sendMessage } from '../api';
import type { InboxItem, NewMessage } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { isRefused, Submission } from '../store/submission';
import { offerUndo } from '../store/undo';
import { base } from '../ui/base';
import { textArea } from '../ui/field';
import { icon } from '../ui/icons';
import { announceSent } from './inbox-news';

@customElement('reply-form')
export class ReplyForm extends LitElement {
  static override styles = [
    base,
    css`
      :host { padding: var(--s4) var(--s5) var(--s5); }
      form { display: grid; gap: var(--s3); }
      textarea.control { min-height: 88px; }
    `,
  ];

  @property({ attribute: false }) to!: InboxItem;
  /** Its author took the message back: what is written can still go, as a new message. */
  @property({ type: Boolean }) withdrawn = false;
  @state() private writing = false;
  @state() private body = '';
  @state() private error = '';
  @state() private busy = false;
  private readonly submission = new Submission();
  /** Perhaps sent: no answer came. */
  private unanswered: NewMessage | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('to');
    if (before && before.id !== this.to.id) this.clear();
  }

  /** There is something to lose. */
  get holdsText(): boolean {
    return this.writing && this.body.trim() !== '';
  }

  override render() {
    if (!this.writing) {
      return html`<button class="button" type="button" @click=${this.write}>${icon('reply', 18)}${t('reply')}</button>`;
    }
    return html`<form novalidate @submit=${this.submit} @keydown=${this.press}>
      ${textArea({
        name: 'reply',
        label: t(this.withdrawn ? 'reply.new_to' : 'reply.to', { author: this.to.author.name }),
        hint: this.withdrawn ? t('reply.kept') : '',
        value: this.body,
        error: this.error,
        rows: 3,
        onInput: (value) => {
          this.body = value;
          this.error = '';
        },
      })}
      <div class="row">
        <button class="button primary" type="submit" aria-disabled=${this.busy ? 'true' : nothing}>${icon('sent', 18)}${t(this.withdrawn ? 'reply.send_new' : 'reply.send')}</button>
        <button class="button quiet" type="button" @click=${this.clear}>${t('cancel')}</button>
      </div>
    </form>`;
  }

  private write = async (): Promise<void> => {
    this.writing = true;
    await this.updateComplete;
    this.renderRoot.querySelector('textarea')?.focus();
  };

  private clear = (): void => {
    this.writing = false;
    this.body = '';
    this.error = '';
    this.unanswered = null;
    this.dispatchEvent(new CustomEvent('cleared'));
  };

  private press(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.submit(event);
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (!this.body.trim()) {
      this.error = t('compose.body_missing');
      return;
    }
    this.busy = true;
    try {
      const sent = await this.send();
      if (sent) this.done(sent.id);
    } catch (error) {
      this.error = error instanceof Problem ? (error.fields.body ?? error.message) : sentence(error);
    } finally {
      this.busy = false;
    }
  }

  /** What may have been sent is asked again as it was, though its message was taken back since: the server knows it again. */
  private async send(): Promise<{ id: string } | undefined> {
    const before = this.unanswered?.body === this.body ? this.unanswered : null;
    const request = before ?? this.request();
    try {
      return await this.submission.once(request, sendMessage);
    } catch (error) {
      this.unanswered = isRefused(error, true) ? null : request;
      if (before && this.withdrawn && !this.unanswered) return this.send();
      throw error;
    }
  }

  private request(): NewMessage {
    const { author, id } = this.to;
    return {
      recipients: [author.id],
      roles: [],
      company: null,
      body: this.body,
      priority: 'normal',
      acknowledge: false,
      in_reply_to: this.withdrawn ? null : id,
    };
  }

  private done(id: string): void {
    this.clear();
    announceSent();
    const recall = async () => {
      await recallMessage(id);
      announceSent();
    };
    offerUndo(t('compose.sent'), recall, { fixed: true });
  }
}
