/** Suppresses an address: nothing is sent to it any more. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { addSuppression } from '../api';
import { CHANNELS } from '../channels';
import type { Channel, SuppressionFields, SuppressionReason } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { companies } from '../store/session';
import { Submission } from '../store/submission';
import { base } from '../ui/base';
import { focusFirstError, selectField, textArea, textField } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';

/** The reasons that a person may give. A bounce is what a provider reports. */
const REASONS: SuppressionReason[] = ['manual', 'opt_out', 'complaint'];
const FIELDS = ['company_id', 'channel', 'address', 'reason', 'note'];

@customElement('suppress-dialog')
export class SuppressDialog extends LitElement {
  static override styles = [
    base,
    modalStyles,
    css`form { display: grid; gap: var(--s4); } :host { --dialog-width: 460px; }`,
  ];

  @state() private fields: SuppressionFields = {
    company_id: companies.get()[0]?.id ?? '',
    channel: 'sms',
    address: '',
    reason: 'manual',
  };
  @state() private note = '';
  @state() private errors: Record<string, string> = {};
  @state() private failure = '';
  private readonly submission = new Submission();

  private readonly modal = new Modal(this, () => this.closed());

  override render() {
    const { company_id, channel, address, reason } = this.fields;
    return this.modal.render({
      heading: t('suppressions.new'),
      content: html`<form id="suppress" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}${this.failure}</p>` : nothing}
        ${selectField({ name: 'company_id', label: t('send.company'), value: company_id, error: this.errors.company_id, options: companies.get().map(({ id, name }) => ({ value: id, label: name })), onInput: (company_id) => this.change({ company_id }) })}
        ${selectField({ name: 'channel', label: t('send.channel'), value: channel, error: this.errors.channel, options: CHANNELS.map((value) => ({ value, label: t(`channel.${value}`) })), onInput: (value) => this.change({ channel: value as Channel }) })}
        ${textField({ name: 'address', label: t('suppressions.address'), value: address, error: this.errors.address, maxlength: 254, required: true, onInput: (address) => this.change({ address }) })}
        ${selectField({ name: 'reason', label: t('suppressions.reason'), value: reason, error: this.errors.reason, options: REASONS.map((value) => ({ value, label: t(`suppressions.reason.${value}`) })), onInput: (value) => this.change({ reason: value as SuppressionReason }) })}
        ${textArea({
          name: 'note',
          label: t('suppressions.note'),
          value: this.note,
          error: this.errors.note,
          rows: 2,
          onInput: (note) => {
            this.note = note;
          },
        })}
      </form>`,
      footer: html`<div class="row">
        <span class="grow"></span>
        <button class="button" type="button" @click=${this.closed}>${t('cancel')}</button>
        <button class="button primary" type="submit" form="suppress">${t('save')}</button>
      </div>`,
    });
  }

  private change(change: Partial<SuppressionFields>): void {
    this.fields = { ...this.fields, ...change };
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    this.failure = '';
    this.errors = this.fields.address.trim() ? {} : { address: t('required') };
    if (this.errors.address) return focusFirstError(this);
    const fields = this.note.trim() ? { ...this.fields, note: this.note } : this.fields;
    try {
      if (await this.submission.once(fields, addSuppression)) this.dispatchEvent(new CustomEvent('saved'));
    } catch (error) {
      this.errors = error instanceof Problem ? error.fields : {};
      this.failure = error instanceof Problem ? error.outside(FIELDS) : sentence(error);
      await focusFirstError(this);
    }
  }

  private closed(): void {
    this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
