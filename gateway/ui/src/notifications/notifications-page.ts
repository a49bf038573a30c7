/** «Notificaciones»: the notifications to clients, newest first, each with its progress. */
import { css, html, LitElement, nothing } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { getNotifications } from '../api';
import { fromAddress, isId } from '../app/address';
import { replaceQuery } from '../app/router';
import { CHANNEL } from '../channels';
import type { Notification } from '../contract';
import { t } from '../i18n';
import { PagedList } from '../store/paged-list';
import { companies, companyName, may } from '../store/session';
import { Watching } from '../store/store';
import { base } from '../ui/base';
import { selectField, withChosen } from '../ui/field';
import { icon } from '../ui/icons';
import { listFrame } from '../ui/list-frame';
import '../ui/segmented-bar';
import { when } from '../ui/when';
import { isLive, standing } from './progress';
import { titleOf } from './title';

/** How often the list is reloaded while a notification is running. */
const REFRESH_MS = 3_000;
const STATES = ['awaiting_approval', 'scheduled', 'resolving', 'running', 'paused', 'completed', 'cancelled'] as const;
const isState = (value: string): boolean => STATES.some((state) => state === value);

@customElement('notifications-page')
export class NotificationsPage extends LitElement {
  static override styles = [
    base,
    css`
      a.row-link { display: grid; grid-template-columns: auto minmax(0, 1fr) minmax(200px, 300px); gap: 4px var(--s4); align-items: center; padding: var(--s4) var(--s5); border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; }
      li:last-child a.row-link { border-bottom: 0; }
      a.row-link:hover { background: var(--surface-2); }
      a.row-link:focus-visible { outline-offset: -3px; }
      .mark { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 13px; background: var(--surface-3); color: var(--ink-2); }
      .text { display: grid; grid-template-columns: minmax(0, 1fr); }
      .what, .company { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .what { font-weight: 550; }
      .company { display: inline-block; max-width: 100%; vertical-align: bottom; }
      .progress { display: grid; grid-template-columns: minmax(0, 1fr); gap: 6px; min-width: 0; justify-items: end; }
      .progress segmented-bar { width: 100%; }
      .outcome { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 4px var(--s3); max-width: 100%; }
      .outcome .num { white-space: nowrap; }
      .outcome .pill { min-width: 0; white-space: normal; overflow-wrap: anywhere; }
      @media (max-width: 720px) { a.row-link { grid-template-columns: auto minmax(0, 1fr); padding: var(--s4); } .progress { grid-column: 1 / -1; justify-items: stretch; } .outcome { justify-content: space-between; } }
    `,
  ];

  @state() private company = fromAddress('empresa', isId);
  @state() private status = fromAddress('estado', isState);
  private readonly companies = new Watching(this, companies);
  private readonly list = new PagedList<Notification>(this, (after) =>
    getNotifications({ company: this.company, state: this.status, after }),
  );
  private timer?: ReturnType<typeof setInterval>;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.load();
    this.timer = setInterval(() => this.lookAgain(), REFRESH_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  override render() {
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('notifications.title')}</h1><p>${t('notifications.lead')}</p></div>
        ${may('notifier') ? html`<a class="button" href="/notificaciones/nueva">${icon('plus', 18)}${t('notifications.new')}</a>` : nothing}
      </div>
      ${this.filters()}
      <section class="card" aria-label=${t('notifications.title')}>${listFrame(this.list, this.empty(), () => this.rows())}</section>
    </div>`;
  }

  private filters() {
    return html`<div class="toolbar">
      ${selectField({
        name: 'company',
        label: t('send.company'),
        value: this.company,
        options: [
          { value: '', label: t('filter.all_companies') },
          ...withChosen(
            this.companies.value.map((c) => ({ value: c.id, label: c.name })),
            this.company,
          ),
        ],
        onInput: (company) => this.filter({ company }),
      })}
      ${selectField({
        name: 'state',
        label: t('filter.state'),
        value: this.status,
        options: [
          { value: '', label: t('filter.all_states') },
          ...STATES.map((value) => ({ value, label: t(`standing.short.${value}`) })),
        ],
        onInput: (status) => this.filter({ status }),
      })}
    </div>`;
  }

  private rows() {
    return html`<ul>${repeat(
      this.list.items,
      (one) => one.id,
      (one) => html`<li>${this.row(one)}</li>`,
    )}</ul>`;
  }

  private row(one: Notification) {
    const { text, tone } = standing(one);
    return html`<a class="row-link" href="/notificaciones/${one.id}">
      <span class="mark">${icon(CHANNEL[one.channel].icon)}</span>
      <span class="text">
        <span class="what">${titleOf(one)}</span>
        <span class="small muted"><span class="company">${companyName(one.company_id)}</span> · ${t(`category.${one.category}`)} · ${when(one.requested_at)}</span>
      </span>
      <span class="progress"><segmented-bar thin .totals=${one.totals}></segmented-bar><span class="outcome"><span class="small muted num">${recipients(one)}</span><span class="pill ${tone}">${text}</span></span></span>
    </a>`;
  }

  private empty() {
    if (this.company || this.status)
      return html`<empty-state icon="search" heading=${t('notifications.none_found')} text=${t('filter.none_text')}></empty-state>`;
    return html`<empty-state icon="notify" heading=${t('notifications.empty')} text=${t('notifications.empty_text')}></empty-state>`;
  }

  private filter(change: { company?: string; status?: string }): void {
    Object.assign(this, change);
    replaceQuery({ empresa: this.company, estado: this.status });
    void this.list.load();
  }

  /** Only the first page is reloaded, and only while a notification on it is running. */
  private lookAgain(): void {
    const moving = this.list.state === 'ready' && this.list.items.some((one) => isLive(one.state));
    if (moving && document.visibilityState === 'visible') void this.refresh();
  }

  private async refresh(): Promise<void> {
    const page = await getNotifications({ company: this.company, state: this.status }).catch(() => null);
    if (!page) return;
    const fresh = new Map(page.data.map((one) => [one.id, one]));
    this.list.change((items) => items.map((one) => fresh.get(one.id) ?? one));
  }
}

const recipients = ({ totals }: Notification): string =>
  totals.total > 0 ? t('notifications.recipients', { n: totals.total }) : '';
