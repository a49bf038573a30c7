/** The notification form: its fields, its missing fields, and the request made of it. */
import { CHANNEL } from '../channels';
import type { Category, Channel, NotificationRequest, RecipientKind, Template } from '../contract';
import { dateIn, t } from '../i18n';
import { companyZone } from '../store/session';
import { instantOf } from '../zoned-time';
import { EXTERNAL_IDS_MAX, externalIdsIn } from './external-ids';

export interface SendForm {
  company: string;
  channel: Channel;
  subject: string;
  recipientKind: RecipientKind;
  category: Category;
  body: string;
  /** In place of subject and text. */
  template: Template | null;
  /** The template's variables, by name. */
  variables: Record<string, string>;
  /** «Optimizar sin tildes». */
  transliterate: boolean;
  /** The most parts of an SMS; empty without a maximum. */
  segmentsMax: string;
  locale: string;
  timeZone: string;
  /** External ids as they were pasted. */
  clients: string;
  /** Local times of the company, as the fields have them; empty: at once, and never. */
  schedule: string;
  expires: string;
  /** How long nothing leaves and the send can be undone, in seconds. */
  hold: (typeof HOLD_CHOICES)[number];
}

/** As many seconds as the server may wait, 600 at most. */
export const HOLD_CHOICES = ['0', '30', '60', '300', '600'] as const;

export const EMPTY_FORM: SendForm = {
  company: '',
  channel: 'sms',
  subject: '',
  recipientKind: 'holder',
  category: 'operational',
  body: '',
  template: null,
  variables: {},
  transliterate: false,
  segmentsMax: '',
  locale: '',
  timeZone: '',
  clients: '',
  schedule: '',
  expires: '',
  hold: '30',
};
/** The fields that decide who is told. */
export const AUDIENCE_FIELDS: (keyof SendForm)[] = [
  'company',
  'channel',
  'recipientKind',
  'locale',
  'timeZone',
  'clients',
];
export const SEGMENTS_MAX_CHOICES = ['1', '2', '3', '4', '5', '6', '8', '10'];
export const RECIPIENT_KINDS: RecipientKind[] = ['holder', 'emergency_contact', 'authorized_user', 'everyone'];
export const CATEGORIES: Category[] = ['operational', 'service', 'collection', 'commercial'];

/** The form's field for each field of the request, to place errors of the server. */
const FIELDS: Record<string, keyof SendForm> = {
  company_id: 'company',
  channel: 'channel',
  subject: 'subject',
  recipient_kind: 'recipientKind',
  category: 'category',
  body: 'body',
  schedule_at: 'schedule',
  expires_at: 'expires',
  template_id: 'template',
  variables: 'template',
  segments_max: 'segmentsMax',
  filter: 'clients',
  'filter.locale': 'locale',
  'filter.time_zone': 'timeZone',
  'filter.external_ids': 'clients',
};

/** `variables.<name>` of a template's variable. */
export type SendErrors = Partial<Record<keyof SendForm | `variables.${string}`, string>>;

/** The longest subject of the form's channel; null if the channel has none. */
export const subjectMax = (form: SendForm) => CHANNEL[form.channel].subjectMax;

export function requestOf(form: SendForm): NotificationRequest {
  const whom = {
    company_id: form.company,
    channel: form.channel,
    recipient_kind: form.recipientKind,
    category: form.category,
  };
  const how = {
    ...timesOf(form),
    hold_seconds: Number(form.hold),
    ...(form.channel === 'sms' ? smsOptionsOf(form) : {}),
    ...filterOf(form),
  };
  if (form.template) {
    return { ...whom, template_id: form.template.id, variables: given(form.template, form.variables), ...how };
  }
  return {
    ...whom,
    ...(subjectMax(form) === null ? {} : { subject: form.subject }),
    body: form.body,
    ...how,
  };
}

/** What is left empty has its default. */
function given(template: Template, variables: Record<string, string>): Record<string, string> {
  const names = template.variables.map((one) => one.name).filter((name) => variables[name]);
  return Object.fromEntries(names.map((name) => [name, variables[name] ?? '']));
}

