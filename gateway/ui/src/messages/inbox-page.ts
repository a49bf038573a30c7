/** «Listado de Mensajes»: everything received, newest first, with the open message beside it. */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { getInbox, type InboxState } from '../api';
import { asText, fromAddress, isText, TEXT_MAX } from '../app/address';
import { commandOf } from '../app/keymap';
import { navigate, type Place, place, replaceQuery } from '../app/router';
import type { InboxItem, InboxPage as Page } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { counts, withCounts } from '../store/counts';
import { onInbox } from '../store/inbox-live';
import { PagedList } from '../store/paged-list';
import { letters } from '../store/preferences';
import { Watching } from '../store/store';
import { toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import { confirmed } from '../ui/confirm-dialog';
import { icon } from '../ui/icons';
import { moreRows, withoutRows } from '../ui/list-frame';
import { anyDialogOpen } from '../ui/modal';
import { deleteMessages, readAll, readMessage, unreadMessage } from './inbox-actions';
import { changedList, onInboxChange } from './inbox-news';
import { inboxStyles } from './inbox-page.styles';
import './inbox-list';
import type { InboxList, ListAct } from './inbox-list';
import type { RowAct } from './inbox-row';
import './message-reader';
import type { MessageReader } from './message-reader';

/** The width at which the styles show one pane at a time. */
const NARROW = '(max-width: 980px)';
/** Debounce of the search, in milliseconds. */
const SEARCH_AFTER_MS = 250;
const FILTERS: [InboxState, 'inbox.all' | 'inbox.unread' | 'inbox.read'][] = [
  ['all', 'inbox.all'],
  ['unread', 'inbox.unread'],
  ['read', 'inbox.read'],
];

@customElement('inbox-page')
export class InboxPage extends LitElement {
  static override styles = [base, inboxStyles];

  /** The id of the open message, from the address. */
  @property() message = '';
  @state() private selected = new Set<string>();
  @state() private filter = filterIn(place.get());
  @state() private search = searchIn(place.get());

  private readonly counts = new Watching(this, counts);
  private readonly address = new Watching(this, place);
  private readonly list = new PagedList<InboxItem, Page>(this, (after) =>
    withCounts(() => getInbox({ state: this.filter, q: this.search.trim(), after })),
  );
  private readonly stops: (() => void)[] = [];
  @query('inbox-list') private rows?: InboxList;
  private timer?: ReturnType<typeof setTimeout>;
  /** The newest message on screen. Newer ones wait until the reader asks for them: no row moves by itself. */
  private shownUpTo = '';
  private shown: InboxItem[] = [];
  /** The items that `shown` was made of. */
  private arranged: InboxItem[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops.push(
      place.watch((now) => this.follow(now)),
      onInboxChange((change) => this.list.change((items) => changedList(items, change))),
      onInbox('message', (item) => this.arrived(item)),
      onInbox('reset', () => void this.list.refresh()),
      onInbox('changed', () => void this.list.refresh()),
    );
    window.addEventListener('keydown', this.press);
    void this.list.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops.splice(0)) stop();
    window.removeEventListener('keydown', this.press);
    clearTimeout(this.timer);
  }

  protected override willUpdate(): void {
    const { items } = this.list;
    const fresh = items.findIndex((item) => item.id <= this.shownUpTo);
    if (fresh <= 0) {
      this.shown = items;
      this.upTo(items);
    } else if (items !== this.arranged) {
      this.shown = items.slice(fresh);
    }
    this.arranged = items;
  }

  /** On a narrow screen the message replaces the list, and the list the message: the focus follows. */
  protected override updated(changed: PropertyValues<this>): void {
    if (!changed.has('message') || changed.get('message') === undefined || !matchMedia(NARROW).matches) return;
    if (this.message) this.renderRoot.querySelector<MessageReader>('message-reader')?.focus();
    else this.rows?.focus();
  }

  override render() {
    return html`<div class="page ${this.message ? 'reading-now' : ''}">
      <div class="page-head">
        <div class="lead"><h1>${t('inbox.title')}</h1><p class="num">${this.totals()}</p></div>
        <div class="tools ${this.selected.size > 0 ? 'choosing' : ''}">
          ${this.filters()}
          <button class="button quiet read-all" type="button" title=${t('inbox.read_all')} ?disabled=${!this.canReadAll} @click=${this.readEverything}>${icon('checks', 18)}<span class="word">${t('inbox.read_all')}</span></button>
          ${this.selected.size > 0 ? this.bulk() : nothing}
        </div>
      </div>
      <div class="panes ${this.message ? 'reading' : ''}">
        <section class="card list" aria-label=${t('inbox.list')}>${withoutRows(this.list, this.empty()) ?? this.messages()}</section>
        ${this.message ? this.reader() : html`<div class="card nothing-open" aria-hidden="true">${icon('mailOpen', 26)}<p>${t('inbox.choose')}</p></div>`}
      </div>
    </div>`;
  }

  /** The position up to which everything was read is known only for the whole list. The button stays: nothing moves. */
  private get canReadAll(): boolean {
    const whole = this.filter === 'all' && !this.search.trim() && this.list.state === 'ready';
    return whole && this.counts.value.unread > 0 && this.list.items.length > 0;
  }

  private totals(): string {
    const { unread, total } = this.counts.value;
    return `${t('inbox.unread_count', { n: unread })} · ${t('inbox.total_count', { n: total })}`;
  }

  private filters() {
    return html`<div class="filters">
      <div class="search">
        ${icon('search', 18)}
        <input class="control" type="search" maxlength=${TEXT_MAX} aria-label=${t('inbox.search')} placeholder=${t('inbox.search')} .value=${this.search} @input=${this.searched} />
      </div>
      <div class="tabs" role="group" aria-label=${t('inbox.filter')}>
        ${FILTERS.map(
          ([value, label]) =>
            html`<button type="button" aria-pressed=${this.filter === value} @click=${() => this.choose(value)}>${t(label)}</button>`,
        )}
      </div>
    </div>`;
  }

  private bulk() {
    const act = (run: (item: InboxItem) => void) => () => this.withSelected((items) => items.forEach(run));
    return html`<div class="bulk" role="toolbar" aria-label=${t('inbox.bulk')}>
      <span class="grow">${t('inbox.selected', { n: this.selected.size })}</span>
      <button class="button quiet small" type="button" @click=${act((item) => void readMessage(item))}>${t('inbox.mark_read')}</button>
      <button class="button quiet small" type="button" @click=${act((item) => void unreadMessage(item))}>${t('inbox.mark_unread')}</button>
      <button class="button quiet small" type="button" @click=${() => this.withSelected((items) => this.discard(...items))}>${t('delete')}</button>
      <button class="icon-button" type="button" aria-label=${t('inbox.unselect')} @click=${() => this.withSelected(() => undefined)}>${icon('close', 16)}</button>
    </div>`;
  }

  private messages() {
    const query = this.address.value.query.toString();
    const fresh = this.list.items.length - this.shown.length;
    return html`${fresh > 0 ? this.freshButton(fresh) : nothing}
      <inbox-list
        .items=${this.shown}
        .selected=${this.selected}
        message=${this.message}
        query=${query && `?${query}`}
        @act=${(e: CustomEvent<ListAct>) => this.act(e.detail.item, e.detail.act)}
        @end-near=${() => this.more()}
      ></inbox-list>
      ${this.list.failure ? moreRows(this.list) : nothing}`;
  }

  private freshButton(n: number) {
    return html`<button class="button primary small fresh" type="button" @click=${this.showFresh}>${t('inbox.fresh', { n })}</button>`;
  }

  private reader() {
    const known = this.list.items.find((item) => item.id === this.message) ?? null;
    return html`<message-reader message=${this.message} .known=${known} @closed=${this.closeReader}></message-reader>`;
  }

  private empty() {
    if (this.search.trim())
      return html`<empty-state icon="search" heading=${t('inbox.none_found')} text=${t('inbox.none_found_text')}></empty-state>`;
    if (this.filter === 'unread')
      return html`<empty-state icon="check" heading=${t('inbox.all_read')} text=${t('inbox.all_read_text')}></empty-state>`;
    return html`<empty-state icon="inbox" heading=${t('inbox.empty')} text=${t('inbox.empty_text')}></empty-state>`;
  }

  private searched(event: Event): void {
    this.search = asText((event.target as HTMLInputElement).value);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again({ q: this.search.trim() }), SEARCH_AFTER_MS);
  }

  private choose(filter: InboxState): void {
    this.filter = filter;
    this.again({ estado: filter === 'all' ? '' : filter });
  }

  /** Links and the browser's buttons lead to other filters of this page. */
  private follow(now: Place): void {
    const [filter, search] = [filterIn(now), searchIn(now)];
    if (!now.path.startsWith('/mensajes') || (filter === this.filter && search === this.search.trim())) return;
    clearTimeout(this.timer);
    this.filter = filter;
    this.search = search;
    this.selected = new Set();
    void this.replace();
  }

  private again(query: Record<string, string>): void {
    this.selected = new Set();
    replaceQuery(query);
    void this.replace();
  }

  /** Another filter begins at its top, with its newest message. */
  private async replace(): Promise<void> {
    await this.list.replace();
    this.showFresh();
  }

  private showFresh = (): void => {
    this.upTo(this.list.items);
    this.rows?.scrollToTop();
    this.requestUpdate();
  };

  /** Never back: the newest message may be deleted, and come again by «Deshacer». */
  private upTo([newest]: InboxItem[]): void {
    if (newest && newest.id > this.shownUpTo) this.shownUpTo = newest.id;
  }

  /** A failure waits for the reader, who sees it below the list. */
  private more(): void {
    if (!this.list.failure) void this.list.more();
  }

  /** A message that does not match the filter stays out of the list. */
  private arrived(item: InboxItem): void {
    if (this.filter === 'read' || this.search.trim()) return;
    this.list.change((items) => changedList(items, { kind: 'restored', item }));
  }

  private readEverything = async (): Promise<void> => {
    const upTo = this.shown.reduce((last, item) => Math.max(last, item.position), 0);
    const agreed = await confirmed({
      heading: t('inbox.read_all_title', { n: counts.get().unread }),
      text: t('inbox.read_all_text'),
      action: t('inbox.read_all'),
    });
    if (!agreed) return;
    try {
      await readAll(upTo);
      await this.list.refresh();
    } catch (error) {
      toastFailure(sentence(error));
    }
  };

  private withSelected(run: (items: InboxItem[]) => void): void {
    run(this.list.items.filter((item) => this.selected.has(item.id)));
    this.selected = new Set();
  }

  private act(item: InboxItem, act: RowAct): void {
    if (act === 'read') void readMessage(item);
    if (act === 'unread') void unreadMessage(item);
    if (act === 'select') this.toggle(item);
    if (act === 'delete') this.discard(item);
  }

  private toggle(item: InboxItem): void {
    const next = new Set(this.selected);
    if (!next.delete(item.id)) next.add(item.id);
    this.selected = next;
  }

  private discard(...items: InboxItem[]): void {
    if (items.some(({ id }) => id === this.message)) this.closeReader();
    void deleteMessages(items);
  }

  private closeReader = (): void => {
    navigate(`/mensajes${location.search}`);
  };

  private press = (event: KeyboardEvent): void => {
    if (anyDialogOpen()) return;
    const command = commandOf(event, letters.get());
    const item = this.rows?.chosen;
    if (command === 'search') this.renderRoot.querySelector<HTMLElement>('.search input')?.focus();
    else if (command === 'next') void this.rows?.move(1);
    else if (command === 'previous') void this.rows?.move(-1);
    else if (item && command && ['select', 'delete', 'read', 'unread'].includes(command))
      this.act(item, command as RowAct);
    else return;
    event.preventDefault();
  };
}

const isFilter = (value: string | null): value is InboxState => FILTERS.some(([filter]) => filter === value);

/** An address typed by hand may name an unknown state. */
function filterIn({ query }: Place): InboxState {
  const asked = query.get('estado');
  return isFilter(asked) ? asked : 'all';
}

const searchIn = (now: Place): string => fromAddress('q', isText, now);
