/** Form fields: a label, its control, its hint and its error, connected for screen readers. */
import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { icon } from './icons';

interface Field {
  name: string;
  label: string;
  error?: string;
  hint?: string | TemplateResult;
}

/** The ids of a field's hint and error, for `aria-describedby`. */
export const describedBy = (field: Pick<Field, 'name' | 'error' | 'hint'>) =>
  [field.error && `${field.name}-error`, field.hint && `${field.name}-hint`].filter(Boolean).join(' ') || nothing;

export function fieldOf(field: Field, control: TemplateResult): TemplateResult {
  return html`<div class="field">
    <label for=${field.name}>${field.label}</label>
    ${control} ${fieldError(field)}
    ${field.hint ? html`<div class="hint" id="${field.name}-hint">${field.hint}</div>` : nothing}
  </div>`;
}

export function fieldError(field: Pick<Field, 'name' | 'error'>): TemplateResult | typeof nothing {
  if (!field.error) return nothing;
  return html`<div class="error" id="${field.name}-error">${icon('alert', 16)}<span>${field.error}</span></div>`;
}

interface TextField extends Field {
  value: string;
  onInput(value: string): void;
  type?: 'text' | 'email' | 'password' | 'search' | 'tel' | 'date' | 'datetime-local' | 'month' | 'number';
  autocomplete?: string;
  placeholder?: string;
  required?: boolean;
  maxlength?: number;
  /** Of a date. */
  min?: string;
  max?: string;
  autofocus?: boolean;
}

export function textField(field: TextField): TemplateResult {
  return fieldOf(
    field,
    html`<input
      class="control"
      id=${field.name}
      name=${field.name}
      type=${field.type ?? 'text'}
      autocomplete=${(field.autocomplete ?? 'off') as never}
      placeholder=${field.placeholder ?? nothing}
      maxlength=${field.maxlength ?? nothing}
      min=${field.min ?? nothing}
      max=${field.max ?? nothing}
      ?required=${field.required}
      ?autofocus=${field.autofocus}
      aria-invalid=${field.error ? 'true' : nothing}
      aria-describedby=${describedBy(field)}
      .value=${live(field.value)}
      @input=${(e: Event) => field.onInput((e.target as HTMLInputElement).value)}
    />`,
  );
}

export function textArea(field: TextField & { rows?: number }): TemplateResult {
  return fieldOf(
    field,
    html`<textarea
      class="control"
      id=${field.name}
      name=${field.name}
      rows=${field.rows ?? 5}
      placeholder=${field.placeholder ?? nothing}
      ?required=${field.required}
      ?autofocus=${field.autofocus}
      aria-invalid=${field.error ? 'true' : nothing}
      aria-describedby=${describedBy(field)}
      .value=${live(field.value)}
      @input=${(e: Event) => field.onInput((e.target as HTMLTextAreaElement).value)}
    ></textarea>`,
  );
}

export interface Option {
  value: string;
  label: string;
}

/** A value from the address is shown as chosen even if it is no option: it filters all the same. */
export function withChosen(options: Option[], chosen: string, label = chosen): Option[] {
  const isOffered = !chosen || options.some(({ value }) => value === chosen);
  return isOffered ? options : [...options, { value: chosen, label }];
}

export function selectField(
  field: Field & {
    value: string;
    options: Option[];
    onInput(value: string): void;
    required?: boolean;
    disabled?: boolean;
  },
): TemplateResult {
  return fieldOf(
    field,
    html`<select
      class="control"
      id=${field.name}
      name=${field.name}
      ?disabled=${field.disabled}
      ?required=${field.required}
      aria-invalid=${field.error ? 'true' : nothing}
      aria-describedby=${describedBy(field)}
      @change=${(e: Event) => field.onInput((e.target as HTMLSelectElement).value)}
    >
      ${field.options.map(
        (o) =>
          html`<option value=${o.value} ?selected=${o.value === field.value} .selected=${o.value === field.value}>${o.label}</option>`,
      )}
    </select>`,
  );
}

export function checkField(field: {
  label: string;
  checked: boolean;
  onInput(on: boolean): void;
  name?: string;
}): TemplateResult {
  return html`<label class="check">
    <input
      type="checkbox"
      name=${field.name ?? nothing}
      .checked=${live(field.checked)}
      @change=${(e: Event) => field.onInput((e.target as HTMLInputElement).checked)}
    />
    <span>${field.label}</span>
  </label>`;
}

/** Moves to the first field with an error, so that it is read aloud. */
export async function focusFirstError(host: {
  updateComplete: Promise<unknown>;
  renderRoot: ParentNode;
}): Promise<void> {
  await host.updateComplete;
  host.renderRoot.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}
