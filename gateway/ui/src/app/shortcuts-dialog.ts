/** The list of shortcuts, and the switch to turn off single letters. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import { chooseLetters, letters } from '../store/preferences';
import { may } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { checkField } from '../ui/field';
import { Modal, modalStyles } from '../ui/modal';
import { type Command, KEYS } from './keymap';

@customElement('shortcuts-dialog')
export class ShortcutsDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`
      :host { --dialog-width: 460px; }
      dl { display: grid; grid-template-columns: 1fr auto; gap: var(--s2) var(--s4); align-items: center; margin-bottom: var(--s4); }
      dd { text-align: right; }
      kbd {
        padding: 2px 8px; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 6px; background: var(--surface-2);
        font: 500 var(--text-s) var(--font);
      }
    `,
  ];

  @property({ type: Boolean }) open = false;
  private readonly letters = new Watching(this, letters);

  private readonly modal = new Modal(this, () => this.closed());

  override render() {
    if (!this.open) return nothing;
    return this.modal.render({
      heading: t('shortcuts.title'),
      content: html`<dl>
        ${KEYS.filter(([command]) => allowed(command)).map(([command, key]) => html`<dt>${t(`shortcut.${command}`)}</dt><dd><kbd>${key}</kbd></dd>`)}
        <dt>${t('shortcut.open')}</dt><dd><kbd>Enter</kbd></dd>
        <dt>${t('shortcut.send')}</dt><dd><kbd>Ctrl+Enter</kbd></dd>
      </dl>
      ${checkField({ label: t('shortcuts.letters'), checked: this.letters.value, onInput: chooseLetters })}`,
    });
  }

  private closed(): void {
    if (this.open) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}

/** Hides shortcuts that have no effect for this user. */
function allowed(command: Command): boolean {
  if (command === 'compose') return may('operator');
  return command === 'notify' ? may('notifier') : true;
}
