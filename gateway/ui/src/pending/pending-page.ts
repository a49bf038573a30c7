/** «Requieren mi acción»: unacknowledged and urgent messages, approvals, doubts and failures, the urgent first. */
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { dayInAddress, fromAddress } from '../app/address';
import { place, replaceQuery } from '../app/router';
import { CHANNEL } from '../channels';
import type { Counted, InboxItem, Notification } from '../contract';
import { t } from '../i18n';
import type { Key } from '../i18n/es';
import { acknowledgeMessage, readMessage } from '../messages/inbox-actions';
import { companies, companyName } from '../store/session';
import { Watching } from '../store/store';
import { avatar, avatarStyles } from '../ui/avatar';
import { base } from '../ui/base';
import '../ui/empty-state';
import { icon } from '../ui/icons';
import '../ui/loading-rows';
import { when } from '../ui/when';
import { load, type Queue, queue, queueFailed } from './queue';

const KINDS = ['messages', 'approvals', 'doubts', 'failed'] as const;
type Kind = (typeof KINDS)[number];
const LABELS: Record<Kind, Key> = {
  messages: 'pending.messages',
  approvals: 'pending.approvals',
  doubts: 'pending.doubts',
  failed: 'pending.failed',
};
/** The filter's name in the address. */
const KIND = 'tipo';
const isKind = (value: string): value is Kind => (KINDS as readonly string[]).includes(value);

@customElement('pending-page')
export class PendingPage extends LitElement {
  static override styles = [
    base,
    avatarStyles,
    css`
      .tabs { display: inline-flex; flex-wrap: wrap; padding: 3px; border-radius: 12px; background: var(--surface-3); }
      .tabs button { min-height: 34px; padding: 0 var(--s3); border: 1px solid transparent; border-radius: 9px; background: none; color: var(--ink-2); font-weight: 500; font-size: var(--text-s); cursor: pointer; }
      .tabs button[aria-pressed="true"] { background: var(--surface); color: var(--ink); box-shadow: var(--shadow-1); border-color: var(--line-strong); }
      section { overflow: hidden; }
      section + section { margin-top: var(--s4); }
      .section { padding: var(--s3) var(--s5); border-bottom: 1px solid var(--line); }
      li { display: flex; align-items: center; gap: var(--s3); padding: var(--cell); border-bottom: 1px solid var(--line); }
      li:last-child { border-bottom: 0; }
      /* Seen without colour too: the border keeps its width in forced colours. */
      li.high { border-left: 4px solid var(--danger); }
      li.asks { border-left: 4px double var(--warn); }
      li .about { flex: 1; min-width: 0; display: grid; color: inherit; text-decoration: none; }
      .top { display: flex; flex-wrap: wrap; align-items: center; gap: 2px var(--s2); }
      .snippet { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--ink-2); font-size: var(--text-s); }
      li .about:hover .snippet { text-decoration: underline; }
      .mark { display: grid; place-items: center; width: 36px; height: 36px; border-radius: 12px; background: var(--surface-3); color: var(--ink-2); flex: none; }
      @media (max-width: 520px) { li { flex-wrap: wrap; } li .about { flex-basis: calc(100% - 60px); } .section { padding-inline: var(--s4); } }
    `,
  ];

  private readonly queue = new Watching(this, queue);
  private readonly failed = new Watching(this, queueFailed);
  private readonly address = new Watching(this, place);
  protected readonly companies = new Watching(this, companies);

  /** The page does not wait for the stream. */
  override connectedCallback(): void {
    super.connectedCallback();
    if (!queue.get()) void load();
  }

  override render() {
    const now = this.queue.value;
    return html`<div class="page">
      <div class="page-head">
        <div class="lead"><h1>${t('pending.title')}</h1><p>${t('pending.lead')}</p></div>
        ${now ? this.filters(now) : nothing}
      </div>
      ${now ? this.sections(now) : this.failed.value ? failure() : html`<loading-rows></loading-rows>`}
    </div>`;
  }

  private get kind(): Kind | '' {
    return fromAddress(KIND, isKind, this.address.value) as Kind | '';
  }

