/** Pauses a provider, for a reason. */
import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { pauseProvider } from '../api';
import type { Provider } from '../contract';
import { t } from '../i18n';
import { icon } from '../ui/icons';
import { ReasonDialog } from '../ui/reason-dialog';

@customElement('pause-provider-dialog')
export class PauseProviderDialog extends ReasonDialog {
  @property({ attribute: false }) provider!: Provider;
  /** Whether no other provider of the channel takes its messages. */
  @property({ type: Boolean }) last = false;

  protected heading = () => t('providers.pause_heading', { name: this.provider.name });
  protected action = () => t('providers.pause');
  protected act = (reason: string) => pauseProvider(this.provider, reason);

  protected meaning() {
    const channel = t(`channel.${this.provider.channel}`);
    return html`<p>${t('providers.pause_text')}</p>
      ${this.last ? html`<p class="notice warn">${icon('alert', 18)}<span>${t('providers.pause_last', { channel })}</span></p>` : nothing}`;
  }
}
