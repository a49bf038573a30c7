/** «Exclusiones»: the addresses to which nothing is sent. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getSuppressions } from '../api';
import type { Suppression } from '../contract';
import { longDate, shortDate, t, tOr } from '../i18n';
import { PagedList } from '../store/paged-list';
import { companyName, may } from '../store/session';
import { toast } from '../store/toasts';
import { base } from '../ui/base';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import './suppress-dialog';
import './lift-dialog';

@customElement('suppressions-page')
export class SuppressionsPage extends LitElement {
  static override styles = [base, css`td { vertical-align: middle; } td .strong { overflow-wrap: anywhere; }`];

  @state() private adding = false;
  @state() private lifting: Suppression | null = null;

  private readonly list = new PagedList<Suppression>(this, (after) => getSuppressions({ after }));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('suppressions.title')}</h1><p>${t('suppressions.lead')}</p></div>
        ${may('notifier') ? html`<button class="button" type="button" @click=${this.add}>${icon('plus', 18)}${t('suppressions.new')}</button>` : nothing}
      </div>
      <section class="card" aria-label=${t('suppressions.title')}>${listFrame(this.list, this.empty(), () => this.table())}</section>
      ${this.adding ? html`<suppress-dialog @saved=${this.added} @dialog-closed=${this.close}></suppress-dialog>` : nothing}
      ${this.lifting ? html`<lift-dialog .suppression=${this.lifting} @done=${this.lifted} @dialog-closed=${this.close}></lift-dialog>` : nothing}
    </div>`;
  }

  private empty() {
    return html`<empty-state icon="check" heading=${t('suppressions.empty')} text=${t('suppressions.empty_text')}></empty-state>`;
  }

  private table() {
    return html`<table class="cards">
      <caption class="hidden">${t('suppressions.title')}</caption>
      <thead><tr><th>${t('suppressions.address')}</th><th>${t('send.channel')}</th><th>${t('suppressions.reason')}</th><th>${t('send.company')}</th><th>${t('suppressions.since')}</th><th><span class="hidden">${t('actions')}</span></th></tr></thead>
      <tbody>${repeat(
        this.list.items,
        (one) => one.id,
        (one) => this.row(one),
      )}</tbody>
    </table>`;
  }

  private row(one: Suppression) {
    const address = one.address ?? t('suppressions.erased');
    return html`<tr>
      <td class="lead strong">${address}</td>
      <td data-label=${t('send.channel')}>${t(`channel.${one.channel}`)}</td>
      <td data-label=${t('suppressions.reason')}>${tOr(`suppressions.reason.${one.reason}`, one.reason)}${one.note ? html`<div class="soft">${one.note}</div>` : nothing}</td>
      <td data-label=${t('send.company')}>${companyName(one.company_id)}</td>
      <td data-label=${t('suppressions.since')}><time datetime=${one.added_at} title=${longDate(one.added_at)}>${shortDate(one.added_at)}</time></td>
      <td class="actions">
        ${may('notifier') ? html`<button class="button quiet small" type="button" aria-label=${t('suppressions.lift_one', { address })} @click=${() => this.lift(one)}>${t('suppressions.lift')}</button>` : nothing}
      </td>
    </tr>`;
  }

  private add = (): void => {
    this.adding = true;
  };

  private lift(one: Suppression): void {
    this.lifting = one;
  }

  private close = (): void => {
    this.adding = false;
    this.lifting = null;
  };

  private added = (): void => this.changed(t('suppressions.added'));
  private lifted = (): void => this.changed(t('suppressions.lifted'));

  private changed(text: string): void {
    this.close();
    toast({ text });
    void this.list.load();
  }
}
