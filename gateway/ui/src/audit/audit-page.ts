/** «Auditoría»: who did what, when, about what, with which result. The filters are in the address. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { type AuditFilters, getAudit } from '../api';
import { asText, FIRST_DAY, fromAddress, isDay, isId, isText, LAST_DAY, startOfDay, TEXT_MAX } from '../app/address';
import { replaceQuery } from '../app/router';
import '../clients/client-view-dialog';
import type { AuditEntry, User } from '../contract';
import { lineOf } from '../facts';
import { number, t, tOr } from '../i18n';
import { readUsers } from '../messages/directory';
import '../messages/receipts-dialog';
import '../notifications/delivery-dialog';
import { PagedList } from '../store/paged-list';
import { density } from '../store/preferences';
import { companies } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { type Option, selectField, textField, withChosen } from '../ui/field';
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
  all: 'todo',
} as const;
type Name = keyof typeof NAMES;
const NAMED = Object.entries(NAMES) as [Name, string][];
const FITS: Record<Name, (value: string) => boolean> = {
  actor: isId,
  company: isId,
  type: isText,
  subject: isText,
  from: isDay,
  to: isDay,
  all: (value) => value === ALL,
};
/** The value in the address that also shows messages seen and outcomes of deliveries. */
const ALL = '1';
/** A row with its details open. */
interface Opened {
  kind: string;
  id: string;
}
/** Debounce of typed filters, in milliseconds. */
const ASK_AFTER_MS = 300;
/** A whole id is too wide for a row: its last digits identify it. */
const ID_END = 12;
/** The id of a delivery, which is computed: a UUID of version 8. */
const DELIVERY_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** The link to the details of a row, by the type of its subject. */
const MORE = { delivery: 'audit.to_whom', client: 'audit.to_whom', message: 'audit.receipts' } as const;

@customElement('audit-page')
export class AuditPage extends LitElement {
  static override styles = [
    base,
    css`
      .page { max-width: 1680px; }
      .filters { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: var(--s3); margin-bottom: var(--head-gap); }
      input[type="date"] { min-width: 0; }
      @media (max-width: 1100px) { .filters { grid-template-columns: repeat(3, minmax(0, 1fr)); } }
      @media (max-width: 720px) { .filters { grid-template-columns: repeat(2, minmax(0, 1fr)); } input[type="date"] { padding: 8px; } }
      td a, td .link-button { display: inline-block; min-height: 24px; }
      .when { white-space: nowrap; }
      @media print { .facts { display: block; overflow: visible; } .all { display: none; } }
      .what { font-weight: 550; }
      td.summary { max-width: 560px; overflow-wrap: anywhere; }
      .facts { display: -webkit-box; -webkit-line-clamp: 3; -webkit-box-orient: vertical; overflow: hidden; color: var(--ink-3); }
      td.named { min-width: 130px; overflow-wrap: anywhere; }
      .about { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 var(--s3); }
      .all { display: flex; align-items: center; gap: var(--s2); min-height: 24px; font-size: var(--text-s); }
      /* One line an entry: what does not fit is a click away, in the subject's own page or dialog. */
      @media (min-width: 721px) {
        .dense td { height: 34px; max-width: 0; padding-block: 0; vertical-align: middle; white-space: nowrap; }
        .dense td > :first-child, .dense td.named { overflow: hidden; text-overflow: ellipsis; }
        .dense td.summary > div { display: flex; gap: var(--s3); }
        .dense .what { flex: none; }
        .dense .facts { display: block; min-width: 0; text-overflow: ellipsis; }
        .dense .about { flex-wrap: nowrap; }
        .dense .about > * { flex: none; }
        .dense th:nth-child(1) { width: 128px; }
        .dense th:nth-child(2) { width: 15%; }
        .dense th:nth-child(4) { width: 264px; }
        .dense th:nth-child(5) { width: 116px; }
        .dense th:nth-child(6) { width: 76px; }
        .dense-fields .hint { display: none; }
      }
    `,
  ];

