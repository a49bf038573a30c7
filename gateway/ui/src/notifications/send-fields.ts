/** The fields of the notification form, in the order in which people fill them in. */
import { html, nothing, type TemplateResult } from 'lit';
import { CHANNELS } from '../channels';
import type { Category, Channel, Company, Preview, RecipientKind, Template } from '../contract';
import { t } from '../i18n';
import { companyZone } from '../store/session';
import { selectField, textArea, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { timeField } from '../ui/time-field';
import './filter-fields';
import {
  CATEGORIES,
  HOLD_CHOICES,
  RECIPIENT_KINDS,
  SEGMENTS_MAX_CHOICES,
  type SendErrors,
  type SendForm,
  subjectMax,
} from './send-form';
import './sms-panel';
import { hasTags } from './title';

/** The height of the text field, in lines. */
const BODY_ROWS: Record<Channel, number> = { sms: 4, email: 9 };

/** What the fields show, and where their changes go. */
export interface Fields {
  form: SendForm;
  errors: SendErrors;
  companies: Company[];
  /** Those that the company may use on the channel. */
  templates: Template[];
  preview: Preview | null;
  /** The text of the SMS that is counted. */
  text: string;
  change(change: Partial<SendForm>): void;
  choose(template: string): void;
}

export function sendFields(fields: Fields): TemplateResult {
  const { form, errors, templates } = fields;
  const usesTemplates = templates.length > 0 || form.template !== null;
  return html`<div class="two">${companyField(fields)} ${channelField(fields)}</div>
    ${usesTemplates ? templateField(fields) : nothing} ${form.template ? nothing : subjectField(fields)}
    <div class="two">${kindField(fields)} ${categoryField(fields)}</div>
    <filter-fields .form=${form} .errors=${errors} @filtered=${(e: CustomEvent<Partial<SendForm>>) => fields.change(e.detail)}></filter-fields>
    ${form.template ? variableFields(fields, form.template) : bodyField(fields)}
    ${form.channel === 'sms' ? smsCount(fields) : nothing} ${whenFields(fields)}`;
}

const companyField = ({ form, errors, companies, change }: Fields) =>
  selectField({
    name: 'company',
    label: t('send.company'),
    value: form.company,
    error: errors.company,
    required: true,
    options: [
      { value: '', label: t('send.choose_company') },
      ...companies.map(({ id, name }) => ({ value: id, label: name })),
    ],
    onInput: (company) => change({ company }),
  });

const channelField = ({ form, errors, change }: Fields) =>
  selectField({
    name: 'channel',
    label: t('send.channel'),
    value: form.channel,
    error: errors.channel,
    options: CHANNELS.map((value) => ({ value, label: t(`channel.${value}`) })),
    onInput: (channel) => change({ channel: channel as Channel }),
  });

function templateField({ form, errors, templates, choose }: Fields): TemplateResult {
  const chosen = form.template;
  const known = chosen && !templates.some((one) => one.id === chosen.id) ? [chosen] : [];
  return selectField({
    name: 'template',
    label: t('send.template'),
    value: chosen?.id ?? '',
    error: errors.template,
    options: [
      { value: '', label: t('send.no_template') },
      ...[...known, ...templates].map((one) => ({ value: one.id, label: one.name })),
    ],
    onInput: choose,
  });
}

function subjectField({ form, errors, change }: Fields): TemplateResult | typeof nothing {
  const maxlength = subjectMax(form);
  if (maxlength === null) return nothing;
  return textField({
    name: 'subject',
    label: t('send.subject'),
    value: form.subject,
    error: errors.subject,
    required: true,
    maxlength,
    onInput: (subject) => change({ subject }),
  });
}

const kindField = ({ form, errors, change }: Fields) =>
  selectField({
    name: 'recipientKind',
    label: t('send.recipient_kind'),
    value: form.recipientKind,
    error: errors.recipientKind,
    options: RECIPIENT_KINDS.map((value) => ({ value, label: t(`kind.${value}`) })),
    onInput: (kind) => change({ recipientKind: kind as RecipientKind }),
  });

const categoryField = ({ form, errors, change }: Fields) =>
  selectField({
    name: 'category',
    label: t('send.category'),
    value: form.category,
    error: errors.category,
    hint: t(`category.${form.category}.hint`),
    options: CATEGORIES.map((value) => ({ value, label: t(`category.${value}`) })),
    onInput: (category) => change({ category: category as Category }),
  });

function bodyField({ form, errors, change }: Fields): TemplateResult {
  const isTagged = hasTags(`${form.subject} ${form.body}`);
  return html`${textArea({
    name: 'body',
    label: t('send.body'),
    value: form.body,
    error: errors.body,
    required: true,
    rows: BODY_ROWS[form.channel],
    onInput: (body) => change({ body }),
  })}
  <div class="tagged" aria-live="polite">${isTagged ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('send.tags_verbatim')}</span></p>` : nothing}</div>`;
}

const variableFields = ({ form, errors, change }: Fields, template: Template) =>
  template.variables.map(({ name, default: text }) =>
    textField({
      name: `variable-${name}`,
      label: name,
      value: form.variables[name] ?? '',
      error: errors[`variables.${name}`],
      placeholder: text ?? '',
      required: text === null,
      maxlength: 10_000,
      onInput: (value) => change({ variables: { ...form.variables, [name]: value } }),
    }),
  );

function smsCount({ form, preview, text, change }: Fields): TemplateResult {
  const isSampled = preview && preview.texts.counted < preview.audience.reachable;
  return html`<sms-panel
    text=${text}
    ?cheap=${form.transliterate}
    .sms=${text.trim() ? (preview?.sms ?? null) : null}
    .sample=${isSampled ? preview.texts.counted : null}
    @optimised=${(e: CustomEvent<boolean>) => change({ transliterate: e.detail })}
  ></sms-panel>`;
}

/** When it leaves, until when it may, how long it can be taken back, and how long an SMS may be. */
function whenFields(fields: Fields): TemplateResult {
  const { form, errors, change } = fields;
  const zone = companyZone(form.company);
  return html`<div class="two">
    ${timeField({
      name: 'schedule',
      label: t('send.schedule'),
      value: form.schedule,
      zone,
      hint: t('send.schedule_empty'),
      error: errors.schedule,
      onInput: (schedule) => change({ schedule }),
    })}
    ${timeField({
      name: 'expires',
      label: t('send.expires'),
      value: form.expires,
      zone,
      hint: t('send.expires_empty'),
      error: errors.expires,
      onInput: (expires) => change({ expires }),
    })}
    ${holdField(fields)} ${form.channel === 'sms' ? segmentsField(fields) : nothing}
  </div>`;
}

const holdField = ({ form, change }: Fields) =>
  selectField({
    name: 'hold',
    label: t('send.hold'),
    value: form.hold,
    hint: form.schedule ? t('send.hold_scheduled') : undefined,
    options: HOLD_CHOICES.map((value) => ({ value, label: t(`send.hold.${value}`) })),
    onInput: (hold) => change({ hold: hold as SendForm['hold'] }),
  });

const segmentsField = ({ form, errors, change }: Fields) =>
  selectField({
    name: 'segmentsMax',
    label: t('send.segments_max'),
    value: form.segmentsMax,
    error: errors.segmentsMax,
    options: [
      { value: '', label: t('send.no_segments_max') },
      ...SEGMENTS_MAX_CHOICES.map((value) => ({ value, label: value })),
    ],
    onInput: (segmentsMax) => change({ segmentsMax }),
  });
