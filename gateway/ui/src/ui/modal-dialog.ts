/** A dialog over the page: keeps the focus inside, closes with Escape, gives the focus back. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { t } from '../i18n';
import { base } from './base';
import { icon } from './icons';

const opened = new Set<ModalDialog>();
/** Shortcuts rest while a dialog asks something. */
export const anyDialogOpen = (): boolean => opened.size > 0;

@customElement('modal-dialog')
export class ModalDialog extends LitElement {
  static override styles = [
    base,
    css`
      dialog {
        width: min(var(--dialog-width, 560px), calc(100vw - 2 * var(--s4))); max-height: calc(100dvh - 2 * var(--s4));
        padding: 0; border: 1px solid var(--line); border-radius: 18px; background: var(--surface); color: var(--ink);
        box-shadow: var(--shadow-3); overflow: hidden;
      }
      dialog[open] { display: flex; flex-direction: column; animation: rise 160ms cubic-bezier(0.2, 0.8, 0.3, 1); }
      dialog::backdrop { background: rgb(8 14 13 / 45%); backdrop-filter: blur(2px); }
      header { display: flex; align-items: center; gap: var(--s3); padding: var(--s4) var(--s4) var(--s3) var(--s5); }
      header h2 { flex: 1; }
      .content { padding: var(--s1) var(--s5) var(--s5); overflow-y: auto; min-height: 0; }
      footer { padding: var(--s3) var(--s5); border-top: 1px solid var(--line); background: var(--surface-2); }
      footer.empty { display: none; }
      @keyframes rise { from { opacity: 0; transform: translateY(8px) scale(0.985); } }
      @media (max-width: 520px) {
        dialog { width: 100vw; max-width: 100vw; margin: auto 0 0; border-radius: 18px 18px 0 0; max-height: 92dvh; border-width: 1px 0 0; }
        .content { padding: var(--s1) var(--s4) var(--s4); }
        header { padding-left: var(--s4); }
        footer { padding: var(--s3) var(--s4); }
      }
    `,
  ];

  @property() heading = '';
  @property({ type: Boolean }) open = false;
  /** Without it the dialog can be closed only by its own buttons. */
  @property({ type: Boolean, attribute: 'no-close' }) noClose = false;
  private returnTo: HTMLElement | null = null;
  @query('dialog') private dialog!: HTMLDialogElement;

  override render() {
    return html`<dialog aria-labelledby="heading" @close=${this.closed} @cancel=${this.cancelled}>
      <header>
        <h2 id="heading">${this.heading}</h2>
        ${
          this.noClose
            ? nothing
            : html`<button class="icon-button" type="button" aria-label=${t('close')} @click=${() => this.dialog.close()}>${icon('close')}</button>`
        }
      </header>
      <div class="content" tabindex="-1"><slot></slot></div>
      <footer class="empty"><slot name="footer" @slotchange=${this.footed}></slot></footer>
    </dialog>`;
  }

  override updated(): void {
    if (this.open === this.dialog.open) return;
    if (this.open) {
      opened.add(this);
      this.returnTo = deepFocus();
      this.dialog.showModal();
      void this.focusFirst();
    } else this.dialog.close();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    opened.delete(this);
    if (this.dialog?.open) this.dialog.close();
    this.giveBack();
  }

  /** `autofocus` does not cross shadow roots: the marked control of the slotted content is looked for. */
  private async focusFirst(): Promise<void> {
    await Promise.resolve();
    const marked = this.querySelector<HTMLElement>('[autofocus], [data-autofocus]');
    if (marked) marked.focus();
  }

  private footed(event: Event): void {
    const slot = event.target as HTMLSlotElement;
    slot.parentElement?.classList.toggle('empty', slot.assignedElements().length === 0);
  }

  private cancelled(event: Event): void {
    if (this.noClose) event.preventDefault();
  }

  /** The browser gives the focus back only to what it can see from outside the shadow roots. */
  private giveBack(): void {
    const { returnTo } = this;
    this.returnTo = null;
    if (returnTo?.isConnected && !anyDialogOpen()) returnTo.focus();
  }

  private closed(): void {
    opened.delete(this);
    this.giveBack();
    if (!this.open) return;
    this.open = false;
    this.dispatchEvent(new CustomEvent('dialog-closed', { bubbles: false }));
  }
}

function deepFocus(): HTMLElement | null {
  let at: Element | null = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at instanceof HTMLElement && at !== document.body ? at : null;
}
