/** «Crear mensaje»: the small form. Its text stays until it is sent. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { recallMessage, sendMessage } from '../api';
import type { NewMessage } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { whenConnected } from '../store/reconnect';
import { me } from '../store/session';
import { Watching } from '../store/store';
import { Submission } from '../store/submission';
import { toastFailure } from '../store/toasts';
import { offerUndo } from '../store/undo';
import { base } from '../ui/base';
import { checkField, textArea } from '../ui/field';
import { icon } from '../ui/icons';
import { type Composed, composeDraft, composeMemory, EMPTY, isEmpty, isSame } from './compose-draft';
import { directory, loadDirectory } from './directory';
import { announceSent } from './inbox-news';
import { address, type Choice, namesPeople } from './recipients';
import './recipients-picker';
import { Modal, modalStyles } from '../ui/modal';
import type { RecipientsPicker } from './recipients-picker';

/** The server's limit, in characters. */
const BODY_MAX = 10_000;

@customElement('compose-dialog')
export class ComposeDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      form { display: grid; gap: var(--s4); }
      .options { display: flex; flex-wrap: wrap; gap: var(--s2) var(--s5); }
      textarea.control { min-height: 148px; }
      @media (max-width: 520px) { .keys { display: none; } }
    `,
  ];

  @property({ type: Boolean }) open = false;
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  @state() private busy = false;
  @query('recipients-picker') private picker?: RecipientsPicker;

  private readonly kept = new Watching(this, composeDraft);
  private readonly submission = new Submission(undefined, composeMemory);
  /** The directory while it loads: before that the people of a company are unknown. */
  private reading: Promise<void> = Promise.resolve();

  private readonly modal = new Modal(this, () => this.closed());

  override updated(changed: PropertyValues): void {
    if (changed.has('open') && this.open) void this.opened();
  }

  override render() {
    if (!this.open) return nothing;
    return this.modal.render({
      heading: t('create.compose'),
      content: html`<form id="compose" novalidate @submit=${this.submit} @keydown=${this.press}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}${this.failure}</p>` : nothing}
        <recipients-picker
          .chosen=${this.draft.chosen}
          error=${this.errors.recipients ?? ''}
          @chosen=${(e: CustomEvent<Choice[]>) => this.change({ chosen: e.detail }, 'recipients')}
        ></recipients-picker>
        ${textArea({
          name: 'body',
          label: t('compose.body'),
          value: this.draft.body,
          error: this.errors.body,
          required: true,
          onInput: (body) => this.change({ body }, 'body'),
        })}
        <div class="options">
          ${checkField({ label: t('compose.high'), checked: this.draft.high, onInput: (high) => this.change({ high }) })}
          ${checkField({ label: t('compose.acknowledge'), checked: this.draft.acknowledge, onInput: (acknowledge) => this.change({ acknowledge }) })}
        </div>
      </form>`,
      footer: html`<div class="row">
        <span class="small muted grow keys">${t('compose.keys')}</span>
        <button class="button" type="button" @click=${this.closed}>${t('cancel')}</button>
        <button class="button primary" type="submit" form="compose" aria-disabled=${this.busy ? 'true' : nothing}>
          ${icon('sent', 18)}${this.busy ? t('sending') : t('compose.send')}
        </button>
      </div>`,
    });
  }

  private async opened(): Promise<void> {
    await this.updateComplete;
    this.picker?.focus();
    this.reading = loadDirectory().catch((error) => {
      this.failure = sentence(error);
    });
  }

  private get draft(): Composed {
    return this.kept.value.written;
  }

  private write(written: Composed): void {
    composeDraft.update((now) => ({ ...now, written }));
  }

  private change(change: Partial<Composed>, field?: string): void {
    this.write({ ...this.draft, ...change });
    if (field && this.errors[field]) this.errors = { ...this.errors, [field]: '' };
  }

  private press(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void this.submit(event);
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.submission.busy) return;
    if (namesPeople(this.draft.chosen)) await this.reading;
    this.failure = '';
    this.errors = this.missing();
    if (Object.values(this.errors).some(Boolean)) return this.focusError();
    this.busy = true;
    const [author, written] = [me()?.id, this.draft];
    try {
      const sent = await this.submission.once(this.request(), sendMessage);
      if (sent && me()?.id === author) this.done(sent.id, sent.recipients, written);
    } catch (error) {
      if (me()?.id === author) this.refuse(error, written);
    } finally {
      this.busy = false;
    }
  }

  private request(): NewMessage {
    const { chosen, body, high, acknowledge } = this.draft;
    const to = address(chosen, directory.get().users, me()?.id ?? '');
    return { ...to, body, priority: high ? 'high' : 'normal', acknowledge, in_reply_to: null };
  }

  private missing(): Record<string, string> {
    const found: Record<string, string> = {};
    if (this.draft.chosen.length === 0) found.recipients = t('compose.recipients_missing');
    else if (namesPeople(this.draft.chosen) && !directory.get().complete) found.recipients = t('recipients.too_many');
    if (!this.draft.body.trim()) found.body = t('compose.body_missing');
    if ([...this.draft.body].length > BODY_MAX) found.body = t('too_long', { n: BODY_MAX });
    return found;
  }

  private done(id: string, recipients: number, written: Composed): void {
    // A user who is writing another message by now keeps it.
    if (isSame(this.draft, written)) {
      this.write(EMPTY);
      this.closed();
    }
    announceSent();
    offerUndo(
      t('compose.sent'),
      async () => {
        await recallMessage(id);
        if (isEmpty(this.draft)) this.write(written);
        announceSent();
      },
      { author: t('recipients.people', { n: recipients }), fixed: true },
    );
  }

  /** Errors about roles and company belong to «Destinatario» too. */
  private refuse(error: unknown, written: Composed): void {
    if (error instanceof Problem && error.status === 0) {
      this.failure = `${error.message} ${t('compose.goes_on')}`;
      void this.goOn(written);
      return;
    }
    if (!this.open) toastFailure(t('compose.failed', { why: sentence(error) }));
    if (!(error instanceof Problem)) {
      this.failure = sentence(error);
      return;
    }
    const { fields } = error;
    const recipients = Object.entries(fields).find(([name]) => /^(recipients|roles|company)/.test(name))?.[1];
    this.errors = { recipients: recipients ?? '', body: fields.body ?? '' };
    if (!recipients && !fields.body) this.failure = error.message;
    this.focusError();
  }

  /** What was begun without a connection goes on with it, unless the author has changed or left it. */
  private async goOn(written: Composed): Promise<void> {
    await whenConnected();
    if (this.open && isSame(this.draft, written)) void this.submit(new Event('submit'));
  }

  private focusError(): void {
    if (this.errors.recipients) this.picker?.focus();
    else this.renderRoot.querySelector<HTMLElement>('#body')?.focus();
  }

  private closed(): void {
    this.errors = {};
    this.failure = '';
    if (this.open) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
