/** Refuses a notification that awaits its approval, with the reason for its author. */
import { html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { rejectNotification } from '../api';
import type { Notification } from '../contract';
import { t } from '../i18n';
import { ReasonDialog } from '../ui/reason-dialog';

@customElement('reject-dialog')
export class RejectDialog extends ReasonDialog {
  @property({ attribute: false }) notification!: Notification;

  protected override readonly isFinal = true;
  protected heading = () => t('reject.heading');
  protected meaning = () => html`<p>${t('reject.text')}</p>`;
  protected action = () => t('notification.reject');
  protected act = (reason: string) => rejectNotification(this.notification.id, reason);
}