  @state() private filters = filtersInAddress();
  /** An incomplete date is no error. */
  @state() private typing = false;
  @state() private opened: Opened | null = null;
  /** Former users too: their entries remain. */
  @state() private people: User[] = [];
  private readonly companies = new Watching(this, companies);
  private readonly density = new Watching(this, density);
  private readonly list = new PagedList<AuditEntry>(this, (after) => this.read(after));
  /** Every subject shown since the page was opened: rows disappear while the end of an id is typed. */
  private readonly subjects = new Set<string>();
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
      <div class="page-head">
        <div class="lead"><h1>${t('audit.title')}</h1><p>${t('audit.lead')}</p></div>
        ${Object.values(this.filters).some(Boolean) ? html`<button class="link-button small" type="button" @click=${this.clear}>${t('filter.clear')}</button>` : nothing}
        <label class="all"><input type="checkbox" name="all" .checked=${this.filters.all === ALL} @change=${this.showAll} /> ${t('audit.all')}</label>
      </div>
      ${this.fields()}
      <section class="card" aria-label=${t('audit.title')}>${listFrame(this.list, this.empty(), () => this.table())}</section>
      ${this.opened ? this.dialog(this.opened) : nothing}
    </div>`;
  }

  private get isDense(): boolean {
    return this.density.value === 'compact';
  }

  private async read(after?: string) {
    const page = await getAudit({ ...requested(this.filters), after });
    for (const { subject } of page.data) this.subjects.add(subject.id);
    return page;
  }

  private async readPeople(): Promise<void> {
    // The other filters work without it.
    const nobody = () => ({ users: [] });
    const [here, gone] = await Promise.all([readUsers().catch(nobody), readUsers('false').catch(nobody)]);
    this.people = [...here.users, ...gone.users];
  }

  private fields() {
    const { filters, people } = this;
    const all = (label: string) => ({ value: '', label });
    const here = this.companies.value.map((c) => ({ value: c.id, label: c.name }));
    return html`<div class="filters ${this.isDense ? 'dense-fields' : ''}">
        ${selectField({ name: 'actor', label: t('audit.actor'), value: filters.actor, options: [all(t('filter.everybody')), ...withChosen(people.map(personOption), filters.actor)], onInput: (actor) => this.filter({ actor }) })}
        ${selectField({ name: 'company', label: t('send.company'), value: filters.company, options: [all(t('filter.all_companies')), ...withChosen(here, filters.company)], onInput: (company) => this.filter({ company }) })}
        ${selectField({ name: 'type', label: t('audit.type'), value: filters.type, options: [all(t('filter.all_types')), ...typeOptions(filters.type)], onInput: (type) => this.filter({ type }) })}
        ${textField({ name: 'subject', label: t('audit.subject'), value: filters.subject, hint: t('audit.subject_hint', { n: ID_END }), maxlength: TEXT_MAX, onInput: (subject) => this.filter({ subject: this.wholeId(asText(subject).trim()) }) })}
        ${this.day('from', t('audit.from'))} ${this.day('to', t('audit.to'))}
      </div>`;
  }

  private showAll = (event: Event): void => {
    this.filter({ all: (event.target as HTMLInputElement).checked ? ALL : '' });
  };

  private day(name: 'from' | 'to', label: string) {
    const value = this.filters[name];
    const years = { first: FIRST_DAY.slice(0, 4), last: LAST_DAY.slice(0, 4) };
    const error = value && !this.typing && !isDay(value) ? t('audit.no_day', years) : '';
    const onInput = (day: string) => this.filter({ [name]: day });
    return textField({ name, label, type: 'date', value, error, min: FIRST_DAY, max: LAST_DAY, onInput });
  }

  private table() {
    return html`<div class="table-scroll"><table class="cards ${this.isDense ? 'dense' : ''}">
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
      <td class="when" data-label=${t('audit.when')}>${whenExactly(entry.at)}</td>
      <td class="named" data-label=${t('audit.actor')}>${entry.actor?.name ?? t('history.system')}</td>
      <td class="summary" data-label=${t('audit.what')}><div><span class="what">${tOr(`event.${entry.type}`, entry.type)}</span>${summary ? html` <span class="facts" title=${summary}>${summary}</span>` : nothing}</div></td>
      <td class="named" data-label=${t('audit.subject')}>${this.subject(entry)}</td>
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
    return html`<div class="about"><span>${shown}</span>${this.more(kind, subject.id)}${this.asked()}<button class=${called ? 'link-button small' : 'link-button small mono'} type="button" title=${subject.id} aria-label=${t('audit.only_subject', { id: called || subject.id })} @click=${() => this.filter({ subject: subject.id })}>${called || endOf(subject.id)}</button></div>`;
  }

  /** The name of a user or a company; the audit itself has no names. */
  private calledHere(kind: string, id: string): string {
    if (kind === 'user') return this.people.find((one) => one.id === id)?.name ?? '';
    if (kind === 'company') return this.companies.value.find((one) => one.id === id)?.name ?? '';
    return '';
  }

  /** The names of the people. The audit itself has none: names are loaded separately, and may be erased by now. */
  private more(kind: string, id: string) {
    const label = kind in MORE ? t(MORE[kind as keyof typeof MORE]) : '';
    if (!label) return nothing;
    return html`<button class="link-button small" type="button" aria-haspopup="dialog" @click=${() => this.show({ kind, id })}>${label}</button>`;
  }

  /** An entry about many deliveries names none of them; a filter by one delivery links to that one. */
  private asked() {
    const { subject } = this.filters;
    return DELIVERY_ID.test(subject) ? this.more('delivery', subject) : nothing;
  }

  private dialog({ kind, id }: Opened) {
    const close = () => this.show(null);
    if (kind === 'delivery') return html`<delivery-dialog record=${id} @dialog-closed=${close}></delivery-dialog>`;
    if (kind === 'client') return html`<client-view-dialog record=${id} @dialog-closed=${close}></client-view-dialog>`;
    return html`<receipts-dialog message=${id} @dialog-closed=${close}></receipts-dialog>`;
  }

  private show(what: Opened | null): void {
    this.opened = what;
  }

  private empty() {
    const text = isEnd(this.filters.subject) ? t('audit.subject_unknown', { n: ID_END }) : t('filter.none_text');
    return html`<empty-state icon="audit" heading=${t('audit.empty')} text=${text}></empty-state>`;
  }

  /** The id that a shortened id of a row stands for; other text is unchanged. */
  private wholeId(typed: string): string {
    const ids = [...this.subjects].filter((id) => endOf(id) === typed);
    return ids.length === 1 ? (ids[0] as string) : typed;
  }

  private filter(change: Partial<Record<Name, string>>): void {
    this.filters = { ...this.filters, ...change };
    this.typing = true;
    replaceQuery(Object.fromEntries(NAMED.map(([name, shown]) => [shown, this.filters[name]])));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), ASK_AFTER_MS);
  }

  private ask(): void {
    this.typing = false;
    void this.list.replace();
  }

  private clear = (): void => this.filter({ actor: '', company: '', type: '', subject: '', from: '', to: '', all: '' });
}

