/** The causes of deliveries that failed, wait, are in doubt or were excluded, each with its recipients one click away. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getFailures } from '../api';
import { place } from '../app/router';
import type { Totals } from '../contract';
import { number, t } from '../i18n';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { type Cause, type CauseGroup, causesOf, REASONED } from './causes';
import { recipientsOf } from './recipients-filter';

/** The shortest time between two reloads while the totals change. */
const AGAIN_MS = 500;

const moved = (now: Totals | null, before: Totals | null | undefined): boolean =>
  REASONED.some((outcome) => now?.[outcome] !== before?.[outcome]);

@customElement('failure-causes')
export class FailureCauses extends LitElement {
  static override styles = [
    base,
    css`
      :host { display: grid; gap: var(--s4); }
      h2 { margin-bottom: var(--s3); }
      .card { overflow: hidden; }
      .card.pad { padding-bottom: 0; }
      li { margin: 0 calc(-1 * var(--s5)); border-top: 1px solid var(--line); }
      a { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; align-items: center; gap: 0 var(--s3); padding: var(--s3) var(--s4) var(--s3) var(--s5); color: inherit; text-decoration: none; }
      a:hover { background: var(--surface-2); }
      a:hover .cause { text-decoration: underline; text-underline-offset: 3px; }
      a:focus-visible { outline-offset: -3px; }
      a[aria-current] { background: var(--accent-soft); }
      a .icon { grid-column: 3; grid-row: 1 / span 2; color: var(--ink-3); }
      .code { grid-column: 1; }
      @media (max-width: 720px) { li { margin: 0 calc(-1 * var(--s4)); } a { padding-left: var(--s4); } }
      .count { font-weight: 600; }
      .failed .count { color: var(--danger); }
      .in_doubt .count { color: var(--warn); }
      .cause { font-weight: 500; }
    `,
  ];

  @property() notification = '';
  /** The totals: when they change, the causes do too. */
  @property({ attribute: false, hasChanged: moved }) totals: Totals | null = null;
  @state() private groups: CauseGroup[] = [];
  private readonly place = new Watching(this, place);
  private timer?: ReturnType<typeof setTimeout>;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('notification')) {
      clearTimeout(this.timer);
      this.timer = undefined;
    } else if (!changed.has('totals')) return;
    // Keep a reload that is scheduled: if every change postponed it, it would never happen.
    this.timer ??= setTimeout(() => void this.load(), this.groups.length > 0 ? AGAIN_MS : 0);
  }

  override render() {
    return html`${this.groups.map((one) => this.group(one))}`;
  }

  private group({ outcome, causes }: CauseGroup) {
    return html`<section class="card pad ${outcome}" aria-labelledby=${outcome}>
      <h2 id=${outcome}>${t(`causes.${outcome}`)}</h2>
      <ul>${causes.map((cause) => html`<li>${this.row(cause)}</li>`)}</ul>
    </section>`;
  }

  private row({ words, code, count, of }: Cause) {
    const to = recipientsOf(this.notification, of);
    const { path, query } = this.place.value;
    const isChosen = to === `${path}?${query}`;
    return html`<a href=${to} title=${t('causes.show', { cause: words })} aria-current=${isChosen ? 'true' : nothing}>
      <span class="cause">${words}</span><span class="count num">${number(count)}</span>${icon('right', 16)}
      ${code ? html`<span class="small muted mono code">${code}</span>` : nothing}
    </a>`;
  }

  private async load(): Promise<void> {
    this.timer = undefined;
    const id = this.notification;
    const answer = await getFailures(id).catch(() => null);
    if (answer && id === this.notification) this.groups = causesOf(answer.data);
  }
}