function smsOptionsOf({ transliterate, segmentsMax }: SendForm): Partial<NotificationRequest> {
  return {
    ...(transliterate ? { transliterate } : {}),
    ...(segmentsMax ? { segments_max: Number(segmentsMax) } : {}),
  };
}

function filterOf({ locale, timeZone, clients }: SendForm): Pick<NotificationRequest, 'filter'> {
  const filter = {
    ...(locale ? { locale } : {}),
    ...(timeZone ? { time_zone: timeZone } : {}),
    ...(clients.trim() ? { external_ids: externalIdsIn(clients) } : {}),
  };
  return Object.keys(filter).length > 0 ? { filter } : {};
}

function timesOf({ company, schedule, expires }: SendForm): Pick<NotificationRequest, 'schedule_at' | 'expires_at'> {
  const zone = companyZone(company);
  const [schedule_at, expires_at] = [instantOf(schedule, zone), instantOf(expires, zone)];
  return { ...(schedule_at ? { schedule_at } : {}), ...(expires_at ? { expires_at } : {}) };
}

/** The audience depends neither on the text nor on the times: it can be shown before a word is written. */
export function previewOf(form: SendForm): NotificationRequest {
  const untimed = { ...form, schedule: '', expires: '' };
  if (form.template) {
    const samples = form.template.variables.map((one) => [one.name, one.default ?? one.sample ?? '-']);
    const written = Object.entries(form.variables).filter(([, text]) => text);
    return requestOf({ ...untimed, variables: Object.fromEntries([...samples, ...written]) });
  }
  const request = requestOf({ ...untimed, body: form.body.trim() ? form.body : '-' });
  return request.subject === undefined || request.subject.trim() ? request : { ...request, subject: '-' };
}

export function missingIn(form: SendForm, now = Date.now()): SendErrors {
  const errors: SendErrors = {};
  const { subjectMax, bodyMax } = CHANNEL[form.channel];
  if (!form.company) errors.company = t('send.company_missing');
  if (externalIdsIn(form.clients).length > EXTERNAL_IDS_MAX) {
    errors.clients = t('send.too_many_clients', { n: EXTERNAL_IDS_MAX });
  }
  if (form.template) {
    return { ...errors, ...missingVariables(form.template, form.variables), ...wrongTimes(form, now) };
  }
  if (subjectMax !== null) {
    if (!form.subject.trim()) errors.subject = t('send.subject_missing');
    else if ([...form.subject].length > subjectMax) errors.subject = t('too_long', { n: subjectMax });
  }
  if (!form.body.trim()) errors.body = t('send.body_missing');
  else if ([...form.body].length > bodyMax) errors.body = t('too_long', { n: bodyMax });
  return { ...errors, ...wrongTimes(form, now) };
}

function wrongTimes(form: SendForm, now: number): SendErrors {
  const errors: SendErrors = {};
  const { schedule_at, expires_at } = timesOf(form);
  if (schedule_at && Date.parse(schedule_at) <= now) errors.schedule = t('schedule.past');
  const begins = schedule_at ? Date.parse(schedule_at) : now;
  if (expires_at && Date.parse(expires_at) <= begins) {
    const at = (instant: number) => dateIn(companyZone(form.company), new Date(instant).toISOString());
    const times = { expires: at(Date.parse(expires_at)), begins: at(begins) };
    errors.expires = t(schedule_at ? 'schedule.expires_before' : 'schedule.expires_past', times);
  }
  return errors;
}

function missingVariables(template: Template, variables: Record<string, string>): SendErrors {
  const missing = template.variables.filter((one) => one.default === null && !variables[one.name]);
  return Object.fromEntries(missing.map((one) => [`variables.${one.name}`, t('send.variable_missing')]));
}

/** The server's errors by the field of the form where they belong. */
export function errorsFrom(fields: Record<string, string>): SendErrors {
  const errors: SendErrors = {};
  for (const [name, detail] of Object.entries(fields)) {
    // A fault of one id is a fault of its list.
    const known = FIELDS[name] ?? FIELDS[name.replace(/\.\d+$/, '')];
    const field = name.startsWith('variables.') ? (name as `variables.${string}`) : known;
    if (field) errors[field] = detail;
  }
  return errors;
}
