/** Sends the failed deliveries of a filter again, for a reason: page by page, so that none is sent to twice. */
import { html } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { retryDeliveries } from '../api';
import type { Counted, DeliveryFilter } from '../contract';
import { number, t } from '../i18n';
import { ReasonDialog } from '../ui/reason-dialog';

/** What came of it. */
export interface Retried {
  retried: number;
  refused: number;
}

@customElement('retry-many-dialog')
export class RetryManyDialog extends ReasonDialog {
  @property({ attribute: false }) filter: DeliveryFilter = {};
  @property({ attribute: false }) counted: Counted = { count: 0, complete: true };
  @state() private done = 0;

  protected heading = () => t('envios.retry_many_heading');
  protected action = () => t('envios.retry_many', { n: this.counted.count });

  protected meaning() {
    const { count, complete } = this.counted;
    const text = complete ? t('envios.retry_many_text', { n: count }) : t('envios.retry_more_text', { n: count });
    const progress = t('envios.retry_progress', { n: number(this.done) });
    return html`<p>${text}</p><p class="muted small" role="status">${this.done > 0 ? progress : ''}</p>`;
  }

  /** A page that is lost on the way is asked for again by its place: what is under way by then stays as it is. */
  protected act = async (reason: string): Promise<Retried> => {
    const sum: Retried = { retried: 0, refused: 0 };
    for (let after: string | null | undefined; after !== null; ) {
      const page = await retryDeliveries({ filter: this.filter, reason, ...(after ? { after } : {}) });
      sum.retried += page.retried;
      sum.refused += page.refused.length;
      this.done = sum.retried;
      after = page.next;
    }
    return sum;
  };
}
