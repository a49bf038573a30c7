/** The languages to choose from: at the login, and in the menu of the account. */
import { css, html, LitElement } from 'lit';
import { customElement } from 'lit/decorators.js';
import { changeLanguage, LANGUAGES, type Language, language, t } from '../i18n';
import { base } from '../ui/base';

@customElement('language-choice')
export class LanguageChoice extends LitElement {
  static override styles = [
    base,
    css`
      .choice { display: flex; flex-wrap: wrap; align-items: center; gap: var(--s2); }
      .button { min-height: 28px; padding: 0 var(--s2); font-size: var(--text-s); }
      .button[aria-pressed="true"] { background: var(--surface-3); color: var(--ink); }
    `,
  ];

  /** Each language is named in itself: its readers find it in any other. */
  override render() {
    return html`<div class="choice" role="group" aria-label=${t('language')}>
      ${(Object.entries(LANGUAGES) as [Language, string][]).map(
        ([code, name]) => html`<button
          class="button quiet"
          type="button"
          lang=${code}
          aria-pressed=${code === language()}
          @click=${() => changeLanguage(code)}
        >${name}</button>`,
      )}
    </div>`;
  }
}
