/** The frame of a paged list: its loading, error and empty states, and the button for more. */
import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n';
import type { ListState } from '../store/paged-list';
import './empty-state';
import './load-more';
import './loading-rows';

/** A `PagedList` of anything. */
interface Framed {
  items: readonly unknown[];
  state: ListState;
  next: string | null;
  failure: string;
  loadingMore: boolean;
  load(): Promise<void>;
  more(): Promise<void>;
}

export function listFrame(list: Framed, empty: TemplateResult, rows: () => TemplateResult): TemplateResult {
  return withoutRows(list, empty) ?? html`${rows()} ${list.next ? moreRows(list) : nothing}`;
}

/** What stands in place of the rows while there are none: loading, failed or empty. */
export function withoutRows(list: Framed, empty: TemplateResult): TemplateResult | null {
  if (list.state === 'loading') return html`<loading-rows></loading-rows>`;
  if (list.state === 'failed') return failed(list);
  return list.items.length === 0 && !list.next ? empty : null;
}

export function moreRows(list: Framed): TemplateResult {
  return html`<load-more ?busy=${list.loadingMore} failure=${list.failure} @more=${() => list.more()}></load-more>`;
}

function failed(list: Framed): TemplateResult {
  return html`<empty-state icon="alert" heading=${t('list.failed')} text=${list.failure} role="alert">
    <button class="button" type="button" @click=${() => list.load()}>${t('retry')}</button>
  </empty-state>`;
}
