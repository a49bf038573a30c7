/** What a notification is called in lists. */
import type { Notification } from '../contract';

/** The subject or the text; of a template each variable by its name, as no client would read its tags. */
export function titleOf({
  subject,
  body,
  template_id,
}: Pick<Notification, 'subject' | 'body' | 'template_id'>): string {
  const text = subject || body;
  return template_id ? withoutTags(text) : text;
}

/** «Hola {{ cliente.nombre }}» → «Hola ‹cliente.nombre›». */
export const withoutTags = (text: string): string =>
  text
    .replace(/\{[%#].*?[%#]\}/gs, '')
    .replace(/\{\{\s*(.*?)\s*(?:\|.*?)?\}\}/gs, '‹$1›')
    .trim();

/** Whether a text without a template has marks that only a template fills in. */
export const hasTags = (text: string): boolean => /\{\{.*?\}\}|\{%.*?%\}/s.test(text);
