/** An empty list: the reason, and what the user can do. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { base } from './base';
import { type Icon, icon } from './icons';

@customElement('empty-state')
export class EmptyState extends LitElement {
  static override styles = [
    base,
    css`
      :host { padding: var(--s7) var(--s4); text-align: center; }
      .mark {
        display: inline-grid; place-items: center; width: 56px; height: 56px; margin-bottom: var(--s4);
        border-radius: 18px; background: var(--surface-2); color: var(--ink-3);
      }
      p { max-width: 44ch; margin: 0 auto; color: var(--ink-3); }
      .title { margin-bottom: var(--s1); font-weight: 600; color: var(--ink); }
      ::slotted(*) { margin-top: var(--s4); }
    `,
  ];

  @property() icon: Icon = 'inbox';
  @property() heading = '';
  @property() text = '';

  override render() {
    return html`<span class="mark">${icon(this.icon, 26)}</span>
      <p class="title">${this.heading}</p>
      ${this.text ? html`<p>${this.text}</p>` : nothing}
      <slot></slot>`;
  }
}
