/** The seconds until a moment, counted down; not read aloud, which would be once a second. */
import { css, html, LitElement } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { t } from '../i18n';

const SECOND_MS = 1_000;

@customElement('seconds-left')
export class SecondsLeft extends LitElement {
  static override styles = css`span { font-variant-numeric: tabular-nums; }`;

  /** By the page's clock, `performance.now()`. */
  @property({ attribute: false }) until_ms = 0;
  @state() private now_ms = performance.now();
  private timer?: ReturnType<typeof setInterval>;

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = setInterval(() => {
      this.now_ms = performance.now();
    }, SECOND_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render() {
    const left = Math.max(0, Math.ceil((this.until_ms - this.now_ms) / SECOND_MS));
    return html`<span aria-hidden="true">(${t('seconds', { n: left })})</span>`;
  }
}
