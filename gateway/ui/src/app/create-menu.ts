/** The small modal behind «Crear Mensaje»: what a person may send or read. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import type { Key } from '../i18n/es';
import { may } from '../store/session';
import { base } from '../ui/base';
import { type Icon, icon } from '../ui/icons';
import '../ui/modal-dialog';

@customElement('create-menu')
export class CreateMenu extends LitElement {
  static override styles = [
    base,
    css`
      modal-dialog { --dialog-width: 440px; }
      ul { display: grid; gap: var(--s2); margin: 0 calc(-1 * var(--s2)); }
      button {
        display: grid; grid-template-columns: auto 1fr auto; align-items: center; gap: 0 var(--s4); width: 100%; padding: var(--s3);
        border: 1px solid transparent; border-radius: var(--r3); background: none; text-align: left; cursor: pointer;
      }
      button:hover { background: var(--surface-2); }
      button:focus-visible { border-radius: var(--r3); }
      .mark { display: grid; place-items: center; width: 44px; height: 44px; border-radius: 14px; background: var(--accent-soft); color: var(--accent-ink); }
      .text { display: grid; }
      .title { font-weight: 600; }
      .text .muted { font-size: var(--text-s); }
    `,
  ];

  @property({ type: Boolean }) open = false;

  override render() {
    if (!this.open) return nothing;
    return html`<modal-dialog open heading=${t('create.title')} @dialog-closed=${this.closed}>
      <ul>
        ${this.option('compose', 'compose', 'create.compose', 'create.compose_text')}
        ${may('notifier') ? this.option('notify', 'notify', 'create.notify', 'create.notify_text') : ''}
        ${this.option('inbox', 'inbox', 'create.inbox', 'create.inbox_text')}
      </ul>
    </modal-dialog>`;
  }

  private option(choice: string, mark: Icon, title: Key, text: Key) {
    const describes = `${choice}-text`;
    return html`<li>
      <button type="button" aria-labelledby="${choice}-title" aria-describedby=${describes} @click=${() => this.choose(choice)}>
        <span class="mark">${icon(mark)}</span>
        <span class="text"><span class="title" id="${choice}-title">${t(title)}</span><span class="muted" id=${describes}>${t(text)}</span></span>
        ${icon('right', 18)}
      </button>
    </li>`;
  }

  private choose(choice: string): void {
    this.dispatchEvent(new CustomEvent('choose', { detail: choice }));
  }

  private closed(): void {
    if (this.open) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
