/** A notification while it goes out and afterwards: progress, causes, recipients, history. */
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import {
  approveNotification,
  cancelNotification,
  getNotification,
  openStream,
  pauseNotification,
  resumeNotification,
  retryNotification,
} from '../api';
import { overLimit } from '../companies/limits';
import type { Approval, Notification, Totals } from '../contract';
import { lineOf } from '../facts';
import { dateIn, duration, money, t } from '../i18n';
import { seenAs } from '../pending/queue';
import { sentence } from '../problem';
import '../providers/halted-notice';
import { LiveStream } from '../store/live-stream';
import { companies, companyName, companyZone, may, me } from '../store/session';
import type { ServerEvent } from '../store/sse';
import { Watching } from '../store/store';
import { toast, toastFailure } from '../store/toasts';
import { base } from '../ui/base';
import { confirmed } from '../ui/confirm-dialog';
import '../ui/empty-state';
import { type Icon, icon } from '../ui/icons';
import '../ui/loading-rows';
import '../ui/segmented-bar';
import { REASONED } from './causes';
import './deliveries-list';
import './failure-causes';
import './history-list';
import { notificationStyles } from './notification-page.styles';
import './reject-dialog';
import './reschedule-dialog';
import './waiting-panel';
import {
  doneOf,
  etaOf,
  isLive,
  isResolving,
  isWaiting,
  mayDecide,
  mayPause,
  mayRetry,
  onlyWaits,
  rateOf,
  type Sample,
  standing,
  withSample,
} from './progress';

/** After the last totals the state is reloaded once no more events come. */
const SETTLE_MS = 500;

@customElement('notification-page')
export class NotificationPage extends LitElement {
  static override styles = [base, notificationStyles];

