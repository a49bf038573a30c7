/** Answers the author of a message, under it. What is being written outlives the message. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { recallMessage, sendMessage } from '../api';
import type { InboxItem, NewMessage } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { isRefused } from '../store/submission';
import { toastFailure } from '../store/toasts';
import { offerUndo } from '../store/undo';
import { base } from '../ui/base';
import { textArea } from '../ui/field';
import { icon } from '../ui/icons';
import { announceSent } from './inbox-news';
import { forgetReplyDraft, type ReplyDraft, replyDraft } from './reply-draft';

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

  private get draft(): ReplyDraft {
    return replyDraft(this.to.id);
  }

  /** There is something to lose. */
  get holdsText(): boolean {
    return this.draft.holdsText;
  }

  override render() {
    const { draft } = this;
    if (!draft.writing) {
      return html`<button class="button" type="button" @click=${this.write}>${icon('reply', 18)}${t('reply')}</button>`;
    }
    return html`<form novalidate @submit=${this.submit} @keydown=${this.press}>
      ${textArea({
        name: 'reply',
        label: t(this.withdrawn ? 'reply.new_to' : 'reply.to', { author: this.to.author.name }),
        hint: this.withdrawn ? t('reply.kept') : '',
        value: draft.body,
        error: draft.error,
        rows: 3,
        onInput: (body) => this.change({ body, error: '' }),
      })}
      <div class="row">
        <button class="button primary" type="submit" aria-disabled=${draft.submission.busy ? 'true' : nothing}>${icon('sent', 18)}${t(this.withdrawn ? 'reply.send_new' : 'reply.send')}</button>
        <button class="button quiet" type="button" @click=${this.clear}>${t('cancel')}</button>
      </div>
    </form>`;
  }

  private change(change: Partial<Pick<ReplyDraft, 'writing' | 'body' | 'error'>>): void {
    Object.assign(this.draft, change);
    this.requestUpdate();
  }

  private write = async (): Promise<void> => {
    this.change({ writing: true });
    await this.updateComplete;
    this.renderRoot.querySelector('textarea')?.focus();
  };

  private clear = (): void => {
    forgetReplyDraft(this.draft);
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent('cleared'));
  };

  private press(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.submit(event);
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    const { draft, to } = this;
    if (draft.submission.busy) return;
    if (!draft.body.trim()) return this.change({ error: t('compose.body_missing') });
    try {
      const request = this.request();
      const sending = this.send(draft, request);
      this.requestUpdate();
      const sent = await sending;
      if (sent) this.done(sent.id, draft, request);
    } catch (error) {
      draft.error = error instanceof Problem ? (error.fields.body ?? error.message) : sentence(error);
      // Who reads something else by now would not see it.
      if (!this.shows(draft)) toastFailure(t('reply.failed', { author: to.author.name, why: draft.error }));
    } finally {
      this.requestUpdate();
    }
  }

  /** What may have been sent is asked again as it was, though its message was taken back since: the server knows it again. */
  private async send(draft: ReplyDraft, request: NewMessage): Promise<{ id: string } | undefined> {
    const before = draft.unanswered?.body === request.body ? draft.unanswered : null;
    try {
      return await draft.submission.once(before ?? request, sendMessage);
    } catch (error) {
      draft.unanswered = isRefused(error, true) ? null : (before ?? request);
      if (before && !draft.unanswered && request.in_reply_to === null) return this.send(draft, request);
      throw error;
    }
  }

  private request(): NewMessage {
    const { author, id } = this.to;
    return {
      recipients: [author.id],
      roles: [],
      company: null,
      body: this.draft.body,
      priority: 'normal',
      acknowledge: false,
      in_reply_to: this.withdrawn ? null : id,
    };
  }

  private shows(draft: ReplyDraft): boolean {
    return this.isConnected && this.draft === draft;
  }

  /** What was written on meanwhile stays. */
  private done(id: string, draft: ReplyDraft, { body }: NewMessage): void {
    draft.unanswered = null;
    if (draft.body === body && this.shows(draft)) this.clear();
    else if (draft.body === body) forgetReplyDraft(draft);
    announceSent();
    const recall = async () => {
      await recallMessage(id);
      announceSent();
    };
    offerUndo(t('compose.sent'), recall, { fixed: true });
  }
}
