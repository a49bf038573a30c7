/** What a paged list shows around its rows: loading, failure, emptiness, more. */
import { html, nothing, type TemplateResult } from 'lit';
import { t } from '../i18n';
import type { PagedList } from '../store/paged-list';
import './empty-state';
import './load-more';
import './loading-rows';

// biome-ignore lint/suspicious/noExplicitAny: any list, whatever its rows.
export function listFrame(list: PagedList<any, any>, empty: TemplateResult, rows: () => TemplateResult): TemplateResult {
  if (list.state === 'loading') return html`<loading-rows></loading-rows>`;
  if (list.state === 'failed') return failed(list);
  if (list.items.length === 0 && !list.next) return empty;
  return html`${rows()}
  ${
    list.next
      ? html`<load-more ?busy=${list.loadingMore} failure=${list.failure} @more=${() => list.more()}></load-more>`
      : nothing
  }`;
}

// biome-ignore lint/suspicious/noExplicitAny: any list, whatever its rows.
function failed(list: PagedList<any, any>): TemplateResult {
  return html`<empty-state icon="alert" heading=${t('list.failed')} text=${list.failure} role="alert">
    <button class="button" type="button" @click=${() => list.load()}>${t('retry')}</button>
  </empty-state>`;
}
