/** The current user and the settings: theme, language, shortcuts, log out. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { t } from '../i18n';
import {
  chooseDensity,
  choosePace,
  chooseTheme,
  density,
  isDark,
  PACES,
  type Pace,
  pace,
  theme,
} from '../store/preferences';
import { leave, session } from '../store/session';
import { Watching } from '../store/store';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import './language-choice';

@customElement('user-panel')
export class UserPanel extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      :host { display: grid; gap: 2px; }
      .who { display: flex; align-items: center; gap: var(--s3); padding: var(--s2) var(--s3) var(--s3); min-width: 0; }
      .who div { min-width: 0; }
      .who p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .button { justify-content: flex-start; text-align: left; width: 100%; padding: 0 var(--s3); gap: var(--s3); }
      .pace { display: grid; gap: 4px; padding: var(--s2) var(--s3); font-size: var(--text-s); color: var(--ink-2); }
      .pace .control { min-height: 34px; padding: 4px 32px 4px 10px; }
      language-choice { padding: var(--s2) var(--s3); }
    `,
  ];

  private readonly session = new Watching(this, session);
  private readonly theme = new Watching(this, theme);
  private readonly density = new Watching(this, density);
  private readonly pace = new Watching(this, pace);

  override render() {
    const now = this.session.value;
    if (now.status !== 'in') return nothing;
    return html`<div class="who">
        ${avatar(now.me.name)}
        <div><p class="strong">${now.me.name}</p><p class="small muted">${now.me.email}</p></div>
      </div>
      <button class="button quiet" type="button" @click=${this.toggleTheme}>
        ${icon(isDark() ? 'sun' : 'moon')}${isDark() ? t('theme.light') : t('theme.dark')}
      </button>
      ${this.theme.value === 'system' ? nothing : this.followSystem()}
      ${this.densities(now.me.id)} ${this.paces(now.me.id)}
      <button class="button quiet" type="button" @click=${() => this.dispatchEvent(new CustomEvent('shortcuts'))}>
        ${icon('help')}${t('shortcuts.title')}
      </button>
      <language-choice></language-choice>
      <button class="button quiet" type="button" @click=${() => leave()}>${icon('logout')}${t('leave')}</button>`;
  }

  private followSystem() {
    return html`<button class="button quiet" type="button" @click=${() => chooseTheme('system')}>${icon('refresh')}${t('theme.system')}</button>`;
  }

  /** A switch with two states, so that its name stays and its state is read aloud. */
  private densities(user: string) {
    const isCompact = this.density.value === 'compact';
    return html`<button class="button quiet" type="button" aria-pressed=${isCompact} @click=${() => chooseDensity(user, isCompact ? 'comfortable' : 'compact')}>
      ${icon('rows')}<span class="grow">${t('density.compact')}</span>${isCompact ? icon('check', 16) : nothing}
    </button>`;
  }

  private paces(user: string) {
    const choose = (event: Event) => choosePace(user, Number((event.target as HTMLSelectElement).value) as Pace);
    return html`<label class="pace">
      <span>${t('reminder.pace')}</span>
      <select class="control" @change=${choose}>
        ${PACES.map((minutes) => html`<option value=${minutes} ?selected=${minutes === this.pace.value}>${minutes ? t('reminder.minutes', { n: minutes }) : t('reminder.never')}</option>`)}
      </select>
    </label>`;
  }

  private toggleTheme(): void {
    chooseTheme(isDark() ? 'light' : 'dark');
    this.requestUpdate();
  }
}