  private filters(now: Queue) {
    const tab = (value: Kind | '', label: string) =>
      html`<button type="button" aria-pressed=${this.kind === value} @click=${() => replaceQuery({ [KIND]: value })}>${label}</button>`;
    return html`<div class="tabs" role="group" aria-label=${t('inbox.filter')}>
      ${tab('', t('pending.all'))}
      ${KINDS.filter((kind) => countOf(now, kind) > 0 || kind === this.kind).map((kind) => tab(kind, t(LABELS[kind], { n: countOf(now, kind) })))}
    </div>`;
  }

  private sections(now: Queue) {
    const asked = this.kind;
    const shown = KINDS.filter((kind) => countOf(now, kind) > 0 && (!asked || asked === kind));
    if (shown.length === 0)
      return html`<section class="card"><empty-state icon="check" heading=${t('pending.none')} text=${t('pending.none_text')}></empty-state></section>`;
    const rows: Record<Kind, () => TemplateResult> = {
      messages: () => list(urgentFirst(now.messages), message),
      approvals: () => list(now.approvals, approval),
      doubts: () => deliveries('/en-duda', t('pending.doubts_text'), t('pending.see_doubts')),
      failed: () =>
        deliveries(
          `/envios?estado=failed&desde=${dayInAddress(yesterday())}`,
          t('pending.failed_text'),
          t('pending.see_failed'),
        ),
    };
    return shown.map(
      (kind) => html`<section class="card" aria-labelledby="pending-${kind}">
        <h2 class="section" id="pending-${kind}">${t(LABELS[kind], { n: countOf(now, kind) })}</h2>
        ${rows[kind]()}
      </section>`,
    );
  }
}

const failure = () =>
  html`<section class="card"><empty-state icon="alert" heading=${t('list.failed')} role="alert">
    <button class="button" type="button" @click=${load}>${t('retry')}</button>
  </empty-state></section>`;

/** Among the urgent, and among the others, the newest first as before. */
const urgentFirst = (messages: InboxItem[]): InboxItem[] =>
  [...messages].sort((a, b) => Number(b.priority === 'high') - Number(a.priority === 'high'));

function countOf(now: Queue, kind: Kind): number {
  const those: InboxItem[] | Notification[] | Counted = now[kind];
  return 'count' in those ? those.count : those.length;
}

const list = <T extends { id: string }>(items: T[], row: (item: T) => TemplateResult) =>
  html`<ul>${repeat(items, (item) => item.id, row)}</ul>`;

function message(item: InboxItem) {
  const high = item.priority === 'high';
  const asks = item.acknowledge && !item.acknowledged_at;
  return html`<li class=${high ? 'high' : 'asks'}>
    ${avatar(item.author.name)}
    <a class="about" href="/mensajes/${item.id}">
      <span class="top">
        <span class="strong wrap">${item.author.name}</span>
        ${high ? html`<span class="pill danger">${icon('flag', 12)}${t('priority.high')}</span>` : nothing}
        ${asks ? html`<span class="pill warn">${icon('check', 12)}${t('inbox.asks_acknowledge')}</span>` : nothing}
        <span class="small muted">${when(item.created_at)}</span>
      </span>
      <span class="snippet">${item.body}</span>
    </a>
    ${
      asks
        ? html`<button class="button small" type="button" @click=${() => acknowledgeMessage(item)}>${icon('check', 16)}${t('inbox.acknowledge')}</button>`
        : html`<button class="button small" type="button" @click=${() => readMessage(item)}>${icon('mailOpen', 16)}${t('inbox.mark_read')}</button>`
    }
  </li>`;
}

function approval(one: Notification) {
  return html`<li>
    <span class="mark">${icon(CHANNEL[one.channel].icon)}</span>
    <a class="about" href="/notificaciones/${one.id}">
      <span class="top"><span class="strong wrap">${companyName(one.company_id)}</span><span class="small muted">${t('pending.asked_by', { author: one.author.name })} · ${when(one.requested_at)}</span></span>
      <span class="snippet">${one.subject || one.body}</span>
    </a>
    <a class="button small" href="/notificaciones/${one.id}">${t('pending.review')}</a>
  </li>`;
}

const deliveries = (path: string, text: string, action: string) =>
  html`<ul><li><span class="mark">${icon('alert')}</span><p class="grow">${text}</p><a class="button small" href=${path}>${action}</a></li></ul>`;

const yesterday = (): Date => new Date(Date.now() - 86_400_000);
