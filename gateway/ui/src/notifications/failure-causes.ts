/** The failures of a notification grouped by cause, in human words, with the provider's code. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getDeliveries } from '../api';
import type { Delivery, FailureCause } from '../contract';
import { number, t } from '../i18n';
import { base } from '../ui/base';
import { type Cause, causesOf, wordsFor } from './causes';

/** Failures read to group them: five pages of 200. Beyond that the panel says so. */
const PAGES_MAX = 5;
/** While failures still come in, they are grouped again at most this often. */
const AGAIN_MS = 2_000;

@customElement('failure-causes')
export class FailureCauses extends LitElement {
  static override styles = [
    base,
    css`
      h2 { margin-bottom: var(--s3); }
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 var(--s3); padding: var(--s3) 0; border-top: 1px solid var(--line); }
      li .small { grid-column: 1 / -1; overflow-wrap: anywhere; }
      .count { font-weight: 600; color: var(--danger); }
      .cause { font-weight: 500; }
    `,
  ];

  @property() notification = '';
  @property({ type: Number }) count = 0;
  /** The server's own groups: nothing more to read when they come. */
  @property({ attribute: false }) known: FailureCause[] | null = null;
  @state() private causes: Cause[] = [];
  @state() private partial = false;
  private timer?: ReturnType<typeof setTimeout>;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override updated(changed: PropertyValues): void {
    if (this.known || (!changed.has('count') && !changed.has('notification'))) return;
    clearTimeout(this.timer);
    if (this.causes.length === 0) void this.load();
    else this.timer = setTimeout(() => void this.load(), AGAIN_MS);
  }

  override render() {
    return html`<section class="card pad" aria-labelledby="causes">
      <h2 id="causes">${t('causes.title')}</h2>
      <ul>
        ${(this.known ? wordsFor(this.known) : this.causes).map(
          (cause) => html`<li>
            <span class="cause">${cause.words}</span><span class="count num">${number(cause.count)}</span>
            <span class="small muted">${cause.code ? html`<span class="mono">${cause.code}</span> ` : nothing}${cause.detail === cause.words ? nothing : cause.detail}</span>
          </li>`,
        )}
      </ul>
      ${this.partial ? html`<p class="small muted">${t('causes.partial')}</p>` : nothing}
    </section>`;
  }

  private async load(): Promise<void> {
    const id = this.notification;
    const found: Delivery[] = [];
    let after: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer = await getDeliveries(id, { state: 'failed', after, limit: 200 }).catch(() => null);
      if (!answer || id !== this.notification) return;
      found.push(...answer.data);
      after = answer.next ?? undefined;
      if (!after) break;
    }
    this.partial = after !== undefined;
    this.causes = causesOf(found);
  }
}
