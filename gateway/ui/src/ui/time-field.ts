/** A field for a moment in the clock of a zone. It says which moment is meant, also where clocks change. */
import { html, nothing, type TemplateResult } from 'lit';
import { dateIn, t } from '../i18n';
import { instantOf } from '../zoned-time';
import { textField } from './field';

export interface TimeField {
  name: string;
  label: string;
  /** «2026-09-06T00:30», or empty. */
  value: string;
  zone: string;
  /** What an empty field means. */
  hint?: string;
  error?: string;
  required?: boolean;
  onInput(value: string): void;
}

export function timeField({ zone, hint, ...field }: TimeField): TemplateResult {
  const at = instantOf(field.value, zone);
  const where = t('schedule.zone', { zone: zone.replaceAll('_', ' ') });
  const meant = at ? dateIn(zone, at) : where;
  return textField({
    ...field,
    type: 'datetime-local',
    hint: html`${meant}${!at && hint ? html`. ${hint}` : nothing}`,
  });
}
