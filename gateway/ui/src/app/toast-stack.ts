/**
 * The notices on screen, read aloud politely; each waits while it is looked at. A dialog makes everything outside it
 * inert, so the page and every dialog have a stack of their own, and the foremost shows the notices.
 */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { t } from '../i18n';
import { Watching } from '../store/store';
import { dismiss, hold, release, type Toast, toasts } from '../store/toasts';
import { base } from '../ui/base';
import { type Icon, icon } from '../ui/icons';
import { type Modal, openDialogs } from '../ui/modal';
import '../ui/seconds-left';
import { when } from '../ui/when';

const MARKS: Record<Toast['kind'], Icon> = { done: 'check', failed: 'alert', message: 'inbox', rest: 'inbox' };

@customElement('toast-stack')
export class ToastStack extends LitElement {
  static override styles = [
    base,
    css`
      :host { position: fixed; right: var(--s5); top: var(--s4); bottom: var(--s5); z-index: 20; width: min(400px, calc(100vw - 2 * var(--s4))); pointer-events: none; }
      /* The newest above the others: a notice that is being read or pressed does not move. */
      .log { display: flex; flex-direction: column-reverse; gap: var(--s3); height: 100%; }
      section { height: 100%; }
      .toast {
        pointer-events: auto; display: grid; gap: var(--s2); padding: var(--s3) var(--s3) var(--s3) var(--s4); border: 1px solid var(--line); border-radius: var(--r3);
        background: var(--surface); box-shadow: var(--shadow-3); animation: slide 200ms cubic-bezier(0.2, 0.8, 0.3, 1);
      }
      .line { display: flex; align-items: center; gap: var(--s3); min-width: 0; }
      .text { flex: 1; min-width: 0; font-weight: 500; }
      .who { display: flex; flex-wrap: wrap; align-items: center; gap: 2px var(--s2); }
      .more { display: block; font-weight: 400; }
      .failed .line > .icon { color: var(--danger); }
      .done .line > .icon { color: var(--ok); }
      .urgent { border-color: var(--danger); }
      .body { display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; color: var(--ink-2); }
      .actions { display: flex; gap: var(--s2); margin-left: calc(-1 * var(--s2)); }
      @keyframes slide { from { opacity: 0; transform: translateY(10px); } }
      @media (max-width: 860px) { :host { right: var(--s4); left: var(--s4); bottom: calc(76px + env(safe-area-inset-bottom)); width: auto; } :host([over]) { top: var(--s4); bottom: auto; } :host([over]) .log { height: auto; } }
    `,
  ];

  /** The dialog that this stack is in; the page's own stack is in none. */
  @property({ attribute: false }) dialog?: Modal;
  private readonly toasts = new Watching(this, toasts);
  private readonly dialogs = new Watching(this, openDialogs);

  override render() {
    const foremost = this.dialogs.value.at(-1) === this.dialog;
    const log = html`<div class="log" role="log" aria-live="polite" aria-relevant="additions">
      ${repeat(
        foremost ? this.toasts.value : [],
        (one) => one.id,
        (one) => this.toast(one),
      )}
    </div>`;
    return this.dialog ? log : html`<section aria-label=${t('toasts.label')}>${log}</section>`;
  }

  private toast(one: Toast) {
    return html`<div
      class="toast ${one.kind} ${one.urgent ? 'urgent' : ''}"
      @mouseenter=${() => hold(one)}
      @mouseleave=${() => release(one)}
      @focusin=${() => hold(one)}
      @focusout=${() => release(one)}
    >
      ${one.kind === 'message' ? this.message(one) : this.notice(one)}
    </div>`;
  }

  private notice(one: Toast) {
    return html`<div class="line">
      ${icon(MARKS[one.kind])}<span class="text">${one.text}${one.author ? html`<span class="small muted more">${one.author}</span>` : nothing}</span>${this.actions(one)} ${this.close(one)}
    </div>`;
  }

  private message(one: Toast) {
    return html`<div class="line">
        ${icon(one.urgent ? 'flag' : 'inbox', 18)}
        <span class="text who"><span class="wrap">${one.author}</span>${one.urgent ? html`<span class="pill danger">${t('priority.high')}</span>` : nothing}</span>
        <span class="small muted">${one.at ? when(one.at) : nothing}</span>${this.close(one)}
      </div>
      <p class="body">${one.text}</p>
      ${one.acknowledge ? html`<p><span class="pill warn">${t('inbox.asks_acknowledge')}</span></p>` : nothing}
      <div class="actions">${this.actions(one)}</div>`;
  }

  private actions(one: Toast) {
    return one.actions.map(
      (action) => html`<button
        class="button quiet small"
        type="button"
        @click=${() => {
          dismiss(one.id);
          action.run();
        }}
      >${action.label}${one.counts ? html` <seconds-left .until_ms=${one.since_ms + one.stays_ms}></seconds-left>` : nothing}</button>`,
    );
  }

  private close(one: Toast) {
    return html`<button class="icon-button" type="button" aria-label=${t('toasts.close')} @click=${() => dismiss(one.id)}>${icon('close', 16)}</button>`;
  }
}
