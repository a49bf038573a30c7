/** «Auditoría»: who did what, when, about what, with which result. The filters are in the address. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { type AuditFilters, getAudit } from '../api';
import { place, replaceQuery } from '../app/router';
import type { AuditEntry, User } from '../contract';
import { lineOf } from '../facts';
import { number, t, tOr } from '../i18n';
import { readUsers } from '../messages/directory';
import '../messages/receipts-dialog';
import '../notifications/delivery-dialog';
import { PagedList } from '../store/paged-list';
import { companies } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { selectField, textField } from '../ui/field';
import { listFrame } from '../ui/list-frame';
import { whenExactly } from '../ui/when';
import { EVENT_TYPES } from './event-types';

/** Filter of the request by its name in the address. */
const NAMES = {
  actor: 'autor',
  company: 'empresa',
  type: 'tipo',
  subject: 'asunto',
  from: 'desde',
  to: 'hasta',
} as const;
type Name = keyof typeof NAMES;
/** A row whose recipients are looked at. */
interface Opened {
  kind: string;
  id: string;
}
/** Time to finish typing before asking. */
const ASK_AFTER_MS = 300;

@customElement('audit-page')
export class AuditPage extends LitElement {
  static override styles = [
    base,
    css`
      .page { max-width: 1240px; }
      .filters { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: var(--s3); margin-bottom: var(--s4); }
      input[type="date"] { min-width: 0; }
      @media (max-width: 720px) { .filters { grid-template-columns: repeat(2, minmax(0, 1fr)); } input[type="date"] { padding: 8px; } }
      td a, td .link-button { display: inline-block; min-height: 24px; }
      .what { font-weight: 550; }
      td.summary { max-width: 420px; overflow-wrap: anywhere; }
      .clear { margin-bottom: var(--s4); }
    `,
  ];

  @state() private filters: Record<Name, string> = fromAddress();
  @state() private opened: Opened | null = null;
  /** Also those who have left: what they did stays theirs. */
  @state() private people: User[] = [];
  private readonly companies = new Watching(this, companies);
  private readonly list = new PagedList<AuditEntry>(this, (after) => getAudit({ ...requested(this.filters), after }));
  private timer?: ReturnType<typeof setTimeout>;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
    void this.readPeople();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  override render() {
    return html`<div class="page">
      <div class="page-head"><div class="lead"><h1>${t('audit.title')}</h1><p>${t('audit.lead')}</p></div></div>
      ${this.fields()}
      <section class="card" aria-label=${t('audit.title')}>${listFrame(this.list, this.empty(), () => this.table())}</section>
      ${this.opened ? this.dialog(this.opened) : nothing}
    </div>`;
  }

  private async readPeople(): Promise<void> {
    // The other filters work without.
    const nobody = () => ({ users: [] });
    const [here, gone] = await Promise.all([readUsers().catch(nobody), readUsers('false').catch(nobody)]);
    this.people = [...here.users, ...gone.users];
  }

  private fields() {
    const { filters, people } = this;
    const all = (label: string) => ({ value: '', label });
    return html`<div class="filters">
        ${selectField({ name: 'actor', label: t('audit.actor'), value: filters.actor, options: [all(t('filter.everybody')), ...actorOptions(people, filters.actor)], onInput: (actor) => this.filter({ actor }) })}
        ${selectField({ name: 'company', label: t('send.company'), value: filters.company, options: [all(t('filter.all_companies')), ...this.companies.value.map((c) => ({ value: c.id, label: c.name }))], onInput: (company) => this.filter({ company }) })}
        ${selectField({ name: 'type', label: t('audit.type'), value: filters.type, options: [all(t('filter.all_types')), ...typeOptions(filters.type)], onInput: (type) => this.filter({ type }) })}
        ${textField({ name: 'subject', label: t('audit.subject'), value: filters.subject, placeholder: t('audit.subject_hint'), onInput: (subject) => this.filter({ subject: subject.trim() }) })}
        ${textField({ name: 'from', label: t('audit.from'), type: 'date', value: filters.from, onInput: (from) => this.filter({ from }) })}
        ${textField({ name: 'to', label: t('audit.to'), type: 'date', value: filters.to, onInput: (to) => this.filter({ to }) })}
      </div>
      ${Object.values(filters).some(Boolean) ? html`<p class="clear"><button class="link-button" type="button" @click=${this.clear}>${t('filter.clear')}</button></p>` : nothing}`;
  }

  private table() {
    return html`<div class="table-scroll"><table class="cards">
      <caption class="hidden">${t('audit.title')}</caption>
      <thead><tr><th>${t('audit.when')}</th><th>${t('audit.actor')}</th><th>${t('audit.what')}</th><th>${t('audit.subject')}</th><th>${t('audit.result')}</th><th class="right">${t('audit.position')}</th></tr></thead>
      <tbody>${repeat(
        this.list.items,
        (entry) => entry.position,
        (entry) => this.row(entry),
      )}</tbody>
    </table></div>`;
  }

