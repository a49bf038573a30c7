/** Another time for a notification that has not begun. */
import { customElement, property, state } from 'lit/decorators.js';
import { rescheduleNotification } from '../api';
import type { Notification } from '../contract';
import { dateIn, t } from '../i18n';
import { companyZone } from '../store/session';
import { ActDialog } from '../ui/act-dialog';
import { timeField } from '../ui/time-field';
import { instantOf, localOf } from '../zoned-time';

@customElement('reschedule-dialog')
export class RescheduleDialog extends ActDialog {
  @property({ attribute: false }) notification!: Notification;
  @state() private local = '';
  protected override readonly field = 'schedule_at';

  override connectedCallback(): void {
    super.connectedCallback();
    const { send_at } = this.notification;
    if (send_at) this.local = localOf(send_at, this.zone);
  }

  protected override heading(): string {
    return t('reschedule.heading');
  }

  protected override action(): string {
    return t('notification.reschedule');
  }

  protected override fields() {
    return timeField({
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
    });
  }

  protected override wrong(): string {
    const at = this.instant;
    if (!at) return t('required');
    if (Date.parse(at) <= Date.now()) return t('schedule.past');
    const { expires_at } = this.notification;
    if (!expires_at || Date.parse(at) < Date.parse(expires_at)) return '';
    return t('schedule.expires_before', { expires: dateIn(this.zone, expires_at), begins: dateIn(this.zone, at) });
  }

  protected override send(): Promise<unknown> {
    return rescheduleNotification(this.notification.id, this.instant ?? '');
  }

  private get zone(): string {
    return companyZone(this.notification.company_id);
  }

  private get instant(): string | null {
    return instantOf(this.local, this.zone);
  }
}
