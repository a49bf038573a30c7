/** The failures of a notification grouped by cause, in human words, with the provider's code. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getFailures } from '../api';
import { number, t } from '../i18n';
import { base } from '../ui/base';
import { type Cause, causesOf } from './causes';

/** While failures still come in, they are read again at most this often. */
const AGAIN_MS = 1_500;

@customElement('failure-causes')
export class FailureCauses extends LitElement {
  static override styles = [
    base,
    css`
      h2 { margin-bottom: var(--s3); }
      li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 var(--s3); padding: var(--s3) 0; border-top: 1px solid var(--line); }
      li:last-child { padding-bottom: 0; }
      .count { font-weight: 600; color: var(--danger); }
      .cause { font-weight: 500; }
    `,
  ];

  @property() notification = '';
  /** How many failed: when it changes the causes do too. */
  @property({ type: Number }) count = 0;
  @state() private causes: Cause[] = [];
  private timer?: ReturnType<typeof setTimeout>;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('count') && !changed.has('notification')) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), this.causes.length > 0 ? AGAIN_MS : 0);
  }

  override render() {
    return html`<section class="card pad" aria-labelledby="causes">
      <h2 id="causes">${t('causes.title')}</h2>
      <ul>${this.causes.map((cause) => html`<li>${row(cause)}</li>`)}</ul>
    </section>`;
  }

  private async load(): Promise<void> {
    const id = this.notification;
    const answer = await getFailures(id).catch(() => null);
    if (answer && id === this.notification) this.causes = causesOf(answer.data);
  }
}

function row({ words, code, count }: Cause) {
  return html`<span class="cause">${words}</span><span class="count num">${number(count)}</span>
    ${code ? html`<span class="small muted mono">${code}</span>` : nothing}`;
}
