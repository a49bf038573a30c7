/** Rules of the page of providers. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Provider } from '../contract';
import { session } from '../store/session';
import './providers-page';
import type { ProvidersPage } from './providers-page';
import { changeText, haltedChannels, reasonOf, standing } from './words';

const provider = (fields: Partial<Provider> = {}): Provider => ({
  name: 'primero',
  channel: 'sms',
  state: 'ready',
  rests_until: null,
  cause: null,
  paused: null,
  share: 100,
  processes: 2,
  in_flight: 3,
  rate_per_second: 0,
  sends_per_second: 12,
  last_hour: { accepted: 40, deferred: 0, failed: 2, suppressed: 0, in_doubt: 0, passed_on: 5 },
  answer_ms: { p50: 80, p99: 900 },
  changes: [],
  ...fields,
});
const pause = { since: '2026-11-30T12:00:00Z', by: { id: 'u2', name: 'Ada' }, reason: 'Mantenimiento' };

function signIn(...roles: string[]): void {
  const me = { id: 'u1', name: 'Nora', email: null, roles, companies: ['c1'], counts: {}, simulator: false };
  session.set({ status: 'in', me: me as never });
}

async function shown(...providers: Provider[]): Promise<ProvidersPage> {
  vi.stubGlobal('fetch', async () => Response.json({ data: providers, next: null }));
  const page = document.createElement('providers-page') as ProvidersPage;
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('.provider')).toHaveLength(providers.length));
  return page;
}

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe('the page of providers', () => {
  it('shows how the last hour was and leaves out what did not happen', async () => {
    signIn('notifier');
    const text = (await shown(provider())).renderRoot.textContent ?? '';
    for (const words of ['primero', 'Listo', 'pasados a otro proveedor', '80 ms', '900 ms', 'Sin límite'])
      expect(text).toContain(words);
    expect(text).not.toContain('en duda');
  });
  it('says which part of the last hour failed, loudly if it is much, and that there was none', async () => {
    signIn('notifier');
    const failing = { accepted: 3, deferred: 0, failed: 1, suppressed: 0, in_doubt: 0, passed_on: 0 };
    const idle = { ...failing, accepted: 0, failed: 0 };
    const named = (name: string, last_hour: Provider['last_hour']) => provider({ name, last_hour });
    const page = await shown(provider(), named('segundo', failing), named('tercero', idle));
    const hours = [...page.renderRoot.querySelectorAll('.hour')];
    expect(hours.map((one) => one.querySelector('.pill')?.textContent)).toEqual(['5 % fallidos', '25 % fallidos']);
    expect(hours.map((one) => one.querySelectorAll('.pill.danger').length)).toEqual([0, 1]);
    expect(hours[1]?.querySelector('[role="img"]')?.getAttribute('aria-label')).toBe(
      'Última hora: 3 enviados, 1 fallido',
    );
    expect(page.renderRoot.textContent).toContain('Sin envíos en la última hora.');
  });
  it('says who paused a provider and why, and that nobody gets messages when it was the last', async () => {
    signIn('notifier');
    const text = (await shown(provider({ paused: pause }))).renderRoot.textContent ?? '';
    for (const words of ['En pausa', 'Ada', 'Mantenimiento', 'Todos los proveedores']) expect(text).toContain(words);
  });
  it('lets only administrators pause and resume', async () => {
    signIn('notifier');
    expect((await shown(provider())).renderRoot.querySelectorAll('button')).toHaveLength(0);
    document.body.replaceChildren();
    signIn('admin');
    const page = await shown(provider(), provider({ name: 'segundo', paused: pause }));
    const labels = [...page.renderRoot.querySelectorAll('button')].map((one) => one.getAttribute('aria-label'));
    expect(labels).toEqual(['Pausar primero', 'Reanudar segundo']);
  });
});

describe('the words about providers', () => {
  it('put a pause before the state', () => {
    expect(standing(provider({ state: 'resting', paused: pause })).text).toBe('En pausa');
    expect(standing(provider({ state: 'resting' })).tone).toBe('danger');
  });
  it('say why a provider rests', () => {
    expect(reasonOf(provider())).toBe('');
    expect(reasonOf(provider({ state: 'resting', cause: 'outage' }))).toContain('No se puede');
    expect(reasonOf(provider({ cause: 'new_word' }))).toBe('new_word');
  });
  it('say why traffic was moved', () => {
    const data = { from: 100, to: 75, cause: 'slow_answers', bad: 31, of: 100, slow_after_ms: 2_000 };
    const change = { position: 7, at: '2026-11-30T12:00:00Z', actor: null, type: 'TrafficMoved', data };
    const text = changeText(change);
    for (const words of ['100 %', '75 %', '31', '2 s']) expect(text).toContain(words);
  });
  it('find the channels where everybody waits', () => {
    const [one, two] = [provider({ paused: pause }), provider({ name: 'segundo' })];
    expect(haltedChannels([one, two])).toEqual([]);
    expect(haltedChannels([one, provider({ channel: 'email' })])).toEqual(['sms']);
  });
});
