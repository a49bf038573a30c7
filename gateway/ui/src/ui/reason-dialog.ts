/** A dialog that asks for the reason of an act before it is done. */
import { html, type TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { t } from '../i18n';
import { ActDialog } from './act-dialog';
import { textArea } from './field';

/** The server's limit, in characters. */
const REASON_MAX = 500;

export abstract class ReasonDialog extends ActDialog {
  @state() private reason = '';
  protected override readonly field = 'reason';

  /** What the act means. */
  protected abstract meaning(): TemplateResult;
  protected abstract act(reason: string): Promise<unknown>;

  protected override fields() {
    return html`${this.meaning()}
    ${textArea({
      name: 'reason',
      label: t('reason.label'),
      value: this.reason,
      error: this.error,
      required: true,
      rows: 3,
      onInput: (reason) => {
        this.reason = reason;
        this.error = '';
      },
    })}`;
  }

  protected override wrong(): string {
    if (!this.reason.trim()) return t('required');
    return [...this.reason].length > REASON_MAX ? t('too_long', { n: REASON_MAX }) : '';
  }

  protected override send(): Promise<unknown> {
    return this.act(this.reason);
  }
}
