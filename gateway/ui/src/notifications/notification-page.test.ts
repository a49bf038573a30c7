/** Rules of a notification's page: it shows the result of each command, and the causes of the deliveries' states. */
import type { LitElement } from 'lit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Approval, FailureCause, Notification, NotificationState, Preview, Totals } from '../contract';
import { queue } from '../pending/queue';
import { companies, session } from '../store/session';
import { toasts } from '../store/toasts';
import type { ConfirmDialog } from '../ui/confirm-dialog';
import './notification-page';
import { NO_LIMITS } from '../companies/limits';
import type { NotificationPage } from './notification-page';

const NONE = { pending: 0, sending: 0, accepted: 0, delivered: 0, deferred: 0, failed: 0, suppressed: 0, in_doubt: 0 };
const standing = (state: NotificationState, some: Partial<Totals>): Notification => ({
  id: 'n1',
  company_id: 'c1',
  channel: 'sms',
  recipient_kind: 'holder',
  category: 'service',
  subject: null,
  body: 'Texto',
  template_id: null,
  filter: null,
  requested_at: '2026-11-25T14:00:00Z',
  expires_at: null,
  send_at: null,
  begun_at: '2026-11-25T14:00:00Z',
  cancelled_at: null,
  approval: null,
  over_limit: null,
  author: { id: 'u1', name: 'Eva' },
  state,
  totals: { total: 10, cancelled: 0, ...NONE, ...some },
});

const AWAITING: Approval = { state: 'awaiting', by: null, at: null, reason: null, people: 620, above: 500 };
const PREVIEW: Preview = {
  audience: { total: 622, reachable: 620, excluded: { suppressed: 2 }, duplicates: 0 },
  texts: { counted: 620, unsendable: 0 },
  sms: {
    encoding: 'gsm7',
    segments_min: 1,
    segments_typical: 1,
    segments_max: 1,
    segments_total: 620,
    forcing_characters: [],
    without_unicode: 0,
    lost_characters: [],
    cost: { amount: 5_580_000, currency: 'USD' },
  },
  samples: [
    {
      client: { id: 'k1', name: 'Ana Núñez' },
      to: '+573001234567',
      subject: null,
      body: 'Hola Ana',
      html: null,
      segments: 1,
    },
  ],
  needs_approval: true,
  over_limit: null,
  confirm_token: null,
};

let shown: Notification;
let afterwards: Notification;
let causes: FailureCause[];
let providers: unknown[];
let page: NotificationPage;
let posted: [string, unknown][];

const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
const text = (selector: string) => page.renderRoot.querySelector(selector)?.shadowRoot?.textContent ?? '';
const button = (label: string) =>
  [...page.renderRoot.querySelectorAll('button')].find((one) => one.textContent?.includes(label));

async function answer(request: Request | string): Promise<Response> {
  if (typeof request === 'string') return new Promise(() => undefined);
  const { pathname } = new URL(request.url);
  if (request.method === 'POST') {
    const body = await request.text();
    posted.push([pathname, body ? JSON.parse(body) : null]);
    shown = afterwards;
  }
  if (pathname.endsWith('/failures')) return json({ data: causes, next: null });
  if (pathname.endsWith('/deliveries')) return json({ data: [], next: null });
  if (pathname.endsWith('/preview')) return json(PREVIEW);
  if (pathname.endsWith('/providers')) return json({ data: providers, next: null });
  return json(request.method === 'POST' ? { position: 9 } : shown);
}

async function open(): Promise<void> {
  page = document.createElement('notification-page') as NotificationPage;
  page.notification = 'n1';
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelector('.progress')).not.toBeNull());
}

async function ask(): Promise<ConfirmDialog> {
  button('Cancelar lo pendiente')?.click();
  await vi.waitFor(() => expect(document.querySelector('confirm-dialog')).not.toBeNull());
  return document.querySelector('confirm-dialog') as ConfirmDialog;
}

async function cancel(): Promise<string | undefined> {
  const dialog = await ask();
  dialog.answer(true);
  dialog.remove();
  await vi.waitFor(() => expect(toasts.get()).toHaveLength(1));
  return toasts.get()[0]?.text;
}

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = {
    id: 'u1',
    name: 'Eva',
    email: '',
    roles: ['notifier' as const],
    companies: [],
    counts,
    simulator: false,
  };
  session.set({ status: 'in', me });
  toasts.set([]);
  causes = [];
  providers = [];
  posted = [];
  vi.stubGlobal('fetch', answer);
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
});

describe('a channel whose providers are all paused', () => {
  it('is the reason that nobody is sent to', async () => {
    shown = standing('running', { pending: 10 });
    const pause = { since: '2026-11-30T12:00:00Z', by: null, reason: null };
    providers = [{ name: 'uno', channel: shown.channel, paused: pause, changes: [] }];
    await open();
    await vi.waitFor(() => expect(text('halted-notice')).toContain('están en pausa'));
  });
});

