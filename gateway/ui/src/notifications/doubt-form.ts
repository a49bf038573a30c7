/** Ends the doubt about a delivery: one of four decisions, with the reason. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { resolveDelivery } from '../api';
import type { DoubtDecision } from '../contract';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { toast } from '../store/toasts';
import { base } from '../ui/base';
import { fieldError, focusFirstError, textArea } from '../ui/field';
import { icon } from '../ui/icons';

/** The server's limit, in characters. */
const REASON_MAX = 500;

type Outcome = DoubtDecision['outcome'];
const OUTCOMES: Outcome[] = ['accepted', 'delivered', 'resend', 'discard'];

@customElement('doubt-form')
export class DoubtForm extends LitElement {
  static override styles = [
    base,
    css`
      :host { display: block; }
      form { display: grid; gap: var(--s3); margin-top: var(--s4); padding: var(--s4); border: 1px solid var(--line); border-radius: var(--r2); }
      fieldset { display: grid; gap: var(--s2); margin: 0; padding: 0; border: 0; }
      legend { padding: 0; font-weight: 600; }
      .choice { display: flex; gap: var(--s3); align-items: flex-start; min-height: 32px; cursor: pointer; }
      .choice input { margin-top: 2px; }
      .choice span { display: grid; }
    `,
  ];

  /** The id of the delivery. */
  @property() delivery = '';
  @state() private outcome: Outcome | '' = '';
  @state() private reason = '';
  @state() private errors: { outcome?: string; reason?: string } = {};
  @state() private failure = '';
  @state() private busy = false;

  override render() {
    return html`<form novalidate @submit=${this.submit}>
      ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}
      <fieldset aria-describedby=${this.errors.outcome ? 'outcome-error' : nothing}>
        <legend>${t('doubt.heading')}</legend>
        <p class="small muted">${t('doubt.text')}</p>
        ${OUTCOMES.map((one) => this.choice(one))}
        ${fieldError({ name: 'outcome', error: this.errors.outcome })}
      </fieldset>
      ${textArea({
        name: 'reason',
        label: t('doubt.reason'),
        hint: t('doubt.reason_hint'),
        value: this.reason,
        error: this.errors.reason,
        required: true,
        rows: 2,
        onInput: (reason) => {
          this.reason = reason;
          this.errors = { ...this.errors, reason: undefined };
        },
      })}
      <div class="row wraps">
        <span class="grow"></span>
        <button class="button primary" type="submit" ?disabled=${this.busy}>${t('doubt.end')}</button>
      </div>
    </form>`;
  }

  private choice(value: Outcome) {
    return html`<label class="choice">
      <input
        type="radio"
        name="outcome"
        value=${value}
        .checked=${this.outcome === value}
        aria-invalid=${this.errors.outcome ? 'true' : nothing}
        @change=${() => this.choose(value)}
      />
      <span><span class="strong">${t(`doubt.${value}`)}</span><span class="small muted">${t(`doubt.${value}_text`)}</span></span>
    </label>`;
  }

  private choose(outcome: Outcome): void {
    this.outcome = outcome;
    this.errors = { ...this.errors, outcome: undefined };
  }

  private faults(): { outcome?: string; reason?: string } {
    const outcome = this.outcome ? undefined : t('required');
    if (!this.reason.trim()) return { outcome, reason: t('required') };
    const isTooLong = [...this.reason].length > REASON_MAX;
    return { outcome, reason: isTooLong ? t('too_long', { n: REASON_MAX }) : undefined };
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    this.errors = this.faults();
    if (!this.outcome || this.errors.outcome || this.errors.reason) return focusFirstError(this);
    this.failure = '';
    this.busy = true;
    try {
      await resolveDelivery(this.delivery, { outcome: this.outcome, reason: this.reason });
      toast({ text: t('doubt.done') });
      this.dispatchEvent(new CustomEvent('resolved'));
    } catch (error) {
      const reason = error instanceof Problem ? error.fields.reason : undefined;
      this.errors = { reason };
      if (!reason) this.failure = sentence(error);
    } finally {
      this.busy = false;
    }
  }
}
