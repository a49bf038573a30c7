/** The notification form: its fields, its missing fields, and the request made of it. */
import { CHANNEL } from '../channels';
import type { Category, Channel, NotificationRequest, RecipientKind } from '../contract';
import { t } from '../i18n';

export interface SendForm {
  company: string;
  channel: Channel;
  subject: string;
  recipientKind: RecipientKind;
  category: Category;
  body: string;
}

export const EMPTY_FORM: SendForm = {
  company: '',
  channel: 'sms',
  subject: '',
  recipientKind: 'holder',
  category: 'operational',
  body: '',
};
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
};

export type SendErrors = Partial<Record<keyof SendForm, string>>;

/** The longest subject of the form's channel; null if the channel has none. */
export const subjectMax = (form: SendForm) => CHANNEL[form.channel].subjectMax;

export function requestOf(form: SendForm): NotificationRequest {
  return {
    company_id: form.company,
    channel: form.channel,
    recipient_kind: form.recipientKind,
    category: form.category,
    ...(subjectMax(form) === null ? {} : { subject: form.subject }),
    body: form.body,
  };
}

/** The audience does not depend on the text: it can be shown before a word is written. */
export function previewOf(form: SendForm): NotificationRequest {
  const request = requestOf({ ...form, body: form.body.trim() ? form.body : '-' });
  return request.subject === undefined || request.subject.trim() ? request : { ...request, subject: '-' };
}

export function missingIn(form: SendForm): SendErrors {
  const errors: SendErrors = {};
  const { subjectMax, bodyMax } = CHANNEL[form.channel];
  if (!form.company) errors.company = t('send.company_missing');
  if (subjectMax !== null) {
    if (!form.subject.trim()) errors.subject = t('send.subject_missing');
    else if ([...form.subject].length > subjectMax) errors.subject = t('too_long', { n: subjectMax });
  }
  if (!form.body.trim()) errors.body = t('send.body_missing');
  else if ([...form.body].length > bodyMax) errors.body = t('too_long', { n: bodyMax });
  return errors;
}

/** The server's errors by the field of the form where they belong. */
export function errorsFrom(fields: Record<string, string>): SendErrors {
  const errors: SendErrors = {};
  for (const [name, detail] of Object.entries(fields)) {
    const field = FIELDS[name];
    if (field) errors[field] = detail;
  }
  return errors;
}
