/** «Enviar Notificaciones Clientes»: the form, its preview, and the confirmation. */
import { html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { cancelNotification, getExcluded, getNotification, getTemplate, getTemplates } from '../api';
import { navigate } from '../app/router';
import { overLimit } from '../companies/limits';
import type { NotificationRequest, Template } from '../contract';
import { download } from '../download';
import { money, t } from '../i18n';
import { Problem, sentence } from '../problem';
import { companies, companyName, me } from '../store/session';
import { Watching } from '../store/store';
import { toast, toastFailure } from '../store/toasts';
import { offerUndo } from '../store/undo';
import { base } from '../ui/base';
import { focusFirstError } from '../ui/field';
import { icon } from '../ui/icons';
import './audience-panel';
import { FormPreview } from './form-preview';
import { askAgain, giveUp, outgoing, sendOut } from './outbox';
import './reader-preview';
import './samples-panel';
import './send-confirm';
import { sendDraft } from './send-draft';
import { sendFields } from './send-fields';
import {
  AUDIENCE_FIELDS,
  EMPTY_FORM,
  errorsFrom,
  missingIn,
  previewOf,
  requestOf,
  type SendErrors,
  type SendForm,
} from './send-form';
import { sendStyles } from './send-page.styles';
import { asSentBefore, isSame, sendMemory, unansweredRequest } from './unanswered-send';

/** The status of a refusal because the audience changed after the confirmation, among other reasons. */
const CONFLICT = 409;
/** The offer to undo is shown this long at most, in seconds. Until nothing is held any more, the notification's page cancels it. */
const OFFER_MAX_SECONDS = 60;

@customElement('send-page')
export class SendPage extends LitElement {
  static override styles = [base, sendStyles];

  @state() private errors: SendErrors = {};
  @state() private failure = '';
  /** The answer to a send was lost: it may have been accepted. */
  @state() private unanswered = sendMemory.recall() !== null;
  @state() private checking = false;
  @state() private confirming: NotificationRequest | null = null;
  @state() private sending = false;
  @state() private templates: Template[] = [];

  private readonly companies = new Watching(this, companies);
  private readonly draft = new Watching(this, sendDraft);
  private readonly outgoing = new Watching(this, outgoing);
  private readonly preview = new FormPreview(
    this,
    () => this.form,
    (error) => {
      if (error instanceof Problem) this.errors = { ...this.errors, ...errorsFrom(error.fields) };
    },
  );
  /** The company and the channel of the templates. */
  private templatesOf = '';

  private get form(): SendForm {
    return this.draft.value;
  }

  protected override willUpdate(): void {
    const only = this.companies.value.length === 1 ? this.companies.value[0] : null;
    if (only && !this.form.company) this.change({ company: only.id });
    if (this.outgoing.value?.waits) this.confirming = null;
    void this.findTemplates();
  }

  override render() {
    const { form } = this;
    const { answer, busy, failed, samples } = this.preview;
    const isWritten = form.template !== null || form.body.trim() !== '';
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('send.title')}</h1><p>${t('send.lead')}</p></div></div>
      <form class="columns" novalidate @submit=${this.check} @keydown=${this.press}>
        <div class="fields card pad">${this.notices()} ${this.fields()}</div>
        <div class="aside">
          ${this.limits()}
          <audience-panel .audience=${answer?.audience ?? null} .sms=${isWritten ? (answer?.sms ?? null) : null} channel=${form.channel} ?busy=${busy} ?failed=${failed} ?ready=${form.company !== ''} @excluded-wanted=${this.saveExcluded}></audience-panel>
          <reader-preview ?inert=${this.confirming !== null} .form=${form} .samples=${samples} sender=${form.company ? companyName(form.company) : ''}></reader-preview>
          <samples-panel .samples=${isWritten ? (answer?.samples ?? []) : []}></samples-panel>
        </div>
        ${this.foot()}
      </form>
      ${this.confirming ? this.confirm(this.confirming) : nothing}
    </div>`;
  }

  private fields() {
    const { form, errors, templates } = this;
    return sendFields({
      form,
      errors,
      templates,
      companies: this.companies.value,
      preview: this.preview.answer,
      text: form.template ? (this.preview.samples[0]?.body ?? form.template.body) : form.body,
      change: (change) => this.change(change),
      choose: (template) => void this.choose(template),
    });
  }

  private foot() {
    const stands = this.checking || this.outgoing.value !== null;
    return html`<div class="send card">
      <p class="sum num" aria-live="polite">${this.sum()}</p>
      <button class="button primary" type="submit" aria-keyshortcuts="Control+Enter" aria-disabled=${stands ? 'true' : nothing}>
        ${icon('sent', 18)}${this.checking ? t('send.checking') : t('send.review')}<kbd aria-hidden="true">Ctrl ↵</kbd>
      </button>
      <a class="button quiet" href="/notificaciones">${t('cancel')}</a>
    </div>`;
  }

  /** Whom it reaches and what it costs, before the button. */
  private sum(): string {
    const { answer } = this.preview;
    if (!answer) return '';
    const { sms, audience } = answer;
    const isWritten = this.form.template !== null || this.form.body.trim() !== '';
    return [
      t('send.reaches', { n: audience.reachable }),
      sms && isWritten ? t('confirm.segments', { n: sms.segments_total }) : '',
      sms?.cost && isWritten ? money(sms.cost) : '',
    ]
      .filter(Boolean)
      .join(' · ');
  }

  /** What the company does not allow, or not without another person: said while it is written. */
  private limits() {
    const { over_limit, needs_approval } = this.preview.answer ?? {};
    return html`<div class="limits" aria-live="polite">
      ${over_limit ? html`<p class="notice danger">${icon('alert', 18)}<span>${overLimit(over_limit)}</span></p>` : nothing}
      ${needs_approval && !over_limit ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('confirm.needs_approval')}</span></p>` : nothing}
    </div>`;
  }

  private notices() {
    return html`${this.outgoing.value?.waits ? waits() : this.unanswered ? underWay(this.repeat) : nothing}
    ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}`;
  }

  private confirm(request: NotificationRequest) {
    return html`<send-confirm
      .request=${request}
      .preview=${this.preview.answer}
      ?busy=${this.sending}
      @confirmed=${() => this.send(request)}
      @dialog-closed=${() => this.stopConfirming()}
    ></send-confirm>`;
  }

  private change(change: Partial<SendForm>): void {
    const isOther = 'company' in change || 'channel' in change;
    sendDraft.update((form) => ({ ...form, ...change, ...(isOther ? { template: null } : {}) }));
    this.errors = { ...this.errors, ...withoutErrors(change) };
    this.preview.typed(AUDIENCE_FIELDS.some((field) => field in change));
  }

  private async choose(id: string): Promise<void> {
    if (!id) return this.change({ template: null });
    try {
      const template = await getTemplate(id);
      this.change({ template, category: template.category });
    } catch (error) {
      this.errors = { ...this.errors, template: sentence(error) };
    }
  }

  private async findTemplates(): Promise<void> {
    const { company, channel } = this.form;
    const wanted = company && `${company} ${channel}`;
    if (wanted === this.templatesOf) return;
    this.templatesOf = wanted;
    // Without templates a text can be written all the same.
    const found = wanted ? await getTemplates({ company, channel, limit: 200 }).catch(() => null) : null;
    if (wanted === this.templatesOf) this.templates = found?.data ?? [];
  }

  private press(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) void this.check(event);
  }

  private async check(event: Event): Promise<void> {
    event.preventDefault();
    if (this.checking || this.outgoing.value) return;
    this.failure = '';
    this.errors = missingIn(this.form);
    if (Object.keys(this.errors).length > 0) return focusFirstError(this);
    this.checking = true;
    try {
      await this.ask();
    } catch (error) {
      await this.refuse(error);
    } finally {
      this.checking = false;
    }
  }

  private async ask(): Promise<void> {
    const request = requestOf(this.form);
    const { audience, sms, confirm_token: token } = await this.preview.last(request);
    if (audience.reachable === 0) {
      this.failure = t('send.nobody');
      return;
    }
    if (sms && request.segments_max && sms.segments_max > request.segments_max) {
      this.errors = { segmentsMax: t('send.over_segments_max', { n: sms.segments_max }) };
      return focusFirstError(this);
    }
    this.confirming = asSentBefore(token ? { ...request, confirm_token: token } : request);
  }

  /** Goes on when the page is left: the outcome is told wherever its author is then. */
  private async send(request: NotificationRequest): Promise<void> {
    this.sending = true;
    const needsApproval = Boolean(this.preview.answer?.needs_approval);
    const author = me()?.id;
    try {
      const id = await sendOut(request);
      if (me()?.id !== author) return;
      this.confirming = null;
      this.unanswered = sendMemory.recall() !== null;
      if (!id) return;
      // A user who has begun another draft meanwhile keeps it.
      if (isSame(requestOf(sendDraft.get()), request)) sendDraft.set(EMPTY_FORM);
      announce(id, request, needsApproval);
      if (this.isConnected) navigate(`/notificaciones/${id}`);
    } catch (error) {
      await this.refuseSent(error);
    } finally {
      this.sending = false;
    }
  }

  private async refuseSent(error: unknown): Promise<void> {
    this.confirming = null;
    this.unanswered = sendMemory.recall() !== null;
    if (this.unanswered) return;
    if (!this.isConnected) return toastFailure(t('send.not_sent', { why: sentence(error) }));
    await this.refuse(error);
    // The confirmed number is outdated: the number beside the refusal is the current one.
    if (error instanceof Problem && error.status === CONFLICT) await this.preview.look();
  }

  /** The same request with the same key: what was accepted is found, and anything else is sent now. */
  private repeat = (): void => {
    const request = unansweredRequest();
    if (request) void this.send(request);
  };

  private async saveExcluded(): Promise<void> {
    try {
      download(await getExcluded(previewOf(this.form)), t('audience.file_name'));
    } catch (error) {
      this.failure = sentence(error);
    }
  }

  private stopConfirming(): void {
    if (!this.sending) this.confirming = null;
  }

  private async refuse(error: unknown): Promise<void> {
    if (!(error instanceof Problem)) {
      this.failure = sentence(error);
      return;
    }
    this.errors = errorsFrom(error.fields);
    const placed = Object.keys(this.errors).length > 0;
    this.failure = placed ? '' : error.message;
    if (placed) await focusFirstError(this);
  }
}

