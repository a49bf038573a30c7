/** The e-mail as its reader will see it. */
import { css, html, LitElement } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { t } from '../i18n';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import { framed } from '../ui/mail';

@customElement('email-preview')
export class EmailPreview extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      .card { overflow: hidden; }
      .chrome { display: flex; gap: 6px; padding: 12px var(--s4); border-bottom: 1px solid var(--line); background: var(--surface-2); }
      .chrome i { width: 10px; height: 10px; border-radius: 50%; background: var(--surface-3); box-shadow: inset 0 0 0 1px var(--line); }
      .mail { padding: var(--s4) var(--s5) var(--s5); }
      .subject { font-size: var(--text-l); font-weight: 600; line-height: 1.3; }
      .from { display: flex; align-items: center; gap: var(--s3); margin: var(--s4) 0; font-size: var(--text-s); line-height: 1.35; }
      .from div { display: grid; grid-template-columns: minmax(0, 1fr); min-width: 0; }
      .text { max-height: 320px; overflow: auto; }
      iframe { width: 100%; height: 420px; border: 0; background: #fff; }
      .ghost { color: var(--ink-3); }
    `,
  ];

  @property() subject = '';
  @property() text = '';
  @property() sender = '';
  /** The HTML of the mail, which is shown in place of its text. */
  @property({ attribute: false }) mail: string | null = null;

  override render() {
    const sender = this.sender || t('send.company');
    return html`<section class="card" aria-label=${t('email.preview')}>
      <div class="chrome" aria-hidden="true"><i></i><i></i><i></i></div>
      <div class="mail">
        <p class="subject wrap ${this.subject ? '' : 'ghost'}">${this.subject || t('email.no_subject')}</p>
        <div class="from">${avatar(sender)}<div><span class="strong">${sender}</span><span class="muted">${t('email.to_client')}</span></div></div>
        ${
          this.mail
            ? html`<iframe title=${t('delivery.html')} sandbox="" srcdoc=${framed(this.mail)}></iframe>`
            : html`<p class="text verbatim ${this.text ? '' : 'ghost'}" tabindex="0">${this.text || t('email.no_text')}</p>`
        }
      </div>
    </section>`;
  }
}
