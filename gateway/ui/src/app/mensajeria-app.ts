/** The whole app: the login, or the shell for a logged-in user. */
import { html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { t } from '../i18n';
import { followQueue } from '../pending/queue';
import { followReminders } from '../pending/reminder';
import { forgetCounts } from '../store/counts';
import { listenToInbox, stopListening, streamBegun } from '../store/inbox-live';
import { startDensity, startPace } from '../store/preferences';
import { enter, type Session, session } from '../store/session';
import { Watching } from '../store/store';
import { forgetToasts } from '../store/toasts';
import { forgetSteps } from '../store/undo';
import { base } from '../ui/base';
import '../ui/empty-state';
import '../ui/loading-rows';
import './app-shell';
import './login-dialog';
import './login-page';
import { place } from './router';
import { findRoute } from './routes';

@customElement('mensajeria-app')
export class MensajeriaApp extends LitElement {
  static override styles = [base];

  private readonly session = new Watching(this, session);
  private user: string | null = null;
  /** The stream of the user's inbox has begun: the pages ask for what they show after it, and so only once. */
  @state() private ready = false;
  /** The user whose session is open: an expired one has no stream. */
  private live: string | null = null;
  private stop?: () => void;
  /** Ends what belongs to the user. */
  private readonly leaves: (() => void)[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.stop = session.watch((now) => this.followUser(now));
    this.followUser(session.get());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stop?.();
    for (const leave of this.leaves.splice(0)) leave();
    stopListening();
  }

  override render() {
    const now = this.session.value;
    if (now.status === 'unknown') return html`<loading-rows></loading-rows>`;
    if (now.status === 'unreachable') return this.unreachable();
    if (now.status === 'out') return html`<login-page></login-page>`;
    if (!this.ready) return nothing;
    return html`<app-shell></app-shell>${now.expired ? html`<login-dialog></login-dialog>` : nothing}`;
  }

  private unreachable() {
    return html`<main><empty-state icon="offline" heading=${t('unreachable.title')} text=${t('unreachable.text')}>
      <button class="button primary" type="button" @click=${() => enter()}>${t('retry')}</button>
    </empty-state></main>`;
  }

  /** The live stream belongs to a session: another session, of this user or of another, gets another stream. */
  private followUser(now: Session): void {
    const user = now.status === 'in' ? now.me.id : null;
    const live = now.status === 'in' && !now.expired ? user : null;
    if (live !== this.live) this.followStream(live);
    if (user === this.user) return;
    this.user = user;
    this.ready = false;
    for (const leave of this.leaves.splice(0)) leave();
    if (user) {
      startDensity(user);
      startPace(user);
      this.leaves.push(followQueue(), followReminders(user));
      void this.prepare(user);
      return;
    }
    forgetSteps();
    forgetToasts();
    forgetCounts();
  }

  /** The page's file comes while the stream begins; if it cannot, the shell says so. */
  private async prepare(user: string): Promise<void> {
    const page = findRoute(place.get().path)?.route.load();
    await Promise.allSettled([streamBegun(), page]);
    if (this.user === user) this.ready = true;
  }

  private followStream(live: string | null): void {
    this.live = live;
    if (live) listenToInbox(live);
    else stopListening();
  }
}
