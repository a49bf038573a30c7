/** «Destinatario»: type-ahead with chips over people, roles and companies. */
import { html, LitElement, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { t } from '../i18n';
import { me } from '../store/session';
import { Watching } from '../store/store';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { fieldError } from '../ui/field';
import { icon } from '../ui/icons';
import { choicesOf, directory, searchDirectory } from './directory';
import { type Choice, peopleOf, same, suggest } from './recipients';
import { pickerStyles } from './recipients-picker.styles';

@customElement('recipients-picker')
export class RecipientsPicker extends LitElement {
  static override styles = [base, avatarStyles, pickerStyles];

  @property({ attribute: false }) chosen: Choice[] = [];
  @property() error = '';
  @state() private typed = '';
  @state() private active = 0;
  @state() private open = false;
  @query('input') private input!: HTMLInputElement;
  @query('.box') private box!: HTMLElement;
  @query('.list') private list!: HTMLElement;

  private readonly directory = new Watching(this, directory);

  override focus(): void {
    this.input?.focus();
  }

  override render() {
    const found = this.suggestions;
    return html`<div class="field">
      <label for="recipients">${t('compose.recipients')}</label>
      <div class="control box ${this.error ? 'invalid' : ''}" @click=${() => this.input.focus()}>
        ${this.chips()} ${this.textBox(found)}
      </div>
      ${fieldError({ name: 'recipients', error: this.error })}
      <div class="count num" id="recipients-count" role="status">${this.people()}</div>
      ${this.suggestionList(found)}
    </div>`;
  }

  private chips() {
    if (this.chosen.length === 0) return nothing;
    return html`<span class="chips" role="list" aria-label=${t('recipients.chosen')}>
      ${this.chosen.map(
        (choice) => html`<span class="chip" role="listitem">
          <span class="text">${choice.label}</span>
          <button type="button" aria-label=${t('recipients.remove', { name: choice.label })} @click=${() => this.drop(choice)}>${icon('close', 14)}</button>
        </span>`,
      )}
    </span>`;
  }

  private textBox(found: Choice[]) {
    const current = this.open && found[this.active] ? `option-${this.active}` : nothing;
    return html`<input
      id="recipients"
      role="combobox"
      type="text"
      autocomplete="off"
      spellcheck="false"
      placeholder=${this.chosen.length ? '' : t('recipients.placeholder')}
      aria-autocomplete="list"
      aria-expanded=${this.open}
      aria-controls="recipients-list"
      aria-activedescendant=${current}
      aria-invalid=${this.error ? 'true' : nothing}
      aria-describedby="recipients-count ${this.error ? 'recipients-error' : ''}"
      .value=${this.typed}
      @input=${this.type}
      @keydown=${this.press}
      @click=${this.show}
      @blur=${this.hide}
    />`;
  }

  private suggestionList(found: Choice[]) {
    return html`<div class="list" id="recipients-list" role="listbox" popover="manual" aria-label=${t('recipients.suggestions')} @mousedown=${keepFocus}>
      ${found.map((choice, i) => this.option(choice, i))}
      ${found.length === 0 ? html`<div class="none" role="option" aria-disabled="true" aria-selected="false">${t('recipients.none')}</div>` : nothing}
    </div>`;
  }

  private option(choice: Choice, i: number) {
    const mark =
      choice.kind === 'user'
        ? avatar(choice.label)
        : html`<span class="mark">${icon(choice.kind === 'role' ? 'users' : 'company', 17)}</span>`;
    return html`<div class="option" id="option-${i}" role="option" aria-selected=${i === this.active} @click=${() => this.add(choice)}>
      ${mark}<span class="text"><span>${choice.label}</span><span class="small muted">${choice.detail}</span></span>
    </div>`;
  }

  override updated(): void {
    if (!this.list.showPopover) return;
    if (this.open && !this.list.matches(':popover-open')) this.list.showPopover();
    if (!this.open && this.list.matches(':popover-open')) this.list.hidePopover();
    if (this.open) this.place();
    this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }

  private get suggestions(): Choice[] {
    return suggest(choicesOf(this.directory.value), this.typed, this.chosen);
  }

  private people(): string {
    if (this.chosen.length === 0) return t('recipients.nobody');
    const { users, complete } = this.directory.value;
    const n = peopleOf(this.chosen, users, me()?.id ?? '').size;
    const exact = complete || this.chosen.every((choice) => choice.kind === 'user');
    return exact ? t('recipients.people', { n }) : t('recipients.people_at_least', { n });
  }

  /** The list is in the top layer below the box, so that no dialog clips it. */
  private place(): void {
    const at = this.box.getBoundingClientRect();
    const below = window.innerHeight - at.bottom;
    const up = below < 220 && at.top > below;
    this.list.style.left = `${at.left}px`;
    this.list.style.width = `${at.width}px`;
    this.list.style.top = up ? '' : `${at.bottom + 6}px`;
    this.list.style.bottom = up ? `${window.innerHeight - at.top + 6}px` : '';
    this.list.style.maxHeight = `${Math.max(120, Math.min(300, (up ? at.top : below) - 16))}px`;
  }

  private type = (event: Event): void => {
    this.typed = (event.target as HTMLInputElement).value;
    this.active = 0;
    this.open = true;
    void searchDirectory(this.typed).catch(() => undefined);
  };

  private press(event: KeyboardEvent): void {
    const found = this.suggestions;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (this.open)
        this.active = (this.active + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % Math.max(1, found.length);
      this.open = true;
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const choice = found[this.active];
      if (this.open && choice) this.add(choice);
    } else if (event.key === 'Escape' && this.open) {
      event.preventDefault();
      event.stopPropagation();
      this.open = false;
    } else if (event.key === 'Backspace' && this.typed === '') {
      const last = this.chosen.at(-1);
      if (last) this.drop(last);
    }
  }

  private show = (): void => {
    this.open = true;
  };

  private hide = (): void => {
    this.open = false;
  };

  private add(choice: Choice): void {
    this.typed = '';
    this.active = 0;
    this.open = false;
    this.tell([...this.chosen.filter((other) => !same(other, choice)), choice]);
    this.input.focus();
    this.open = false;
  }

  private drop(choice: Choice): void {
    this.tell(this.chosen.filter((other) => !same(other, choice)));
    this.input.focus();
  }

  private tell(chosen: Choice[]): void {
    this.chosen = chosen;
    this.dispatchEvent(new CustomEvent('chosen', { detail: chosen }));
  }
}

/** A press in the list must not move the focus out of the box, which would close it. */
function keepFocus(event: Event): void {
  event.preventDefault();
}
