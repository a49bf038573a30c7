/** «Enviar Notificaciones Clientes»: the form, its preview, and the confirmation. */
import { html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import {
  cancelNotification,
  getExcluded,
  getNotification,
  getTemplate,
  getTemplates,
  previewNotification,
  sendNotification,
} from '../api';
import { navigate } from '../app/router';
import { CHANNELS } from '../channels';
import { overLimit } from '../companies/limits';
import type { Category, Channel, NotificationRequest, Preview, RecipientKind, Template } from '../contract';
import { download } from '../download';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { companies, companyName, companyZone } from '../store/session';
import { Watching } from '../store/store';
import { Submission } from '../store/submission';
import { toast } from '../store/toasts';
import { offerUndo } from '../store/undo';
import { base } from '../ui/base';
import { focusFirstError, selectField, textArea, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { timeField } from '../ui/time-field';
import './audience-panel';
import './email-preview';
import './filter-fields';
import './samples-panel';
import './send-confirm';
import { sendDraft } from './send-draft';
import {
  AUDIENCE_FIELDS,
  CATEGORIES,
  EMPTY_FORM,
  errorsFrom,
  HOLD_SECONDS,
  missingIn,
  previewOf,
  RECIPIENT_KINDS,
  requestOf,
  SEGMENTS_MAX_CHOICES,
  type SendErrors,
  type SendForm,
  subjectMax,
} from './send-form';
import { sendStyles } from './send-page.styles';
import './sms-panel';
import { hasTags } from './title';
import { asSentBefore, sendMemory } from './unanswered-send';

/** The status of a refusal because the audience changed after the confirmation, among other reasons. */
const CONFLICT = 409;
/** Debounce of the preview, in milliseconds. */
const PREVIEW_AFTER_MS = 350;
/** The height of the text field, in lines. */
const BODY_ROWS: Record<Channel, number> = { sms: 5, email: 9 };

@customElement('send-page')
export class SendPage extends LitElement {
  static override styles = [base, sendStyles];

  @state() private errors: SendErrors = {};
  @state() private failure = '';
  /** The answer to a send was lost: it may have been accepted. */
  @state() private unanswered = sendMemory.recall() !== null;
  /** The last preview failed: there are no numbers to show. */
  @state() private uncounted = false;
  @state() private preview: Preview | null = null;
  /** The form of the current preview, which is a little behind during typing. */
  private previewed: SendForm | null = null;
  @state() private previewing = false;
  @state() private checking = false;
  @state() private confirming: NotificationRequest | null = null;
  @state() private sending = false;
  /** Those that the company may use on the channel. */
  @state() private templates: Template[] = [];

  private readonly companies = new Watching(this, companies);
  private readonly draft = new Watching(this, sendDraft);
  private readonly submission = new Submission(undefined, sendMemory);
  private timer?: ReturnType<typeof setTimeout>;
  private asking?: AbortController;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.form.company) {
      void this.look();
      void this.findTemplates();
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    this.asking?.abort();
  }

  private get form(): SendForm {
    return this.draft.value;
  }

  protected override willUpdate(): void {
    const only = this.companies.value.length === 1 ? this.companies.value[0] : null;
    if (only && !this.form.company) this.change({ company: only.id });
  }

  override render() {
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('send.title')}</h1><p>${t('send.lead')}</p></div></div>
      <div class="columns">
        <form class="card pad" novalidate @submit=${this.check}>
          ${this.notices()} ${this.fields()}
          <div class="send">
            <button class="button primary" type="submit" aria-disabled=${this.checking ? 'true' : nothing}>
              ${icon('sent', 18)}${this.checking ? t('send.checking') : t('send.review')}
            </button>
            <a class="button quiet" href="/notificaciones">${t('cancel')}</a>
          </div>
        </form>
        <div class="aside">
          ${this.limits()}
          <audience-panel .audience=${this.preview?.audience ?? null} channel=${this.form.channel} ?busy=${this.previewing} ?failed=${this.uncounted} ?ready=${this.form.company !== ''} @excluded-wanted=${this.saveExcluded}></audience-panel>
          ${this.aside()}
          <samples-panel .samples=${this.form.template || this.form.body.trim() ? (this.preview?.samples ?? []) : []}></samples-panel>
        </div>
      </div>
      ${this.confirming ? this.confirm(this.confirming) : nothing}
    </div>`;
  }

  /** What the company does not allow, or not without another person: said while it is written. */
  private limits() {
    const { over_limit, needs_approval } = this.preview ?? {};
    return html`<div class="limits" aria-live="polite">
      ${over_limit ? html`<p class="notice danger">${icon('alert', 18)}<span>${overLimit(over_limit)}</span></p>` : nothing}
      ${needs_approval && !over_limit ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('confirm.needs_approval')}</span></p>` : nothing}
    </div>`;
  }

  private notices() {
    return html`${this.unanswered ? underWay() : nothing}
    ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}`;
  }

  private fields() {
    const { form, errors } = this;
    return html`${selectField({
      name: 'company',
      label: t('send.company'),
      value: form.company,
      error: errors.company,
      required: true,
      options: [
        { value: '', label: t('send.choose_company') },
        ...this.companies.value.map((c) => ({ value: c.id, label: c.name })),
      ],
      onInput: (company) => this.change({ company }),
    })}
    ${selectField({
      name: 'channel',
      label: t('send.channel'),
      value: form.channel,
      error: errors.channel,
      options: CHANNELS.map((value) => ({ value, label: t(`channel.${value}`) })),
      onInput: (channel) => this.change({ channel: channel as Channel }),
    })}
    ${this.templates.length > 0 || form.template ? this.template() : nothing}
    ${form.template ? nothing : this.subject()}
    <div class="two">
      ${selectField({
        name: 'recipientKind',
        label: t('send.recipient_kind'),
        value: form.recipientKind,
        error: errors.recipientKind,
        options: RECIPIENT_KINDS.map((value) => ({ value, label: t(`kind.${value}`) })),
        onInput: (kind) => this.change({ recipientKind: kind as RecipientKind }),
      })}
      ${selectField({
        name: 'category',
        label: t('send.category'),
        value: form.category,
        error: errors.category,
        hint: t(`category.${form.category}.hint`),
        options: CATEGORIES.map((value) => ({ value, label: t(`category.${value}`) })),
        onInput: (category) => this.change({ category: category as Category }),
      })}
    </div>
    <filter-fields .form=${form} .errors=${errors} @filtered=${(e: CustomEvent<Partial<SendForm>>) => this.change(e.detail)}></filter-fields>
    ${form.template ? this.variables(form.template) : this.text()} ${this.belowText()} ${this.times()}`;
  }

  private text() {
    const { form, errors } = this;
    return html`${textArea({
      name: 'body',
      label: t('send.body'),
      value: form.body,
      error: errors.body,
      required: true,
      rows: BODY_ROWS[form.channel],
      onInput: (body) => this.change({ body }),
    })}
    <div aria-live="polite">${hasTags(`${form.subject} ${form.body}`) ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('send.tags_verbatim')}</span></p>` : nothing}</div>`;
  }

  private times() {
    const { form, errors } = this;
    const zone = companyZone(form.company);
    return html`<div class="two">
      ${timeField({
        name: 'schedule',
        label: t('send.schedule'),
        value: form.schedule,
        zone,
        hint: t('send.schedule_empty'),
        error: errors.schedule,
        onInput: (schedule) => this.change({ schedule }),
      })}
      ${timeField({
        name: 'expires',
        label: t('send.expires'),
        value: form.expires,
        zone,
        hint: t('send.expires_empty'),
        error: errors.expires,
        onInput: (expires) => this.change({ expires }),
      })}
    </div>`;
  }

  /** What the channel shows below the text. */
  private belowText() {
    const { channel } = this.form;
    switch (channel) {
      case 'sms':
        return this.segments();
      case 'email':
        return nothing;
    }
  }

  /** What the channel shows beside the form. */
  private aside() {
    const { channel } = this.form;
    switch (channel) {
      case 'sms':
        return nothing;
      case 'email':
        return this.email();
    }
  }

  private segments() {
    const { form, errors, preview } = this;
    const text = form.template ? (this.sample()?.body ?? form.template.body) : form.body;
    const isSampled = preview && preview.texts.counted < preview.audience.reachable;
    return html`<sms-panel
        text=${text}
        ?cheap=${form.transliterate}
        .sms=${text.trim() ? (preview?.sms ?? null) : null}
        .sample=${isSampled ? preview.texts.counted : null}
        @optimised=${(e: CustomEvent<boolean>) => this.change({ transliterate: e.detail })}
      ></sms-panel>
      ${selectField({
        name: 'segmentsMax',
        label: t('send.segments_max'),
        value: form.segmentsMax,
        error: errors.segmentsMax,
        options: [
          { value: '', label: t('send.no_segments_max') },
          ...SEGMENTS_MAX_CHOICES.map((value) => ({ value, label: value })),
        ],
        onInput: (segmentsMax) => this.change({ segmentsMax }),
      })}`;
  }

  private template() {
    const chosen = this.form.template;
    const known = chosen && !this.templates.some((one) => one.id === chosen.id) ? [chosen] : [];
    return selectField({
      name: 'template',
      label: t('send.template'),
      value: chosen?.id ?? '',
      error: this.errors.template,
      options: [
        { value: '', label: t('send.no_template') },
        ...[...known, ...this.templates].map((one) => ({ value: one.id, label: one.name })),
      ],
      onInput: (id) => void this.choose(id),
    });
  }

  private variables(template: Template) {
    return html`${template.variables.map(({ name, default: text }) =>
      textField({
        name: `variable-${name}`,
        label: name,
        value: this.form.variables[name] ?? '',
        error: this.errors[`variables.${name}`],
        placeholder: text ?? '',
        required: text === null,
        maxlength: 10_000,
        onInput: (value) => {
          this.errors = { ...this.errors, [`variables.${name}`]: undefined };
          this.change({ variables: { ...this.form.variables, [name]: value } });
        },
      }),
    )}`;
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
    try {
      const found = await getTemplates({ company, channel, limit: 200 });
      if (this.form.company === company && this.form.channel === channel) this.templates = found.data;
    } catch {
      // Without templates a text can be written all the same.
      this.templates = [];
    }
  }

  private subject() {
    const maxlength = subjectMax(this.form);
    if (maxlength === null) return nothing;
    return textField({
      name: 'subject',
      label: t('send.subject'),
      value: this.form.subject,
      error: this.errors.subject,
      required: true,
      maxlength,
      onInput: (subject) => this.change({ subject }),
    });
  }

  /** What the first of the audience would read, if the preview is of the form as it stands. */
  private sample() {
    return this.previewed === this.form ? this.preview?.samples[0] : null;
  }

  private email() {
    const { subject, body, company, template } = this.form;
    const sample = this.sample();
    return html`<email-preview
      subject=${template || subject.trim() ? (sample?.subject ?? template?.subject ?? subject) : ''}
      text=${template || body.trim() ? (sample?.body ?? template?.body ?? body) : ''}
      .mail=${sample?.html ?? null}
      sender=${company ? companyName(company) : ''}
    ></email-preview>`;
  }

  private confirm(request: NotificationRequest) {
    return html`<send-confirm
      .request=${request}
      .preview=${this.preview}
      ?busy=${this.sending}
      @confirmed=${() => this.send(request)}
      @dialog-closed=${() => this.stopConfirming()}
    ></send-confirm>`;
  }

  private change(change: Partial<SendForm>): void {
    sendDraft.update((form) => ({ ...form, ...change }));
    if ('company' in change || 'channel' in change) {
      sendDraft.update((form) => ({ ...form, template: null }));
      void this.findTemplates();
    }
    // The numbers of another audience must not be shown beside this choice.
    if (AUDIENCE_FIELDS.some((field) => field in change)) this.preview = null;
    const cleared = Object.fromEntries(Object.keys(change).map((name) => [name, undefined]));
    this.errors = { ...this.errors, ...cleared };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), PREVIEW_AFTER_MS);
  }

  /** Requests the preview of the current form. An older answer never overwrites a newer one. */
  private async look(): Promise<void> {
    this.asking?.abort();
    if (!this.form.company) {
      this.preview = null;
      return;
    }
    const asking = new AbortController();
    const { form } = this;
    this.asking = asking;
    this.previewing = true;
    this.uncounted = false;
    try {
      this.preview = await previewNotification(previewOf(form), asking.signal);
      this.previewed = form;
    } catch (error) {
      if (!asking.signal.aborted) this.noPreview(error);
    } finally {
      if (this.asking === asking) this.previewing = false;
    }
  }

  private noPreview(error: unknown): void {
    this.preview = null;
    this.uncounted = true;
    if (error instanceof Problem) this.errors = { ...this.errors, ...errorsFrom(error.fields) };
  }

  /** The last preview before the confirmation: its numbers and its token are those of the confirm step. */
  private async check(event: Event): Promise<void> {
    event.preventDefault();
    if (this.checking) return;
    clearTimeout(this.timer);
    this.asking?.abort();
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
    this.preview = await previewNotification(request);
    if (this.preview.audience.reachable === 0) {
      this.failure = t('send.nobody');
      return;
    }
    const { sms, confirm_token: token } = this.preview;
    if (sms && request.segments_max && sms.segments_max > request.segments_max) {
      this.errors = { segmentsMax: t('send.over_segments_max', { n: sms.segments_max }) };
      return focusFirstError(this);
    }
    this.confirming = asSentBefore(token ? { ...request, confirm_token: token } : request);
  }

  private async send(request: NotificationRequest): Promise<void> {
    this.sending = true;
    const written = sendDraft.get();
    try {
      const sent = await this.submission.once(request, sendNotification);
      if (!sent) return;
      // A user who has left this draft and begun another one keeps it, and stays on the page.
      if (sendDraft.get() === written) sendDraft.set(EMPTY_FORM);
      this.announce(sent.id, request);
      if (this.isConnected) navigate(`/notificaciones/${sent.id}`);
    } catch (error) {
      this.confirming = null;
      this.unanswered = sendMemory.recall() !== null;
      if (this.unanswered) return;
      await this.refuse(error);
      // The confirmed number is outdated: the number beside the refusal is the current one.
      if (error instanceof Problem && error.status === CONFLICT) await this.look();
    } finally {
      this.sending = false;
    }
  }

  private async saveExcluded(): Promise<void> {
    try {
      download(await getExcluded(previewOf(this.form)), t('audience.file_name'));
    } catch (error) {
      this.failure = sentence(error);
    }
  }

  /** Until the undo window ends nothing has left; what has a later time or waits for approval is on its own page. */
  private announce(id: string, request: NotificationRequest): void {
    if (this.preview?.needs_approval) toast({ text: t('send.awaits_approval') });
    else if (request.schedule_at) toast({ text: t('send.scheduled') });
    else
      offerUndo(t('send.accepted'), () => undoSend(id), { stays_ms: HOLD_SECONDS * 1_000, fixed: true, counts: true });
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

async function undoSend(id: string): Promise<void> {
  await cancelNotification(id);
  const { begun_at } = await getNotification(id);
  toast({ text: begun_at ? t('send.undone_late') : t('send.undone') });
}

const underWay = () => html`<p class="notice warn" role="alert">
  ${icon('alert', 18)}<span>${t('send.unanswered')} <a href="/notificaciones">${t('send.unanswered_look')}</a></span>
</p>`;
