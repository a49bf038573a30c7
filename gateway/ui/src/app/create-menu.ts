/** The dialog behind «Crear Mensaje»: the kinds of message that the user may send or read. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import type { Key } from '../i18n/es';
import { may } from '../store/session';
import { base } from '../ui/base';
import { type Icon, icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';

@customElement('create-menu')
export class CreateMenu extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      :host { --dialog-width: 440px; }
      ul { display: grid; gap: var(--s2); margin: 0 calc(-1 * var(--s2)); }
      li {
        position: relative; display: grid; grid-template-columns: auto 1fr auto; align-items: center; gap: 0 var(--s4);
        padding: var(--s3); border-radius: var(--r3);
      }
      li:hover { background: var(--surface-2); }
      .mark { display: grid; place-items: center; width: 44px; height: 44px; border-radius: 14px; background: var(--accent-soft); color: var(--accent-ink); }
      .text { display: grid; }
      .text .muted { font-size: var(--text-s); }
      button { padding: 0; border: 0; background: none; text-align: left; font-weight: 600; cursor: pointer; min-height: 26px; }
      button::after { content: ""; position: absolute; inset: 0; border-radius: var(--r3); }
      button:focus-visible { outline: none; }
      button:focus-visible::after { outline: 2px solid var(--accent); outline-offset: -1px; }
    `,
  ];

  @property({ type: Boolean }) open = false;

  private readonly modal = new Modal(this, () => this.closed());

  override render() {
    if (!this.open) return nothing;
    return this.modal.render({
      heading: t('create.title'),
      content: html`<ul>
        ${may('operator') ? this.option('compose', 'compose', 'create.compose', 'create.compose_text') : nothing}
        ${may('notifier') ? this.option('notify', 'notify', 'create.notify', 'create.notify_text') : nothing}
        ${this.option('inbox', 'inbox', 'create.inbox', 'create.inbox_text')}
      </ul>`,
    });
  }

  /** The whole row can be pressed; the button in it has only the name. */
  private option(choice: string, mark: Icon, title: Key, text: Key) {
    return html`<li>
      <span class="mark">${icon(mark)}</span>
      <span class="text">
        <button type="button" aria-describedby="${choice}-text" @click=${() => this.choose(choice)}>${t(title)}</button>
        <span class="muted" id="${choice}-text">${t(text)}</span>
      </span>
      ${icon('right', 18)}
    </li>`;
  }

  private choose(choice: string): void {
    this.dispatchEvent(new CustomEvent('choose', { detail: choice }));
  }

  private closed(): void {
    if (this.open) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
