/** The shell around the pages: navigation, the button to write, toasts, and the dialogs of every page. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { isReachable } from '../api';
import { isToday, number, shortDate, t } from '../i18n';
import type { Key } from '../i18n/es';
import { seenAt } from '../offline/last-seen';
import { newVersion } from '../offline/worker';
import { counts } from '../store/counts';
import { connection } from '../store/inbox-live';
import type { Connection } from '../store/live-stream';
import { letters } from '../store/preferences';
import { may, session } from '../store/session';
import { Watching } from '../store/store';
import { undoLast } from '../store/undo';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import '../ui/empty-state';
import { type Icon, icon } from '../ui/icons';
import '../ui/loading-rows';
import { anyDialogOpen, Modal, modalStyles } from '../ui/modal';
import '../messages/compose-dialog';
import '../messages/new-messages-dialog';
import './app-nav';
import { shellStyles } from './app-shell.styles';
import './create-menu';
import { commandOf } from './keymap';
import { navigate, place } from './router';
import { type Found, findRoute } from './routes';
import './shortcuts-dialog';
import './toast-stack';
import './user-panel';
import { markWindow, plainIcon } from './window-mark';

type Opened = 'none' | 'create' | 'compose' | 'shortcuts' | 'more';
/** A short loss of the stream is not shown; a browser that reports to be offline is. */
const LOST_MS = 2_500;

@customElement('app-shell')
export class AppShell extends LitElement {
  static override styles = [base, modalStyles, avatarStyles, shellStyles];

  @state() private opened: Opened = 'none';
  @state() private shown: Found | null = null;
  /** The address has no page, in contrast to a page that is still loading. */
  @state() private missing = false;
  @state() private failed = false;
  @state() private lost = false;
  @query('main') private main!: HTMLElement;

  private readonly session = new Watching(this, session);
  private readonly counts = new Watching(this, counts);
  private readonly seenAt = new Watching(this, seenAt);
  private readonly newVersion = new Watching(this, newVersion);
  private readonly stops: (() => void)[] = [];
  private lostTimer?: ReturnType<typeof setTimeout>;

  private readonly modal = new Modal(this, () => this.hide());

