/** Lifts a suppression, for a reason. */
import { html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { liftSuppression } from '../api';
import type { Suppression } from '../contract';
import { t } from '../i18n';
import { ReasonDialog } from '../ui/reason-dialog';

@customElement('lift-dialog')
export class LiftDialog extends ReasonDialog {
  @property({ attribute: false }) suppression!: Suppression;

  protected heading = () => t('suppressions.lift_heading');
  protected meaning = () => html`<p>${t('suppressions.lift_text')}</p>`;
  protected action = () => t('suppressions.lift');
  protected act = (reason: string) => liftSuppression(this.suppression.id, reason);
}
