/** An SMS as the phone of its reader will show it. */
import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { countSms } from './sms';

@customElement('sms-preview')
export class SmsPreviewElement extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      .phone { max-width: 320px; margin: 0 auto; padding: 10px; border: 1px solid var(--line-strong); border-radius: 38px; background: var(--surface-3); }
      .screen { display: grid; grid-template-rows: auto 1fr; min-height: 300px; border-radius: 28px; background: var(--surface); overflow: hidden; }
      .from { display: grid; justify-items: center; gap: 4px; padding: var(--s4) var(--s3) var(--s3); border-bottom: 1px solid var(--line); background: var(--surface-2); font-size: var(--text-s); text-align: center; }
      .speaker { width: 64px; height: 5px; margin-bottom: var(--s1); border-radius: 3px; background: var(--line-strong); }
      .thread { display: grid; align-content: end; justify-items: start; gap: 6px; padding: var(--s4); }
      .bubble { max-width: 92%; max-height: 240px; padding: 9px 14px; overflow: auto; border-radius: 20px 20px 20px 5px; background: var(--surface-3); line-height: 1.4; }
      .ghost { color: var(--ink-3); }
      .parts { padding-left: var(--s2); font-size: var(--text-xs); color: var(--ink-3); }
      @media (forced-colors: active) { .bubble { border: 1px solid CanvasText; } }
    `,
  ];

  /** As it is sent: without the accents, if they are left out. */
  @property() text = '';
  @property() sender = '';

  override render() {
    const sender = this.sender || t('send.company');
    const { segments } = countSms(this.text);
    return html`<section class="phone" aria-label=${t('sms.preview')}>
      <div class="screen">
        <div class="from"><i class="speaker" aria-hidden="true"></i>${avatar(sender)}<span class="strong wrap">${sender}</span></div>
        <div class="thread">
          <p class="bubble verbatim ${this.text ? '' : 'ghost'}" tabindex="0">${this.text || t('sms.no_text')}</p>
          ${segments > 1 ? html`<span class="parts">${t('sms.joined', { n: segments })}</span>` : ''}
        </div>
      </div>
    </section>`;
  }
}
