/** The end of a list: asks for more when it comes into view, or by its button. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import { base } from './base';

@customElement('load-more')
export class LoadMore extends LitElement {
  static override styles = [
    base,
    css`:host { padding: var(--s4); text-align: center; } p { color: var(--danger); margin-bottom: var(--s2); }`,
  ];

  @property({ type: Boolean }) busy = false;
  @property() failure = '';
  private observer?: IntersectionObserver;

  override connectedCallback(): void {
    super.connectedCallback();
    if (typeof IntersectionObserver === 'undefined') return;
    this.observer = new IntersectionObserver((seen) => {
      if (seen.some((entry) => entry.isIntersecting) && !this.failure) this.ask();
    });
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer?.disconnect();
  }

  override render() {
    return html`${this.failure ? html`<p role="alert">${this.failure}</p>` : nothing}
      <button class="button small" type="button" ?disabled=${this.busy} @click=${this.ask}>
        ${this.busy ? t('loading') : t('list.more')}
      </button>`;
  }

  private ask(): void {
    if (!this.busy) this.dispatchEvent(new CustomEvent('more'));
  }
}
