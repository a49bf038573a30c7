/** «Exclusiones»: the addresses to which nothing is sent. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getSuppressions } from '../api';
import type { Suppression } from '../contract';
import { longDate, shortDate, t, tOr } from '../i18n';
import { Problem } from '../problem';
import { PagedList } from '../store/paged-list';
import { companyName, may } from '../store/session';
import { toast } from '../store/toasts';
import { base } from '../ui/base';
import '../ui/empty-state';
import { textField } from '../ui/field';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import './suppress-dialog';
import './lift-dialog';

@customElement('suppressions-page')
export class SuppressionsPage extends LitElement {
  static override styles = [
    base,
    css`td { vertical-align: middle; } td .strong { overflow-wrap: anywhere; }
      .toolbar { align-items: start; }
      .toolbar .field { max-width: 480px; }
      /* Beside the control, below the height of its label. */
      .toolbar .button { margin-top: 26px; }`,
  ];

  @state() private adding = false;
  @state() private lifting: Suppression | null = null;

  /** As it is being written. */
  @state() private address = '';
  /** What the list is of; empty: all. */
  private sought = '';
  /** What is looked for is no address. */
  @state() private wrong = '';
  private readonly list = new PagedList<Suppression>(this, (after) => this.page(after));

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
      ${this.search()}
      ${this.wrong ? nothing : html`<section class="card" aria-label=${t('suppressions.title')}>${listFrame(this.list, this.empty(), () => this.table())}</section>`}
      ${this.adding ? html`<suppress-dialog @saved=${this.added} @dialog-closed=${this.close}></suppress-dialog>` : nothing}
      ${this.lifting ? html`<lift-dialog .suppression=${this.lifting} @done=${this.lifted} @dialog-closed=${this.close}></lift-dialog>` : nothing}
    </div>`;
  }

  private search() {
    return html`<form class="toolbar" role="search" novalidate @submit=${this.look}>
      ${textField({ name: 'address', label: t('suppressions.search'), value: this.address, hint: t('suppressions.search_hint'), error: this.wrong, maxlength: 254, onInput: (address) => this.written(address) })}
      <button class="button" type="submit">${icon('search', 18)}${t('suppressions.find')}</button>
    </form>`;
  }

  private empty() {
    if (this.sought)
      return html`<empty-state icon="search" heading=${t('suppressions.none_found')} text=${t('suppressions.none_found_text')}></empty-state>`;
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

  /** An empty field shows all again. */
  private written(address: string): void {
    this.address = address;
    this.wrong = '';
    if (!address.trim()) void this.find('');
  }

  private look = (event: Event): Promise<void> => {
    event.preventDefault();
    return this.find(this.address.trim());
  };

  private async find(sought: string): Promise<void> {
    this.sought = sought;
    await this.list.load();
  }

  private async page(after?: string) {
    try {
      return await getSuppressions({ address: this.sought, after });
    } catch (error) {
      if (error instanceof Problem) this.wrong = error.fields.address ?? '';
      throw error;
    }
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
