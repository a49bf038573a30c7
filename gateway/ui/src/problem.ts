/** A refused or failed request, with its errors by field. */
import type { ProblemBody } from './contract';
import { t } from './i18n';

/** Status 0 means that no answer arrived. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: Partial<ProblemBody> = {},
  ) {
    super(body.detail ?? body.title ?? fallback(status));
    this.name = 'Problem';
  }

  static offline(): Problem {
    return new Problem(0);
  }

  /** No answer in time: the connection may be there, and the request may have been carried out. */
  static late(): Problem {
    return new Problem(0, { detail: t('problem.late') });
  }

  /** True when the request may have been carried out although no answer came. */
  get unknown(): boolean {
    return this.status === 0 || this.status >= 500;
  }

  /** The detail of each error by the field its pointer names: `/body` → `body`, `/contacts/0/phone` → `contacts.0.phone`. */
  get fields(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const error of this.body.errors ?? []) {
      const field = fieldOf(error.pointer);
      if (field && !(field in found)) found[field] = error.detail;
    }
    return found;
  }

  /** Errors of fields that the form does not have, to be shown above it. */
  outside(fields: readonly string[]): string {
    const rest = Object.entries(this.fields).filter(([name]) => !fields.includes(name));
    if (Object.keys(this.fields).length === 0) return this.message;
    return rest.map(([, detail]) => detail).join(' ');
  }
}

/** The sentence to show for any thrown value. */
export function sentence(error: unknown): string {
  return error instanceof Error && error.message ? error.message : t('problem.unknown');
}

function fieldOf(pointer: string): string {
  return pointer
    .replace(/^#?\/?/, '')
    .split('/')
    .filter(Boolean)
    .join('.');
}

function fallback(status: number): string {
  if (status === 0) return t('problem.offline');
  if (status === 401) return t('problem.signed_out');
  if (status === 403) return t('problem.forbidden');
  if (status === 404) return t('problem.not_found');
  if (status === 413) return t('problem.too_large');
  if (status === 503) return t('problem.busy');
  return t('problem.unknown');
}
