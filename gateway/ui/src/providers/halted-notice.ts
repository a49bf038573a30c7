/** Says that nothing of a channel is sent because all of its providers are paused. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getProviders } from '../api';
import type { Channel } from '../contract';
import { t } from '../i18n';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { haltedChannels } from './words';

/** How often it looks again. */
const LOOK_EVERY_MS = 10_000;

@customElement('halted-notice')
export class HaltedNotice extends LitElement {
  static override styles = [base, css`.notice { margin-bottom: var(--s4); }`];

  @property() channel: Channel = 'sms';
  @state() private halted: Channel[] = [];
  private timer?: ReturnType<typeof setTimeout>;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.look();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  override render() {
    if (!this.halted.includes(this.channel)) return nothing;
    const channel = t(`channel.${this.channel}`);
    return html`<p class="notice warn" role="status">${icon('pause', 18)}<span>${t('providers.halted', { channel })} <a href="/proveedores">${t('providers.title')}</a></span></p>`;
  }

  private async look(): Promise<void> {
    // The page works without it.
    const providers = await getProviders().catch(() => null);
    if (providers) this.halted = haltedChannels(providers.data);
    if (this.isConnected) this.timer = setTimeout(() => void this.look(), LOOK_EVERY_MS);
  }
}
