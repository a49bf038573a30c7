/** Another time for a notification that has not begun. */
import { html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { rescheduleNotification } from '../api';
import type { Notification } from '../contract';
import { dateIn, t } from '../i18n';
import { Problem, sentence } from '../problem';
import { companyZone } from '../store/session';
import { base } from '../ui/base';
import { focusFirstError } from '../ui/field';
import { icon } from '../ui/icons';
import { Modal, modalStyles } from '../ui/modal';
import { timeField } from '../ui/time-field';
import { instantOf, localOf } from '../zoned-time';

@customElement('reschedule-dialog')
export class RescheduleDialog extends LitElement {
  static override styles = [base, modalStyles];

  @property({ attribute: false }) notification!: Notification;
  @state() private local = '';
  @state() private error = '';
  @state() private failure = '';
  @state() private busy = false;

  private readonly modal = new Modal(this, () => this.closed());

  override connectedCallback(): void {
    super.connectedCallback();
    const { send_at } = this.notification;
    if (send_at) this.local = localOf(send_at, this.zone);
  }

  private get zone(): string {
    return companyZone(this.notification.company_id);
  }

  override render() {
    return this.modal.render({
      heading: t('reschedule.heading'),
      content: html`<form id="reschedule" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}
        ${timeField({
          name: 'schedule',
          label: t('send.schedule'),
          value: this.local,
          zone: this.zone,
          error: this.error,
          required: true,
          onInput: (local) => {
            this.local = local;
            this.error = '';
          },
        })}
      </form>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        <button class="button" type="button" ?disabled=${this.busy} @click=${this.closed}>${t('back')}</button>
        <button class="button primary" type="submit" form="reschedule" ?disabled=${this.busy}>${t('notification.reschedule')}</button>
      </div>`,
      locked: this.busy,
    });
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    const at = instantOf(this.local, this.zone);
    if (!at) this.error = t('required');
    else this.error = this.fault(at);
    if (!at || this.error) return focusFirstError(this);
    this.failure = '';
    this.busy = true;
    try {
      await rescheduleNotification(this.notification.id, at);
      this.dispatchEvent(new CustomEvent('done'));
    } catch (error) {
      this.error = error instanceof Problem ? (error.fields.schedule_at ?? '') : '';
      if (!this.error) this.failure = sentence(error);
    } finally {
      this.busy = false;
    }
  }

  /** What is wrong with a time. */
  private fault(at: string): string {
    const { expires_at } = this.notification;
    if (Date.parse(at) <= Date.now()) return t('schedule.past');
    if (!expires_at || Date.parse(at) < Date.parse(expires_at)) return '';
    return t('schedule.expires_before', { expires: dateIn(this.zone, expires_at), begins: dateIn(this.zone, at) });
  }

  private closed(): void {
    if (!this.busy) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
