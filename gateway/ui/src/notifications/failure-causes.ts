/** The causes of deliveries that failed, wait, are in doubt or were excluded, with the provider's code. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getFailures } from '../api';
import type { Totals } from '../contract';
import { number, t } from '../i18n';
import { base } from '../ui/base';
import { type Cause, type CauseGroup, causesOf, REASONED } from './causes';

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
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 var(--s3); padding: var(--s3) 0; border-top: 1px solid var(--line); }
      li:last-child { padding-bottom: 0; }
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
    return html`${this.groups.map(group)}`;
  }

  private async load(): Promise<void> {
    this.timer = undefined;
    const id = this.notification;
    const answer = await getFailures(id).catch(() => null);
    if (answer && id === this.notification) this.groups = causesOf(answer.data);
  }
}

function group({ outcome, causes }: CauseGroup) {
  return html`<section class="card pad ${outcome}" aria-labelledby=${outcome}>
    <h2 id=${outcome}>${t(`causes.${outcome}`)}</h2>
    <ul>${causes.map((cause) => html`<li>${row(cause)}</li>`)}</ul>
  </section>`;
}

function row({ words, code, count }: Cause) {
  return html`<span class="cause">${words}</span><span class="count num">${number(count)}</span>
    ${code ? html`<span class="small muted mono">${code}</span>` : nothing}`;
}
