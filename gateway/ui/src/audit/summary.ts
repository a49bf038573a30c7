/** What an audit entry adds to its type, in a line of words. */
import type { AuditEntry } from '../contract';
import { number, tOr } from '../i18n';

const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;

/** «destinatarios: 12 · prioridad: Alta»; ids are left to the column of the subject. */
export function summaryOf({ summary }: Pick<AuditEntry, 'summary'>): string {
  if (!summary) return '';
  if (typeof summary === 'string') return summary;
  return Object.entries(summary)
    .map(([name, value]) => [tOr(`summary.${name}`, name), worded(value)])
    .filter(([, value]) => value !== '')
    .map((pair) => pair.join(': '))
    .join(' · ');
}

function worded(value: unknown): string {
  if (typeof value === 'number') return number(value);
  if (typeof value === 'boolean') return value ? tOr('yes', 'yes') : '';
  if (typeof value === 'string') return ID.test(value) ? '' : tOr(`value.${value}`, value);
  if (Array.isArray(value)) return value.map(worded).filter(Boolean).join(', ');
  if (value && typeof value === 'object') {
    return Object.entries(value)
      .map(([name, n]) => `${tOr(`reason.${name}`, name)} ${worded(n)}`)
      .join(', ');
  }
  return '';
}
