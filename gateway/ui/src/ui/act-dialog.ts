/** A dialog with a small form for one act: shows what is wrong with it, and cannot be closed while it is done. */
import { type CSSResultGroup, html, LitElement, nothing, type TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import { t } from '../i18n';
import { Problem, sentence } from '../problem';
import { base } from './base';
import { focusFirstError } from './field';
import { icon } from './icons';
import { Modal, modalStyles } from './modal';

export abstract class ActDialog extends LitElement {
  static override styles: CSSResultGroup = [base, modalStyles];

  /** What is wrong with the field. */
  @state() protected error = '';
  @state() private failure = '';
  @state() private busy = false;

  private readonly modal = new Modal(this, () => this.closed());

  protected abstract heading(): string;
  /** What the act means, and its field. */
  protected abstract fields(): TemplateResult;
  /** The label of the button that does it. */
  protected abstract action(): string;
  /** Whether the act cannot be undone. */
  protected readonly isFinal: boolean = false;
  /** The field as the server names it. */
  protected abstract readonly field: string;
  /** What is wrong with the field before the server is asked; empty if nothing is. */
  protected abstract wrong(): string;
  /** Its answer is the detail of the event `done`. */
  protected abstract send(): Promise<unknown>;

  override render() {
    return this.modal.render({
      heading: this.heading(),
      content: html`<form id="act" novalidate @submit=${this.submit}>
        ${this.failure ? html`<p class="notice danger" role="alert">${icon('alert', 18)}<span>${this.failure}</span></p>` : nothing}
        ${this.fields()}
      </form>`,
      footer: html`<div class="row wraps">
        <span class="grow"></span>
        <button class="button" type="button" ?disabled=${this.busy} @click=${this.closed}>${t('back')}</button>
        <button class="button primary ${this.isFinal ? 'danger' : ''}" type="submit" form="act" ?disabled=${this.busy}>${this.action()}</button>
      </div>`,
      locked: this.busy,
    });
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    this.error = this.wrong();
    if (this.error) return focusFirstError(this);
    this.failure = '';
    this.busy = true;
    try {
      const detail = await this.send();
      this.dispatchEvent(new CustomEvent('done', { detail }));
    } catch (error) {
      this.error = error instanceof Problem ? (error.fields[this.field] ?? '') : '';
      if (!this.error) this.failure = sentence(error);
    } finally {
      this.busy = false;
    }
    if (this.error) await focusFirstError(this);
  }

  private closed(): void {
    if (!this.busy) this.dispatchEvent(new CustomEvent('dialog-closed'));
  }
}
