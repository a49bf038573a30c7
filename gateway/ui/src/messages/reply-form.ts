/** Answers the author of a message, below it. The draft outlives the message. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { InboxItem } from '../contract';
import { t } from '../i18n';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { textArea } from '../ui/field';
import { icon } from '../ui/icons';
import { beginReply, changeReply, giveUpReply, type ReplyDraft, replyDrafts, sendReply } from './reply-draft';

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
  /** The author withdrew the message: the draft can still be sent, as a new message. */
  @property({ type: Boolean }) withdrawn = false;
  private readonly drafts = new Watching(this, replyDrafts);

  override render() {
    const draft = this.drafts.value.get(this.to.id);
    if (draft?.writing) return this.form(draft);
    return html`<button class="button" type="button" @click=${this.write}>${icon('reply', 18)}${t('reply')}</button>`;
  }

  private form({ body, error, busy }: ReplyDraft) {
    return html`<form novalidate @submit=${this.submit} @keydown=${this.press}>
      ${textArea({
        name: 'reply',
        label: t(this.withdrawn ? 'reply.new_to' : 'reply.to', { author: this.to.author.name }),
        hint: this.withdrawn ? t('reply.kept') : '',
        value: body,
        error,
        rows: 3,
        onInput: (typed) => changeReply(this.to.id, { body: typed, error: '' }),
      })}
      <div class="row">
        <button class="button primary" type="submit" aria-disabled=${busy ? 'true' : nothing}>${icon('sent', 18)}${t(this.withdrawn ? 'reply.send_new' : 'reply.send')}</button>
        <button class="button quiet" type="button" @click=${() => giveUpReply(this.to.id)}>${t('cancel')}</button>
      </div>
    </form>`;
  }

  private write = async (): Promise<void> => {
    beginReply(this.to);
    await this.updateComplete;
    this.renderRoot.querySelector('textarea')?.focus();
  };

  private press(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.submit(event);
  }

  private submit(event: Event): void {
    event.preventDefault();
    void sendReply(this.to.id, this.withdrawn);
  }
}