describe('cancelling', () => {
  beforeEach(async () => {
    shown = standing('running', { pending: 10 });
    await open();
  });
  it('is said to be done when it was', async () => {
    afterwards = standing('cancelled', { cancelled: 10 });
    expect(await cancel()).toBe('Notificación cancelada');
  });
  it('is said to be too late when all was over', async () => {
    afterwards = standing('completed', { accepted: 10 });
    expect(await cancel()).toBe('Ya había terminado: no quedaba nada por cancelar');
  });
  it('is asked about with one button only that says «Cancelar»', async () => {
    const dialog = await ask();
    await dialog.updateComplete;
    const buttons = [...dialog.renderRoot.querySelectorAll('.modal-foot button')];
    expect(buttons.map((one) => one.textContent)).toEqual(['Volver', 'Cancelar lo pendiente']);
    dialog.answer(false);
    dialog.remove();
  });
});

describe('the progress', () => {
  const progress = () => page.renderRoot.querySelector('.progress .top')?.textContent?.replace(/\s+/g, ' ').trim();
  it('of a cancelled one is that of those whose turn had come', async () => {
    shown = standing('cancelled', { total: 4_000, accepted: 870, failed: 11, cancelled: 3_119 });
    await open();
    expect(progress()).toBe('22 % 881 de 4.000 destinatarios antes de cancelar');
  });
  it('of one that only waits says how many wait for another attempt', async () => {
    shown = standing('running', { total: 312, accepted: 300, deferred: 12 });
    await open();
    expect(progress()).toBe('96 % 300 de 312 destinatarios 12 esperan otro intento');
  });
});

describe('the causes', () => {
  const cause = (outcome: string, count: number): FailureCause => ({
    outcome,
    class: 'unknown',
    phase: '',
    code: '',
    observed: '',
    count,
  });
  it('are of each outcome under its own heading', async () => {
    shown = standing('completed', { accepted: 4, failed: 2, in_doubt: 3, suppressed: 1 });
    causes = [cause('in_doubt', 3), cause('failed', 2), cause('suppressed', 1)];
    await open();
    await vi.waitFor(() =>
      expect(text('failure-causes').replace(/\s+/g, ' ')).toMatch(
        /Causas de los fallos Causa desconocida ?2 .*en duda No se sabe si llegó: .* ?3 .*omitidos .*1/,
      ),
    );
  });
  it('are there when nothing failed but something is in doubt', async () => {
    shown = standing('completed', { accepted: 9, in_doubt: 1 });
    causes = [cause('in_doubt', 1)];
    await open();
    await vi.waitFor(() => expect(text('failure-causes')).toContain('Por qué hay envíos en duda'));
    expect(text('failure-causes')).not.toContain('Causas de los fallos');
  });
});

it('says that its recipients are being looked for, and of how many nothing yet', async () => {
  shown = standing('resolving', { total: 0, pending: 500 });
  await open();
  const preparing = 'Preparando la lista de destinatarios…';
  const progress = page.renderRoot.querySelector('.progress');
  expect(progress?.textContent?.trim()).toBe(preparing);
  const list = page.renderRoot.querySelector('deliveries-list')?.shadowRoot;
  await vi.waitFor(() => expect(list?.querySelector('empty-state')?.getAttribute('heading')).toBe(preparing));
  expect(list?.textContent).not.toContain('500');
});