/** Whether a text is the shortened id of a row, and not a whole id. */
const isEnd = (subject: string): boolean => new RegExp(`^[0-9a-f]{${ID_END}}$`, 'i').test(subject);

/** The notification of an entry. */
const notificationOf = ({ subject }: AuditEntry): string =>
  subject.type.toLowerCase() === 'notification' ? subject.id : '';

/** «SMS · Enviado». */
function resultOf({ channel, result }: AuditEntry): string {
  const words = [channel && tOr(`channel.${channel}`, channel), tOr(`outcome.${result}`, result)];
  return words.filter(Boolean).join(' · ');
}

const endOf = (id: string): string => id.slice(-ID_END);

function filtersInAddress(): Record<Name, string> {
  const found = NAMED.map(([name, shown]) => [name, fromAddress(shown, FITS[name])]);
  return Object.fromEntries(found) as Record<Name, string>;
}

const personOption = ({ id, name, active }: User): Option => ({
  value: id,
  label: active ? name : `${name} (${t('users.inactive')})`,
});

/**
 * Days are whole, in the reader's zone; the server leaves out what `to` itself names. Deeds are shown unless more is
 * asked for, by the box, a type or a subject.
 */
function requested(filters: Record<Name, string>): AuditFilters {
  const { from, to, all, ...rest } = filters;
  const isAsked = all || rest.type || rest.subject;
  return { ...rest, hide: isAsked ? '' : 'receipts', from: startOfDay(from, 0), to: startOfDay(to, 1) };
}

function typeOptions(chosen: string): Option[] {
  const types = EVENT_TYPES.map((type) => ({ value: type, label: tOr(`event.${type}`, type) }));
  const all = withChosen(types, chosen, tOr(`event.${chosen}`, chosen));
  return all.sort((a, b) => a.label.localeCompare(b.label));
}