/** The errors that a change has answered: those of its fields, and of the variables that it fills in. */
function withoutErrors(change: Partial<SendForm>): SendErrors {
  const variables = Object.keys(change.variables ?? {}).map((name) => `variables.${name}`);
  return Object.fromEntries([...Object.keys(change), ...variables].map((name) => [name, undefined]));
}

/** Until the undo window ends nothing has left; what has a later time or waits for approval is on its own page. */
function announce(id: string, { schedule_at, hold_seconds = 0 }: NotificationRequest, needsApproval: boolean): void {
  if (needsApproval) toast({ text: t('send.awaits_approval') });
  else if (schedule_at) toast({ text: t('send.scheduled') });
  else if (hold_seconds === 0) toast({ text: t('send.accepted') });
  else {
    const stays_ms = Math.min(hold_seconds, OFFER_MAX_SECONDS) * 1_000;
    offerUndo(t('send.accepted'), () => undoSend(id), { stays_ms, fixed: true, counts: true });
  }
}

async function undoSend(id: string): Promise<void> {
  await cancelNotification(id);
  const { begun_at } = await getNotification(id);
  toast({ text: begun_at ? t('send.undone_late') : t('send.undone') });
}

const waits = () => html`<div class="notice warn" role="alert">
  ${icon('offline', 18)}
  <div class="grow">
    <p>${t('send.waits')}</p>
    <p class="row wraps"><button class="button small" type="button" @click=${askAgain}>${t('send.ask_now')}</button><button class="button small quiet" type="button" @click=${giveUp}>${t('send.give_up')}</button></p>
  </div>
</div>`;

const underWay = (repeat: () => void) => html`<div class="notice warn" role="alert">
  ${icon('alert', 18)}
  <div class="grow">
    <p>${t('send.unanswered')} <a href="/notificaciones">${t('send.unanswered_look')}</a></p>
    <p class="row wraps"><button class="button small" type="button" @click=${repeat}>${t('send.ask_now')}</button></p>
  </div>
</div>`;
