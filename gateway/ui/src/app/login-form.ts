/** E-mail and password: at the login, and over the page of an expired session. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { signInAs } from '../store/session';
import { base } from '../ui/base';
import { focusFirstError, textField } from '../ui/field';
import { icon } from '../ui/icons';

@customElement('login-form')
export class LoginForm extends LitElement {
  static override styles = [base, css`form { display: grid; gap: var(--s4); } .button { width: 100%; }`];

  /** The user's own, where the page knows it. */
  @property() email = '';
  @state() private password = '';
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  @state() private busy = false;

  override render() {
    return html`<form novalidate @submit=${this.submit}>
      ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}${this.failure}</p>` : nothing}
      ${this.fields()}
      <button class="button primary" type="submit" aria-disabled=${this.busy ? 'true' : nothing}>
        ${this.busy ? t('login.busy') : t('login.action')}
      </button>
    </form>`;
  }

  private fields() {
    return html`${textField({
      name: 'email',
      label: t('login.email'),
      type: 'email',
      autocomplete: 'username',
      value: this.email,
      error: this.errors.email,
      required: true,
      onInput: (value) => {
        this.email = value;
      },
    })}
    ${textField({
      name: 'password',
      label: t('login.password'),
      type: 'password',
      autocomplete: 'current-password',
      value: this.password,
      error: this.errors.password,
      required: true,
      onInput: (value) => {
        this.password = value;
      },
    })}`;
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    this.failure = '';
    this.errors = this.missing();
    if (Object.keys(this.errors).length > 0) return focusFirstError(this);
    this.busy = true;
    try {
      await signInAs(this.email.trim(), this.password);
    } catch (error) {
      this.refuse(error);
    } finally {
      this.busy = false;
    }
  }

  private missing(): Record<string, string> {
    const found: Record<string, string> = {};
    if (!this.email.trim()) found.email = t('required');
    if (!this.password) found.password = t('required');
    return found;
  }

  private refuse(error: unknown): void {
    const wrong = error instanceof Problem && (error.status === 401 || error.status === 422);
    this.failure = wrong ? t('login.wrong') : sentence(error);
  }
}