  /** Names come after the page. */
  protected readonly companies = new Watching(this, companies);
  @property() notification = '';
  @property() tab: 'recipients' | 'history' = 'recipients';
  @state() private shown: Notification | null = null;
  @state() private failure = '';
  @state() private acting = false;
  @state() private asking: 'reject' | 'reschedule' | null = null;
  private samples: Sample[] = [];
  private stream: LiveStream | null = null;
  private timer?: ReturnType<typeof setTimeout>;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stream?.stop();
    clearTimeout(this.timer);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('notification')) void this.start();
  }

  override render() {
    if (this.failure)
      return html`<div class="page"><empty-state icon="alert" heading=${t('notification.missing')} text=${this.failure}></empty-state></div>`;
    const { shown } = this;
    if (!shown)
      return html`<div class="page"><h1 class="hidden">${t('notification.title')}</h1><loading-rows></loading-rows></div>`;
    return html`<div class="page">
      <a class="back" href="/notificaciones">${icon('left', 16)}${t('notifications.title')}</a>
      ${this.head(shown)} ${halted(shown)} ${this.progress(shown)} ${this.tabs(shown)}
      ${this.tab === 'history' ? html`<history-list notification=${shown.id}></history-list>` : this.recipients(shown)}
      ${this.dialog(shown)}
    </div>`;
  }

  private head(shown: Notification) {
    const { text, tone } = standing(shown);
    return html`<div class="page-head">
      <div class="lead">
        <div class="title"><h1>${t(`notification.of.${shown.channel}`, { company: companyName(shown.company_id) })}</h1><span class="pill ${tone}" role="status">${text}</span></div>
        <p>${this.subtitle(shown)}</p>
      </div>
      ${may('notifier') ? this.actions(shown) : nothing}
    </div>`;
  }

  private subtitle(shown: Notification): string {
    const cost = shown.cost ? t('notification.cost', { cost: money(shown.cost) }) : '';
    const at = dateIn(companyZone(shown.company_id), shown.requested_at);
    return [shown.author.name, at, cost].filter(Boolean).join(' · ');
  }

  private actions(shown: Notification) {
    const { failed } = shown.totals;
    const button = (name: Icon, label: string, run: () => void, tone = '') =>
      html`<button class="button ${tone}" type="button" ?disabled=${this.acting} @click=${run}>${icon(name, 18)}${label}</button>`;
    return html`<div class="row wraps">
      ${mayDecide(shown, me()?.id) ? html`${button('check', t('notification.approve'), this.approve, 'primary')}${button('close', t('notification.reject'), () => this.ask('reject'))}` : nothing}
      ${isWaiting(shown) ? button('history', t('notification.reschedule'), () => this.ask('reschedule')) : nothing}
      ${mayPause(shown.state) ? button('pause', t('notification.pause'), this.pause) : nothing}
      ${shown.state === 'paused' ? button('play', t('notification.resume'), this.resume, 'primary') : nothing}
      ${mayRetry(shown) ? html`<button class="button" type="button" ?disabled=${this.acting} @click=${this.retry}>${icon('refresh', 18)}${t('notification.retry', { n: failed })}</button>` : nothing}
      ${isLive(shown.state) ? html`<button class="button danger" type="button" ?disabled=${this.acting} @click=${this.cancel}>${icon('stop', 18)}${t('notification.cancel')}</button>` : nothing}
    </div>`;
  }

  private progress(shown: Notification) {
    return html`<section class="card pad progress" aria-label=${t('notification.progress')}>
      ${this.done(shown)}
    </section>`;
  }

  private done(shown: Notification) {
    if (isWaiting(shown)) return html`<p class="muted">${waits(shown)}</p>`;
    if (isResolving(shown)) return html`<p class="muted">${t('deliveries.resolving')}</p>`;
    return this.counted(shown);
  }

  private dialog(shown: Notification) {
    const done = (text: string) => () => {
      this.ask(null);
      void this.look();
      // A toast is shown over the foremost dialog, and would go with this one.
      void this.updateComplete.then(() => toast({ text }));
    };
    const close = () => this.ask(null);
    if (this.asking === 'reject')
      return html`<reject-dialog .notification=${shown} @done=${done(t('reject.done'))} @dialog-closed=${close}></reject-dialog>`;
    if (this.asking === 'reschedule')
      return html`<reschedule-dialog .notification=${shown} @done=${done(t('reschedule.done'))} @dialog-closed=${close}></reschedule-dialog>`;
    return nothing;
  }

  private ask(what: 'reject' | 'reschedule' | null): void {
    this.asking = what;
  }

  private counted(shown: Notification) {
    const { totals } = shown;
    return html`<div class="top">
        <span class="big num">${totals.total > 0 ? `${Math.floor((doneOf(totals) / totals.total) * 100)} %` : '—'}</span>
        <span class="muted num">${totals.total > 0 ? reached(shown) : standing(shown).text}</span>
        ${isLive(shown.state) ? html`<span class="speed num">${this.speed(totals)}</span>` : nothing}
      </div>
      <segmented-bar .totals=${totals}></segmented-bar>`;
  }

  private speed(totals: Totals): string {
    if (onlyWaits(totals)) return t('notification.waiting', { n: totals.deferred });
    const rate = rateOf(this.samples);
    const eta = etaOf(totals, rate);
    const parts = [
      rate ? t('notification.rate', { rate }) : '',
      eta ? t('notification.eta', { time: duration(eta) }) : '',
    ];
    return parts.filter(Boolean).join(' · ');
  }

  private tabs(shown: Notification) {
    const at = `/notificaciones/${shown.id}`;
    const current = (tab: string) => (this.tab === tab ? 'page' : nothing);
    return html`<nav class="tabs" aria-label=${t('notification.parts')}>
      <a href=${at} aria-current=${current('recipients')}>${t('deliveries.title')}</a>
      <a href="${at}/historial" aria-current=${current('history')}>${t('history.title')}</a>
    </nav>`;
  }

  private recipients(shown: Notification) {
    return html`<div class="columns">
      ${isWaiting(shown) ? html`<waiting-panel .notification=${shown}></waiting-panel>` : html`<deliveries-list notification=${shown.id} ?resolving=${isResolving(shown)} .totals=${shown.totals}></deliveries-list>`}
      <div class="side">
        ${REASONED.some((outcome) => shown.totals[outcome] > 0) ? html`<failure-causes notification=${shown.id} .totals=${shown.totals}></failure-causes>` : nothing}
        ${this.facts(shown)}
      </div>
    </div>`;
  }

  private facts(shown: Notification) {
    return html`<section class="card pad" aria-label=${t(isWaiting(shown) ? 'notification.written' : 'notification.content')}>
      <dl class="facts">
        <dt>${t('send.channel')}</dt><dd>${t(`channel.${shown.channel}`)}</dd>
        <dt>${t('send.recipient_kind')}</dt><dd>${t(`kind.${shown.recipient_kind}`)}</dd>
        <dt>${t('send.category')}</dt><dd>${t(`category.${shown.category}`)}</dd>
        ${shown.filter ? html`<dt>${t('only.title')}</dt><dd>${lineOf(shown.filter)}</dd>` : nothing}
        ${shown.send_at ? html`<dt>${t('notification.send_at')}</dt><dd>${dateIn(companyZone(shown.company_id), shown.send_at)}</dd>` : nothing}
        ${shown.expires_at ? html`<dt>${t('notification.expires')}</dt><dd>${dateIn(companyZone(shown.company_id), shown.expires_at)}</dd>` : nothing}
        ${
          shown.approval
            ? html`<dt>${t('notification.approval')}</dt><dd>${decision(shown.approval, companyZone(shown.company_id))}</dd>
          <dt>${t('notification.approval_people')}</dt><dd>${t('notification.approval_of', { n: shown.approval.people, above: shown.approval.above })}</dd>`
            : nothing
        }
        ${shown.approval?.reason ? html`<dt>${t('reason.label')}</dt><dd class="verbatim">${shown.approval.reason}</dd>` : nothing}
      </dl>
      <div class="text" tabindex="0">
        ${shown.subject ? html`<p class="strong wrap">${shown.subject}</p>` : nothing}
        <p class="verbatim">${shown.body}</p>
      </div>
    </section>`;
  }

  /** Subscribe before you look: no event between the two is lost. */
  private async start(): Promise<void> {
    this.stream?.stop();
    this.samples = [];
    this.shown = null;
    this.failure = '';
    const id = this.notification;
    this.stream = new LiveStream((last, signal) => openStream(`/notifications/${id}/stream`, last, signal), {
      event: (event) => this.hear(id, event),
      connection: () => undefined,
    });
    void this.stream.run();
    await this.look();
  }

  private async look(): Promise<Notification | null> {
    const id = this.notification;
    try {
      const shown = await getNotification(id);
      seenAs(shown);
      if (id === this.notification) this.take(shown);
      return shown;
    } catch (error) {
      if (id === this.notification && !this.shown) this.failure = sentence(error);
      return null;
    }
  }

  private take(shown: Notification): void {
    this.shown = shown;
    this.samples = withSample(this.samples, { at_ms: performance.now(), done: doneOf(shown.totals) });
  }

  private hear(id: string, event: ServerEvent): void {
    if (id !== this.notification) return;
    if (event.event === 'totals' && this.shown) {
      const { state, totals } = JSON.parse(event.data) as Pick<Notification, 'state' | 'totals'>;
      this.take({ ...this.shown, state, totals });
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), SETTLE_MS);
  }

  private retry = async (): Promise<void> => {
    const n = this.shown?.totals.failed ?? 0;
    const question = {
      heading: t('retry.heading'),
      text: t('retry.text', { n }),
      action: t('notification.retry', { n }),
    };
    if (await confirmed(question)) await this.act(retryNotification, () => t('retry.done'));
  };

  private pause = (): Promise<void> =>
    this.act(pauseNotification, ({ state }) => t(state === 'paused' ? 'pause.done' : 'pause.finished'));

  private resume = (): Promise<void> => this.act(resumeNotification, () => t('resume.done'));

  private approve = async (): Promise<void> => {
    const question = {
      heading: t('approve.heading'),
      text: t('approve.text'),
      action: t('notification.approve'),
      dismiss: t('back'),
    };
    if (await confirmed(question)) await this.act(approveNotification, () => t('approve.done'));
  };

  private cancel = async (): Promise<void> => {
    const question = {
      heading: t('cancel.heading'),
      text: this.shown && isWaiting(this.shown) ? t('cancel.text_waiting') : t('cancel.text'),
      action: t('notification.cancel'),
      dismiss: t('back'),
      danger: true,
    };
    if (await confirmed(question)) await this.act(cancelNotification, cancelled);
  };

  /** Announces the result only after the new state was loaded. */
  private async act(run: (id: string) => Promise<unknown>, done: (after: Notification) => string): Promise<void> {
    this.acting = true;
    try {
      await run(this.notification);
      const after = await this.look();
      if (after) toast({ text: done(after) });
    } catch (error) {
      toastFailure(sentence(error));
    } finally {
      this.acting = false;
    }
  }
}