  private row(entry: AuditEntry) {
    const summary = lineOf(entry.summary);
    return html`<tr>
      <td data-label=${t('audit.when')}>${whenExactly(entry.at)}</td>
      <td data-label=${t('audit.actor')}>${entry.actor?.name ?? t('history.system')}</td>
      <td class="summary" data-label=${t('audit.what')}><div><span class="what">${tOr(`event.${entry.type}`, entry.type)}</span>${summary ? html`<br /><span class="muted">${summary}</span>` : nothing}</div></td>
      <td data-label=${t('audit.subject')}>${this.subject(entry)}</td>
      <td data-label=${t('audit.result')}>${resultOf(entry)}</td>
      <td class="right num muted" data-label=${t('audit.position')}>${number(entry.position)}</td>
    </tr>`;
  }

  private subject(entry: AuditEntry) {
    const { subject } = entry;
    const kind = subject.type.toLowerCase();
    const name = tOr(`subject.${kind}`, subject.type);
    const about = notificationOf(entry);
    const shown = about ? html`<a href="/notificaciones/${about}">${name}</a>` : name;
    const called = this.calledHere(kind, subject.id);
    return html`<div>${shown}${this.more(kind, subject.id)}<br /><button class=${called ? 'link-button small' : 'link-button small mono'} type="button" title=${subject.id} aria-label=${t('audit.only_subject', { id: called || subject.id })} @click=${() => this.filter({ subject: subject.id })}>${called || subject.id.slice(-12)}</button></div>`;
  }

  /** The name of a user or a company; the audit itself has no names. */
  private calledHere(kind: string, id: string): string {
    if (kind === 'user') return this.people.find((one) => one.id === id)?.name ?? '';
    if (kind === 'company') return this.companies.value.find((one) => one.id === id)?.name ?? '';
    return '';
  }

  /** To whom it went. Nothing of that is in the audit itself: it is asked for, and may be erased by now. */
  private more(kind: string, id: string) {
    const label = kind === 'delivery' ? t('audit.to_whom') : kind === 'message' ? t('audit.receipts') : '';
    if (!label) return nothing;
    return html`<br /><button class="link-button small" type="button" aria-haspopup="dialog" @click=${() => this.show({ kind, id })}>${label}</button>`;
  }

  private dialog({ kind, id }: Opened) {
    return kind === 'delivery'
      ? html`<delivery-dialog delivery=${id} @dialog-closed=${() => this.show(null)}></delivery-dialog>`
      : html`<receipts-dialog message=${id} @dialog-closed=${() => this.show(null)}></receipts-dialog>`;
  }

  private show(what: Opened | null): void {
    this.opened = what;
  }

  private empty() {
    return html`<empty-state icon="audit" heading=${t('audit.empty')} text=${t('filter.none_text')}></empty-state>`;
  }

  private filter(change: Partial<Record<Name, string>>): void {
    this.filters = { ...this.filters, ...change };
    replaceQuery(Object.fromEntries(Object.entries(NAMES).map(([name, shown]) => [shown, this.filters[name as Name]])));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.list.replace(), ASK_AFTER_MS);
  }

  private clear = (): void => this.filter({ actor: '', company: '', type: '', subject: '', from: '', to: '' });
}

/** The notification that an entry is about, itself or by one of its deliveries. */
function notificationOf({ subject, summary }: AuditEntry): string {
  if (subject.type.toLowerCase() === 'notification') return subject.id;
  return typeof summary.notification === 'string' ? summary.notification : '';
}

/** «SMS · Enviado». */
function resultOf({ channel, result }: AuditEntry): string {
  const words = [channel && tOr(`channel.${channel}`, channel), tOr(`outcome.${result}`, result)];
  return words.filter(Boolean).join(' · ');
}

function fromAddress(): Record<Name, string> {
  const { query } = place.get();
  return Object.fromEntries(Object.entries(NAMES).map(([name, shown]) => [name, query.get(shown) ?? ''])) as Record<
    Name,
    string
  >;
}

const nameOf = ({ name, active }: User): string => (active ? name : `${name} (${t('users.inactive')})`);

/** A filter from the address is shown though nobody here has that id. */
function actorOptions(people: User[], current: string) {
  const options = people.map((one) => ({ value: one.id, label: nameOf(one) }));
  const isKnown = !current || people.some(({ id }) => id === current);
  return isKnown ? options : [...options, { value: current, label: current }];
}

/** Days are whole, in the reader's zone; the server leaves out what `to` itself names. */
function requested(filters: Record<Name, string>): AuditFilters {
  const { from, to, ...rest } = filters;
  return { ...rest, from: beginning(from, 0), to: beginning(to, 1) };
}

/** Of a day, or of the one so many days after it; what the address has and is no day filters nothing. */
function beginning(day: string, after: number): string {
  const begins = new Date(`${day}T00:00:00`);
  // The 30th of February would be taken for a day of March.
  if (begins.getDate() !== Number(day.slice(-2))) return '';
  begins.setDate(begins.getDate() + after);
  return begins.toISOString();
}

function typeOptions(current: string) {
  const types = EVENT_TYPES.includes(current) || !current ? EVENT_TYPES : [...EVENT_TYPES, current];
  return types
    .map((type) => ({ value: type, label: tOr(`event.${type}`, type) }))
    .sort((a, b) => a.label.localeCompare(b.label));
}