describe('before it has begun', () => {
  const waiting = (state: NotificationState, more: Partial<Notification> = {}): Notification => ({
    ...standing(state, { total: 0 }),
    begun_at: null,
    ...more,
  });
  const progress = () => page.renderRoot.querySelector('.progress')?.textContent?.replace(/\s+/g, ' ').trim();
  const labels = () =>
    [...page.renderRoot.querySelectorAll('.page-head button')].map((one) => one.textContent?.trim() ?? '');

  it('says when it begins, by the clock of its company', async () => {
    companies.set([
      {
        id: 'c1',
        name: 'Vigía',
        country: 'CL',
        time_zone: 'America/Santiago',
        logo_url: null,
        columns: [],
        limits: NO_LIMITS,
      },
    ]);
    shown = waiting('scheduled', { send_at: '2026-12-01T12:30:00Z' });
    await open();
    expect(progress()).toMatch(/martes, 1 de diciembre de 2026, 0?9:30/);
    expect(labels()).toEqual(['Reprogramar', 'Pausar', 'Cancelar lo pendiente']);
  });
  it('can have another time, given in that clock', async () => {
    companies.set([
      {
        id: 'c1',
        name: 'Vigía',
        country: 'CL',
        time_zone: 'America/Santiago',
        logo_url: null,
        columns: [],
        limits: NO_LIMITS,
      },
    ]);
    shown = waiting('scheduled', { send_at: '2126-12-01T12:30:00Z' });
    afterwards = waiting('scheduled', { send_at: '2126-12-01T13:00:00Z' });
    await open();
    button('Reprogramar')?.click();
    await vi.waitFor(() => expect(page.renderRoot.querySelector('reschedule-dialog')).not.toBeNull());
    const dialog = page.renderRoot.querySelector('reschedule-dialog') as LitElement;
    await dialog.updateComplete;
    const field = dialog.renderRoot.querySelector('#schedule') as HTMLInputElement;
    expect(field.value).toBe('2126-12-01T09:30');
    field.value = '2126-12-01T10:00';
    field.dispatchEvent(new Event('input'));
    dialog.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(toasts.get()[0]?.text).toBe('Notificación reprogramada'));
    expect(posted).toEqual([['/api/v1/notifications/n1/reschedule', { schedule_at: '2126-12-01T13:00:00.000Z' }]]);
  });
  it('is approved by another person than its author', async () => {
    shown = waiting('awaiting_approval', { author: { id: 'u2', name: 'Leo' }, approval: AWAITING });
    afterwards = standing('resolving', { total: 0 });
    const none = { count: 0, complete: true };
    queue.set({ messages: [], approvals: [shown], doubts: none, failed: none });
    await open();
    expect(queue.get()?.approvals).toHaveLength(1);
    expect(progress()).toBe(
      'Otra persona debe aprobarla: llegaría a 620 personas, y la empresa lo pide por encima de 500. Todavía no sale nada.',
    );
    button('Aprobar')?.click();
    await vi.waitFor(() => expect(document.querySelector('confirm-dialog')).not.toBeNull());
    const dialog = document.querySelector('confirm-dialog') as ConfirmDialog;
    dialog.answer(true);
    dialog.remove();
    await vi.waitFor(() => expect(toasts.get()[0]?.text).toBe('Notificación aprobada'));
    expect(posted.map(([path]) => path)).toEqual(['/api/v1/notifications/n1/approve']);
    expect(queue.get()?.approvals, 'it requires nobody’s action any more').toEqual([]);
    queue.set(null);
  });
  it('shows an approver the audience, the exclusions, the cost and the text as a client gets it', async () => {
    shown = waiting('awaiting_approval', { author: { id: 'u2', name: 'Leo' }, approval: AWAITING });
    await open();
    const panel = page.renderRoot.querySelector('waiting-panel') as LitElement;
    const inside = (name: string) => panel.renderRoot.querySelector(name)?.shadowRoot?.textContent ?? '';
    await vi.waitFor(() => expect(inside('samples-panel')).toContain('Hola Ana'));
    expect(inside('audience-panel')).toContain('620');
    expect(inside('audience-panel')).toMatch(/En la lista de exclusión\s*2/);
    expect(panel.renderRoot.querySelector('dl')?.textContent).toContain('5,58');
    expect(page.renderRoot.querySelector('deliveries-list')).toBeNull();
  });
  it('is not decided on by its author', async () => {
    shown = waiting('awaiting_approval');
    await open();
    expect(labels()).toEqual(['Reprogramar', 'Cancelar lo pendiente']);
  });
  it('is rejected for a reason', async () => {
    shown = waiting('awaiting_approval', { author: { id: 'u2', name: 'Leo' } });
    afterwards = waiting('cancelled', {
      approval: {
        ...AWAITING,
        state: 'rejected',
        by: { id: 'u1', name: 'Eva' },
        at: '2026-11-25T15:00:00Z',
        reason: 'Lista vieja',
      },
    });
    await open();
    button('Rechazar')?.click();
    await vi.waitFor(() => expect(page.renderRoot.querySelector('reject-dialog')).not.toBeNull());
    const dialog = page.renderRoot.querySelector('reject-dialog') as LitElement;
    await dialog.updateComplete;
    const send = () =>
      dialog.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    send();
    await vi.waitFor(() => expect(dialog.renderRoot.querySelector('#reason-error')).not.toBeNull());
    const reason = dialog.renderRoot.querySelector('textarea') as HTMLTextAreaElement;
    reason.value = 'Lista vieja';
    reason.dispatchEvent(new Event('input'));
    send();
    await vi.waitFor(() => expect(page.renderRoot.querySelector('.pill')?.textContent).toBe('Rechazada'));
    expect(posted).toEqual([['/api/v1/notifications/n1/reject', { reason: 'Lista vieja' }]]);
    expect(page.renderRoot.querySelector('.facts')?.textContent).toContain('Lista vieja');
  });
});

describe('pausing', () => {
  it('is offered while something is sent, and resuming while it is paused', async () => {
    shown = standing('running', { pending: 10 });
    afterwards = standing('paused', { pending: 10 });
    await open();
    button('Pausar')?.click();
    await vi.waitFor(() => expect(toasts.get()[0]?.text).toBe('Notificación en pausa'));
    expect(button('Pausar')).toBeUndefined();
    afterwards = standing('running', { pending: 10 });
    button('Reanudar')?.click();
    await vi.waitFor(() => expect(toasts.get()[1]?.text).toBe('Notificación reanudada'));
    expect(posted.map(([path]) => path.split('/').at(-1))).toEqual(['pause', 'resume']);
  });
  it('is said to be too late when all was over', async () => {
    shown = standing('running', { pending: 10 });
    afterwards = standing('completed', { accepted: 10 });
    await open();
    button('Pausar')?.click();
    await vi.waitFor(() => expect(toasts.get()[0]?.text).toBe('Ya había terminado: no quedaba nada por pausar'));
  });
});