/** Nothing is sent while all providers of its channel are paused. */
const halted = ({ state, channel }: Notification) =>
  may('notifier') && isLive(state) ? html`<halted-notice channel=${channel}></halted-notice>` : nothing;

/** Why nothing is sent yet. */
function waits({ state, send_at, company_id, over_limit, approval }: Notification): string {
  if (over_limit) return t('notification.over_limit', { why: overLimit(over_limit) });
  if (state === 'awaiting_approval') {
    const { people, above } = approval ?? { people: 0, above: 0 };
    const at = send_at ? t('notification.due', { at: dateIn(companyZone(company_id), send_at) }) : '';
    return [t('notification.awaits_approval', { n: people, above }), at].filter(Boolean).join(' ');
  }
  if (!send_at) return t('notification.begins');
  const key = state === 'paused' ? 'notification.begins_paused' : 'notification.begins_at';
  return t(key, { at: dateIn(companyZone(company_id), send_at) });
}

function decision({ state, by, at }: Approval, zone: string): string {
  return [t(`approval.${state}`), by?.name, at ? dateIn(zone, at) : ''].filter(Boolean).join(' · ');
}

function reached({ state, totals }: Notification): string {
  const key = state === 'cancelled' ? 'notification.done_before_cancel' : 'notification.done_of';
  return t(key, { done: doneOf(totals), n: totals.total });
}

/** Cancelling a completed notification is no error. */
const cancelled = ({ state }: Notification): string =>
  state === 'completed' ? t('cancel.finished') : t('cancel.done');
