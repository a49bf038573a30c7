/** The contacts of a client, each address with the exclusion that stands on it. */
import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { getSuppressions } from '../api';
import type { Client, Contact, Suppression } from '../contract';
import { longDate, t, tOr } from '../i18n';
import { sentence } from '../problem';
import { may } from '../store/session';
import { toast } from '../store/toasts';
import '../suppressions/lift-dialog';
import { base } from '../ui/base';
import { icon } from '../ui/icons';

/** Each address is one request, so only those of the first contacts are asked about. */
const ASKED_MAX = 20;

@customElement('client-contacts')
export class ClientContacts extends LitElement {
  static override styles = [
    base,
    css`
      .contact { padding: var(--s3) var(--s4); border-top: 1px solid var(--line); }
      h2 { padding: var(--s4) var(--s4) var(--s3); }
      .who { display: flex; flex-wrap: wrap; gap: 2px var(--s2); align-items: baseline; }
      .address { display: flex; flex-wrap: wrap; gap: 2px var(--s2); align-items: center; min-height: 28px; color: var(--ink-2); }
      .address > .icon { color: var(--ink-3); }
      .none, .failed { padding: 0 var(--s4) var(--s4); }
      .failed { display: flex; flex-wrap: wrap; gap: var(--s2); align-items: center; color: var(--danger); }
    `,
  ];

  @property({ attribute: false }) client!: Client;
  /** The exclusions of the client's addresses, by address; null until they are known. */
  @state() private excluded: Map<string, Suppression> | null = null;
  @state() private failure = '';
  @state() private lifting: Suppression | null = null;
  /** The addresses that were asked about. */
  private asked = '';

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('client')) return;
    const addresses = addressesOf(this.client);
    // A client that was saved with the same addresses keeps what is known of them.
    if (addresses.join() !== this.asked) void this.load(addresses);
  }

  override render() {
    const { contacts } = this.client;
    return html`<section class="card" aria-label=${t('clients.contacts')}>
      <h2>${t('clients.contacts')}</h2>
      ${this.failure ? html`<p class="failed small" role="alert">${icon('alert', 16)}<span>${t('client.exclusions_failed')} ${this.failure}</span><button class="button small" type="button" @click=${this.again}>${t('retry')}</button></p>` : nothing}
      ${contacts.length > 0 ? html`<ul>${contacts.map((one) => this.contact(one))}</ul>` : html`<p class="none muted">${t('client.no_contacts')}</p>`}
      ${this.lifting ? html`<lift-dialog .suppression=${this.lifting} @done=${this.lifted} @dialog-closed=${this.close}></lift-dialog>` : nothing}
    </section>`;
  }

  private contact({ kind, name, phone, email }: Contact) {
    const shown = name === this.client.name ? nothing : name;
    return html`<li class="contact">
      <p class="who"><span class="pill">${t(`kind.${kind}`)}</span><span class="wrap strong">${shown}</span></p>
      ${phone ? this.address('phone', phone) : nothing} ${email ? this.address('mail', email) : nothing}
      ${phone || email ? nothing : html`<p class="muted">${t('contact.no_address')}</p>`}
    </li>`;
  }

  private address(mark: 'phone' | 'mail', address: string) {
    const found = this.excluded?.get(address);
    return html`<p class="address">${icon(mark, 16)}<span class="num wrap">${address}</span>${found ? this.exclusion(found, address) : nothing}</p>`;
  }

  private exclusion(one: Suppression, address: string) {
    const reason = tOr(`suppressions.reason.${one.reason}`, one.reason);
    const since = `${t('suppressions.since')} ${longDate(one.added_at)}`;
    return html`<span class="pill danger" title=${one.note ? `${since}. ${one.note}` : since}>${t('client.excluded', { reason })}</span>
      ${may('notifier') ? html`<button class="button quiet small" type="button" aria-label=${t('suppressions.lift_one', { address })} @click=${() => this.lift(one)}>${t('suppressions.lift')}</button>` : nothing}`;
  }

  private async load(addresses: string[]): Promise<void> {
    const asked = addresses.join();
    this.asked = asked;
    this.failure = '';
    const company = this.client.company_id;
    try {
      const pages = await Promise.all(addresses.map((address) => getSuppressions({ company, address })));
      if (asked !== this.asked) return;
      const found = pages.map(({ data }, at) => [addresses[at], data[0]] as const);
      this.excluded = new Map(found.filter((pair): pair is [string, Suppression] => pair[1] !== undefined));
    } catch (error) {
      if (asked === this.asked) this.failure = sentence(error);
    }
  }

  private again = (): void => void this.load(addressesOf(this.client));

  private lift(one: Suppression): void {
    this.lifting = one;
  }

  private close = (): void => {
    this.lifting = null;
  };

  private lifted = (): void => {
    this.close();
    toast({ text: t('suppressions.lifted') });
    this.again();
  };
}

/** The different addresses of the client, in the order of the contacts. */
function addressesOf({ contacts }: Client): string[] {
  const all = contacts.flatMap(({ phone, email }) => [phone, email]);
  return [...new Set(all.filter((one) => one !== null))].slice(0, ASKED_MAX);
}
