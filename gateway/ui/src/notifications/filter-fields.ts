/** Which clients of the company: by language, by time zone, or from a list of external ids, pasted or from a file. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { COUNTRIES, zones } from '../companies/countries';
import { language, t } from '../i18n';
import { base } from '../ui/base';
import { selectField, textArea, withChosen } from '../ui/field';
import { icon } from '../ui/icons';
import { externalIdsIn } from './external-ids';
import type { SendErrors, SendForm } from './send-form';

const LANGUAGES = ['es', 'en', 'pt'];

@customElement('filter-fields')
export class FilterFields extends LitElement {
  static override styles = [
    base,
    css`
      summary { cursor: pointer; font-size: var(--text-s); font-weight: 550; color: var(--ink-2); }
      .fields { display: grid; gap: var(--s4); margin-top: var(--s4); }
      .two { display: grid; grid-template-columns: 1fr 1fr; gap: var(--s4); }
      textarea.control { min-height: 72px; font-family: var(--mono); font-size: var(--text-s); }
      @media (max-width: 520px) { .two { grid-template-columns: 1fr; } }
    `,
  ];

  @property({ attribute: false }) form!: SendForm;
  @property({ attribute: false }) errors: SendErrors = {};

  override render() {
    const { locale, timeZone, clients } = this.form;
    const isUsed = locale !== '' || timeZone !== '' || clients.trim() !== '';
    return html`<details ?open=${isUsed}>
      <summary>${t('only.title')}</summary>
      <div class="fields">
        <div class="two">${this.localeField(locale)} ${this.timeZoneField(timeZone)}</div>
        ${this.clientsField(clients)}
      </div>
    </details>`;
  }

  private localeField(locale: string) {
    return selectField({
      name: 'locale',
      label: t('only.locale'),
      value: locale,
      error: this.errors.locale,
      hint: t('only.locale_hint'),
      options: withChosen([{ value: '', label: t('only.any') }, ...locales()], locale),
      onInput: (value) => this.change({ locale: value }),
    });
  }

  private timeZoneField(timeZone: string) {
    const named = zones(timeZone).filter((zone) => zone !== '');
    return selectField({
      name: 'timeZone',
      label: t('only.time_zone'),
      value: timeZone,
      error: this.errors.timeZone,
      options: [
        { value: '', label: t('only.any') },
        ...named.map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') })),
      ],
      onInput: (value) => this.change({ timeZone: value }),
    });
  }

  private clientsField(clients: string) {
    const n = externalIdsIn(clients).length;
    return html`${textArea({
      name: 'clients',
      label: t('only.clients'),
      value: clients,
      error: this.errors.clients,
      hint: n > 0 ? t('only.clients_count', { n }) : t('only.clients_hint'),
      rows: 3,
      onInput: (value) => this.change({ clients: value }),
    })}
    <div class="row wraps">
      <button class="button small" type="button" @click=${this.choose}>${icon('upload', 16)}${t('only.file')}</button>
      <input type="file" accept=".csv,text/csv,text/plain" hidden aria-label=${t('only.file')} @change=${this.picked} />
      ${clients ? html`<button class="button small quiet" type="button" @click=${() => this.change({ clients: '' })}>${t('only.clear')}</button>` : nothing}
    </div>`;
  }

  private choose(): void {
    this.renderRoot.querySelector<HTMLInputElement>('input[type="file"]')?.click();
  }

  private async picked(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (file) this.change({ clients: externalIdsIn(await file.text()).join('\n') });
  }

  private change(change: Partial<SendForm>): void {
    this.dispatchEvent(new CustomEvent('filtered', { detail: change }));
  }
}

/** The languages of the region: alone, and of each of its countries. */
function locales() {
  const names = new Intl.DisplayNames(language(), { type: 'language' });
  const regional = Object.keys(COUNTRIES).map((country) => `${spoken(country)}-${country}`);
  return [...LANGUAGES, ...regional]
    .map((code) => ({ value: code, label: names.of(code) ?? code }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

const spoken = (country: string): string => ({ BR: 'pt', US: 'en' })[country] ?? 'es';
