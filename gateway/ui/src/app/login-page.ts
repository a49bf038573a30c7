/** The login. */
import { html, LitElement } from 'lit';
import { customElement } from 'lit/decorators.js';
import { t } from '../i18n';
import { base } from '../ui/base';
import './language-choice';
import './login-form';
import { loginStyles } from './login-page.styles';
import { markWindow, plainIcon } from './window-mark';

@customElement('login-page')
export class LoginPage extends LitElement {
  static override styles = [base, loginStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    markWindow(t('app.name'), 0);
  }

  override render() {
    return html`<main>
        <div class="box">
          <div class="brand"><img src=${plainIcon()} alt="" />${t('app.name')}</div>
          <h1>${t('login.title')}</h1>
          <p class="lead">${t('login.lead')}</p>
          <login-form></login-form>
          <language-choice></language-choice>
        </div>
      </main>
      <aside aria-hidden="true">
        <div class="bubbles">${[1, 2, 3].map(() => html`<div class="bubble"><i></i><i></i><i></i></div>`)}</div>
        <p>${t('login.motto')}</p>
      </aside>`;
  }
}
