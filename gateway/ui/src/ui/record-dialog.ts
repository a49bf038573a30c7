/** A dialog that shows one record by its id, once the server has answered. */
import { type CSSResultGroup, html, LitElement, type TemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import { base } from './base';
import './empty-state';
import './loading-rows';
import { Modal, modalStyles } from './modal';

export abstract class RecordDialog<T extends object> extends LitElement {
  static override styles: CSSResultGroup = [base, modalStyles];

  /** The id of the record. */
  @property() record = '';
  @state() private shown: T | null = null;
  @state() private failure: { error: unknown } | null = null;

  private readonly modal = new Modal(this, () => this.dispatchEvent(new CustomEvent('dialog-closed')));

  protected abstract heading(): string;
  protected abstract read(id: string): Promise<T>;
  protected abstract told(one: T): TemplateResult;
  /** Why the record cannot be shown. */
  protected abstract failed(error: unknown): TemplateResult;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  override render() {
    return this.modal.render({ heading: this.heading(), content: this.content() });
  }

  private content(): TemplateResult {
    if (this.failure) return this.failed(this.failure.error);
    return this.shown ? this.told(this.shown) : html`<loading-rows count="2"></loading-rows>`;
  }

  /** Reads the record again, once it has changed. */
  protected async load(): Promise<void> {
    try {
      this.shown = await this.read(this.record);
    } catch (error) {
      this.failure = { error };
    }
  }
}
