/** A short time text, with the exact time on request. */
import { html, type TemplateResult } from 'lit';
import { exactTime, longDate, shortDate } from '../i18n';

export const when = (at: string): TemplateResult =>
  html`<time class="num" datetime=${at} title=${longDate(at)}>${shortDate(at)}</time>`;

export const whenExactly = (at: string): TemplateResult =>
  html`<time class="num" datetime=${at} title=${longDate(at)}>${exactTime(at)}</time>`;
