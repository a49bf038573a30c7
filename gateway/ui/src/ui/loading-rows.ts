/** Grey rows in place of a list; they appear only when it takes longer than 300 ms. */
import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import { base } from './base';

@customElement('loading-rows')
export class LoadingRows extends LitElement {
  static override styles = [
    base,
    css`
      :host { opacity: 0; animation: appear 120ms 300ms forwards; padding: var(--s2) var(--s4); }
      .line { display: grid; gap: 10px; padding: var(--s4) 0; border-bottom: 1px solid var(--line); }
      .line:last-child { border-bottom: 0; }
      i { height: 10px; border-radius: 5px; background: var(--surface-3); animation: breathe 1.4s ease-in-out infinite alternate; }
      i:first-child { width: 32%; }
      i:last-child { width: 72%; }
      @keyframes appear { to { opacity: 1; } }
      @keyframes breathe { to { opacity: 0.45; } }
    `,
  ];

  @property({ type: Number }) count = 5;

  override render() {
    return html`<span class="hidden" role="status">${t('loading')}</span>
      ${Array.from({ length: this.count }, () => html`<div class="line" aria-hidden="true"><i></i><i></i></div>`)}`;
  }
}
