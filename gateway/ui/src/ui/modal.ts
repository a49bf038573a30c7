/** A dialog over the page: keeps the focus inside, closes with Escape, gives the focus back. */
import { css, html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import { t } from '../i18n';
import { Store } from '../store/store';
import { icon } from './icons';

/** The open dialogs, the foremost last. */
export const openDialogs = new Store<Modal[]>([]);
/** Shortcuts are off while a dialog is open. */
export const anyDialogOpen = (): boolean => openDialogs.get().length > 0;

function tellPage(): void {
  document.documentElement.toggleAttribute('data-dialog', anyDialogOpen());
}

interface Parts {
  heading: string;
  content: TemplateResult;
  footer?: TemplateResult;
  /** During a request the dialog cannot be closed. */
  locked?: boolean;
}
type Host = ReactiveControllerHost & HTMLElement & { renderRoot: HTMLElement | DocumentFragment };

/** The dialog of an element, open as long as the element renders it. Its content is really inside it. */
export class Modal implements ReactiveController {
  private dialog: HTMLDialogElement | null = null;
  private returnTo: HTMLElement | null = null;
  private locked = false;

  constructor(
    private readonly host: Host,
    private readonly closed: () => void,
  ) {
    host.addController(this);
  }

  render({ heading, content, footer, locked = false }: Parts): TemplateResult {
    this.locked = locked;
    return html`<dialog class="modal" aria-labelledby="modal-heading" @close=${this.onClose} @cancel=${this.onCancel}>
      <div class="modal-head">
        <h2 id="modal-heading">${heading}</h2>
        ${locked ? nothing : this.closeButton()}
      </div>
      <div class="modal-content">${content}</div>
      ${footer ? html`<div class="modal-foot">${footer}</div>` : nothing}
      <toast-stack over .dialog=${this}></toast-stack>
    </dialog>`;
  }

  hostUpdated(): void {
    // A host that was taken out of the page may still be updated.
    if (!this.host.isConnected) return;
    const dialog = this.host.renderRoot.querySelector<HTMLDialogElement>('dialog.modal');
    if (dialog === this.dialog) return;
    this.leave();
    this.dialog = dialog;
    if (dialog) this.enter(dialog);
  }

  hostDisconnected(): void {
    this.leave();
    this.dialog = null;
  }

  private closeButton(): TemplateResult {
    return html`<button class="icon-button" type="button" aria-label=${t('close')} @click=${() => this.closed()}>
      ${icon('close')}
    </button>`;
  }

  private enter(dialog: HTMLDialogElement): void {
    this.returnTo = deepFocus();
    openDialogs.update((now) => [...now, this]);
    tellPage();
    dialog.showModal();
  }

  /** The browser gives the focus back only to what it can see from outside the shadow roots. */
  private leave(): void {
    if (!openDialogs.get().includes(this)) return;
    openDialogs.update((now) => now.filter((one) => one !== this));
    tellPage();
    const { returnTo } = this;
    if (returnTo?.isConnected && !anyDialogOpen()) returnTo.focus();
  }

  private onClose = (): void => {
    if (openDialogs.get().includes(this)) this.closed();
  };

  private onCancel = (event: Event): void => {
    event.preventDefault();
    if (!this.locked) this.closed();
  };
}

function deepFocus(): HTMLElement | null {
  let at: Element | null = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at instanceof HTMLElement && at !== document.body ? at : null;
}

export const modalStyles = css`
  .modal {
    width: min(var(--dialog-width, 560px), calc(100vw - 2 * var(--s4))); max-height: calc(100dvh - 2 * var(--s4)); padding: 0;
    border: 1px solid var(--line); border-radius: 18px; background: var(--surface); color: var(--ink); box-shadow: var(--shadow-3);
    overflow: hidden;
  }
  .modal[open] { display: flex; flex-direction: column; animation: modal-rise 160ms cubic-bezier(0.2, 0.8, 0.3, 1); }
  .modal::backdrop { background: rgb(8 14 13 / 45%); backdrop-filter: blur(2px); }
  .modal-head { display: flex; align-items: center; gap: var(--s3); padding: var(--s4) var(--s4) var(--s3) var(--s5); }
  .modal-head h2 { flex: 1; }
  .modal-content { padding: var(--s1) var(--s5) var(--s5); overflow-y: auto; min-height: 0; }
  .modal-foot { padding: var(--s3) var(--s5); border-top: 1px solid var(--line); background: var(--surface-2); }
  @keyframes modal-rise { from { opacity: 0; transform: translateY(8px) scale(0.985); } }
  @media (max-width: 520px) {
    .modal { width: 100vw; max-width: 100vw; max-height: 92dvh; margin: auto 0 0; border-width: 1px 0 0; border-radius: 18px 18px 0 0; }
    .modal-head { padding-left: var(--s4); }
    .modal-content { padding: var(--s1) var(--s4) var(--s4); }
    .modal-foot { padding: var(--s3) var(--s4) calc(var(--s3) + env(safe-area-inset-bottom)); }
    .modal-foot .button { flex: 1 1 auto; }
    .modal-foot .grow:empty { display: none; }
  }
`;