  override connectedCallback(): void {
    super.connectedCallback();
    this.stops.push(
      place.watch(() => this.open()),
      connection.watch((now) => this.followConnection(now)),
    );
    window.addEventListener('keydown', this.press);
    window.addEventListener('offline', this.network);
    window.addEventListener('online', this.network);
    void this.open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stops.splice(0)) stop();
    window.removeEventListener('keydown', this.press);
    window.removeEventListener('offline', this.network);
    window.removeEventListener('online', this.network);
    clearTimeout(this.lostTimer);
  }

  override updated(changed: PropertyValues): void {
    if (changed.has('shown') || this.shown || this.missing || this.failed) this.nameWindow();
  }

  override render() {
    return html`<section class="skips" aria-label=${t('nav.skip')}><button class="skip" type="button" @click=${this.skip}>${t('nav.skip')}</button></section>
      ${this.rail()}
      <div class="column">
        ${this.topbar()}
        <main id="main" tabindex="-1">${this.page()}</main>
        ${this.standing()}
      </div>
      ${this.bottomBar()} ${this.dialogs()}
      <toast-stack></toast-stack>`;
  }

  /** That the connection is lost, and how old what is shown is; or that a new version waits for the next load. */
  private standing() {
    const seen = this.seenAt.value;
    if (seen) return html`<div class="offline" role="status">${icon('offline', 18)}${ageOf(seen)}</div>`;
    if (this.lost) return html`<div class="offline" role="status">${icon('offline', 18)}${t('offline')}</div>`;
    if (!this.newVersion.value) return nothing;
    return html`<div class="offline" role="status">${t('version.new')}
      <button class="link-button" type="button" @click=${() => location.reload()}>${t('version.use')}</button>
    </div>`;
  }

  private rail() {
    return html`<header class="rail">
      <a class="brand" href="/"><img src=${plainIcon()} alt="" />${t('app.name')}</a>
      ${this.createButton()}
      <app-nav></app-nav>
      <button class="account" type="button" popovertarget="account-menu">
        ${avatar(this.name)}<span class="name">${this.name}</span>${icon('down', 16)}
      </button>
      <div id="account-menu" popover><user-panel @shortcuts=${this.showShortcuts}></user-panel></div>
    </header>`;
  }

  /** On the phone only: on a desk the rail has both, and the page begins at the top. */
  private topbar() {
    return html`<section class="topbar" aria-label=${t('nav.actions')}>
      <a class="brand" href="/"><img src=${plainIcon()} alt="" />${t('app.name')}</a>
      ${this.createButton()}
    </section>`;
  }

  private createButton() {
    if (!may('operator', 'notifier')) return nothing;
    return html`<button class="button primary create" type="button" aria-haspopup="dialog" @click=${() => this.show('create')}>
      ${icon('compose')}<span>${t('create.button')}</span>
    </button>`;
  }

  private page() {
    if (this.failed) return nowhere('offline', 'page.failed', 'page.failed_text', this.retryButton());
    if (this.missing) return nowhere('search', 'page.missing', 'page.missing_text');
    if (!this.shown) return html`<loading-rows></loading-rows>`;
    return this.shown.route.render(this.shown.params);
  }

  private retryButton() {
    return html`<button class="button primary" type="button" @click=${this.tryAgain}>${t('retry')}</button>`;
  }

  private bottomBar() {
    const path = place.get().path;
    const unread = this.counts.value.unread;
    return html`<nav class="bottom" aria-label=${t('nav.short')}>
      ${this.tab('/', 'home', t('home.title'), path === '/')}
      ${this.tab('/mensajes', 'inbox', t('nav.tab.messages'), path.startsWith('/mensajes'), unread)}
      ${may('notifier', 'auditor') ? this.tab('/notificaciones', 'notify', t('nav.tab.notify'), path.startsWith('/notificaciones')) : this.tab('/enviados', 'sent', t('sent.title'), path.startsWith('/enviados'))}
      <button type="button" aria-haspopup="dialog" @click=${() => this.show('more')}>${icon('menu', 22)}${t('nav.more')}</button>
    </nav>`;
  }

  private tab(path: string, name: Icon, label: string, current: boolean, unread = 0) {
    return html`<a href=${path} aria-current=${current ? 'page' : nothing}>
      ${icon(name, 22)}${label}
      ${unread > 0 ? html`<span class="badge num" aria-hidden="true">${number(unread)}</span><span class="hidden">${t('nav.unread', { n: unread })}</span>` : nothing}
    </a>`;
  }

  private dialogs() {
    return html`<create-menu
        ?open=${this.opened === 'create'}
        @dialog-closed=${this.hide}
        @choose=${(e: CustomEvent<string>) => this.choose(e.detail)}
      ></create-menu>
      <compose-dialog ?open=${this.opened === 'compose'} @dialog-closed=${this.hide}></compose-dialog>
      <shortcuts-dialog ?open=${this.opened === 'shortcuts'} @dialog-closed=${this.hide}></shortcuts-dialog>
      <new-messages-dialog></new-messages-dialog>
      ${this.opened === 'more' ? this.moreSheet() : nothing}`;
  }

  private moreSheet() {
    return this.modal.render({
      heading: t('nav.more'),
      content: html`<div class="more-sheet" @click=${this.leaveSheet}>
        <app-nav></app-nav>
        <hr />
        <user-panel @shortcuts=${this.showShortcuts}></user-panel>
      </div>`,
    });
  }

  private get name(): string {
    const now = this.session.value;
    return now.status === 'in' ? now.me.name : '';
  }

  /** Loads the page of the current address, then shows it; the old page stays meanwhile. */
  private async open(): Promise<void> {
    const path = place.get().path;
    const found = findRoute(path);
    try {
      await found?.route.load();
      if (place.get().path !== path) return;
      const moved = this.shown !== null && this.shown.route.title !== found?.route.title;
      this.failed = false;
      this.missing = found === null;
      this.shown = found;
      if (moved) this.arrive();
    } catch {
      if (place.get().path === path) this.failed = true;
    }
  }

  /**
   * Browsers may keep the failure of an import: then only loading everything again helps, once the server answers. Only on
   * request: what is being written would be gone.
   */
  private tryAgain = async (): Promise<void> => {
    const { path } = place.get();
    await this.open();
    if (this.failed && (await isReachable()) && place.get().path === path) location.reload();
  };

  private arrive(): void {
    window.scrollTo(0, 0);
    if (!anyDialogOpen()) this.main.focus();
  }

  private nameWindow(): void {
    const nowhere = this.failed ? 'page.failed' : this.missing ? 'page.missing' : null;
    const name = nowhere ?? this.shown?.route.title;
    const title = name ? `${t(name)} · ${t('app.name')}` : t('app.name');
    markWindow(title, this.counts.value.unread);
  }

  private choose(option: string): void {
    this.show(option === 'compose' ? 'compose' : 'none');
    if (option === 'notify') navigate('/notificaciones/nueva');
    if (option === 'inbox') navigate('/mensajes');
  }

  private show(what: Opened): void {
    this.opened = what;
  }

  private hide = (): void => {
    this.opened = 'none';
  };

  private showShortcuts = (): void => {
    this.renderRoot.querySelector<HTMLElement>('#account-menu')?.hidePopover();
    this.show('shortcuts');
  };

  private leaveSheet(event: Event): void {
    if (event.composedPath().some((node) => node instanceof HTMLAnchorElement)) this.hide();
  }

  private skip(): void {
    this.main.focus();
  }

  private press = (event: KeyboardEvent): void => {
    if (anyDialogOpen()) return;
    const command = commandOf(event, letters.get());
    if (command === 'compose' && may('operator')) this.show('compose');
    else if (command === 'notify' && may('notifier')) navigate('/notificaciones/nueva');
    else if (command === 'help') this.show('shortcuts');
    else if (command === 'undo') void undoLast();
    else return;
    event.preventDefault();
  };

  private network = (): void => {
    if (navigator.onLine) this.followConnection(connection.get());
    else this.sayLost(true);
  };

  private sayLost(lost: boolean): void {
    clearTimeout(this.lostTimer);
    this.lostTimer = undefined;
    const isBack = this.lost && !lost;
    this.lost = lost;
    if (isBack && this.failed) void this.open();
  }

  /** Successive attempts count as one loss, which only an open stream ends. */
  private followConnection(now: Connection): void {
    if (now === 'open') seenAt.set(null);
    if (now === 'open' && navigator.onLine) this.sayLost(false);
    if (now === 'lost' && !this.lost) this.lostTimer ??= setTimeout(() => this.sayLost(true), LOST_MS);
  }
}

function ageOf(at: string): string {
  return isToday(at) ? t('offline.seen_at', { time: shortDate(at) }) : t('offline.seen_on', { date: shortDate(at) });
}

function nowhere(mark: Icon, title: Key, text: Key, action: TemplateResult | typeof nothing = nothing) {
  return html`<div>
    <h1 class="hidden">${t(title)}</h1>
    <empty-state icon=${mark} heading=${t(title)} text=${t(text)}>
      <div class="row wraps ways">${action}<a class="button" href="/">${t('page.home')}</a></div>
    </empty-state>
  </div>`;
}
