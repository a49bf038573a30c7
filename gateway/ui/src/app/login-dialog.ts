/** Asks for the password over the page when the session has expired: what was begun goes on. */
import { css, html, LitElement } from 'lit';
import { customElement } from 'lit/decorators.js';
import { t } from '../i18n';
import { leave, me } from '../store/session';
import { base } from '../ui/base';
import { Modal, modalStyles } from '../ui/modal';
import './login-form';

@customElement('login-dialog')
export class LoginDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      :host { --dialog-width: 420px; }
      p { margin-bottom: var(--s4); }
      /* What is on the page is nobody's to read before the password. */
      .modal::backdrop { background: var(--bg); backdrop-filter: none; }
    `,
  ];

  /** It is left by logging in or out, never by Escape: the page behind it could do nothing. */
  private readonly modal = new Modal(this, () => undefined);

  override render() {
    return this.modal.render({
      heading: t('relogin.title'),
      content: html`<p>${t('relogin.text')}</p><login-form email=${me()?.email ?? ''}></login-form>`,
      footer: html`<div class="row"><span class="grow"></span><button class="button quiet" type="button" @click=${() => leave()}>${t('leave')}</button></div>`,
      locked: true,
    });
  }
}
