/** Rules of the shell: the banner of a lost connection leaves with its cause, and an address without a page says so. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connection } from '../store/inbox-live';
import { session } from '../store/session';
import './app-shell';
import type { AppShell } from './app-shell';
import { navigate } from './router';
import { findRoute } from './routes';

let shell: AppShell;
let online: boolean;

async function banner(): Promise<boolean> {
  await shell.updateComplete;
  return shell.renderRoot.querySelector('.offline') !== null;
}
function network(on: boolean): void {
  online = on;
  window.dispatchEvent(new Event(on ? 'online' : 'offline'));
}

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', () => new Promise(() => undefined));
  online = true;
  vi.spyOn(navigator, 'onLine', 'get').mockImplementation(() => online);
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = { id: 'u1', name: 'Eva', email: '', roles: [], companies: [], counts, simulator: false };
  session.set({ status: 'in', me });
  connection.set('open');
  shell = document.createElement('app-shell') as AppShell;
  document.body.append(shell);
});
afterEach(() => {
  shell.remove();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('the banner', () => {
  it('comes at once when the browser has no network, and leaves when it has', async () => {
    network(false);
    expect(await banner()).toBe(true);
    network(true);
    expect(await banner()).toBe(false);
  });
  it('waits for the stream when that was lost too', async () => {
    network(false);
    connection.set('lost');
    network(true);
    expect(await banner()).toBe(true);
    connection.set('open');
    expect(await banner()).toBe(false);
  });
  it('does not come for a short loss', async () => {
    connection.set('lost');
    vi.advanceTimersByTime(1_000);
    connection.set('open');
    vi.advanceTimersByTime(10_000);
    expect(await banner()).toBe(false);
  });
  it('is not put off by attempts that fail one after the other', async () => {
    for (const _ of [1, 2, 3]) {
      connection.set('lost');
      vi.advanceTimersByTime(1_000);
      connection.set('connecting');
    }
    expect(await banner()).toBe(true);
  });
});

it('an address without a page has a title of its own and a way back', async () => {
  navigate('/nada');
  await vi.waitFor(() => expect(document.title).toBe('Esta página no existe · Mensajería'));
  expect(shell.renderRoot.querySelector('main empty-state a')?.getAttribute('href')).toBe('/');
  navigate('/');
});

describe('a page that could not be loaded', () => {
  const heading = () => shell.renderRoot.querySelector('main empty-state')?.getAttribute('heading');
  const retry = () => shell.renderRoot.querySelector<HTMLElement>('main empty-state button')?.click();
  let answers: boolean;
  let probes: number;
  let reload: ReturnType<typeof vi.spyOn>;

  beforeEach(async () => {
    vi.useRealTimers();
    answers = true;
    probes = 0;
    vi.stubGlobal('fetch', async (asked: Request | string) => {
      if ((typeof asked === 'string' ? asked : asked.url).endsWith('/me')) probes++;
      if (!answers) throw new TypeError('network');
      return new Response('{"data":[],"next":null}', { headers: { 'content-type': 'application/json' } });
    });
    reload = vi.spyOn(location, 'reload').mockImplementation(() => undefined);
    const load = vi.spyOn(findRoute('/enviados')?.route as { load(): Promise<unknown> }, 'load');
    load.mockRejectedValueOnce(new TypeError('import'));
    navigate('/enviados');
    await vi.waitFor(() => expect(heading()).toBe('No se pudo abrir la página'));
  });
  afterEach(() => navigate('/'));

  it('is loaded again when one asks', async () => {
    retry();
    await vi.waitFor(() => expect(shell.renderRoot.querySelector('sent-page')).not.toBeNull());
    expect(reload).not.toHaveBeenCalled();
  });
  it('is loaded again by itself when the connection is back', async () => {
    network(false);
    network(true);
    await vi.waitFor(() => expect(shell.renderRoot.querySelector('sent-page')).not.toBeNull());
  });
  it('is never loaded with everything else by itself: what is being written would be gone', async () => {
    const load = vi.spyOn(findRoute('/enviados')?.route as { load(): Promise<unknown> }, 'load');
    load.mockRejectedValue(new TypeError('import'));
    network(false);
    network(true);
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
    await new Promise((done) => setTimeout(done));
    expect([probes, reload.mock.calls.length]).toEqual([0, 0]);
  });
  it('is loaded with everything else when the browser keeps the failure, but only once the server answers', async () => {
    const load = vi.spyOn(findRoute('/enviados')?.route as { load(): Promise<unknown> }, 'load');
    load.mockRejectedValue(new TypeError('import'));
    answers = false;
    retry();
    await vi.waitFor(() => expect(probes).toBe(1));
    expect(reload).not.toHaveBeenCalled();
    answers = true;
    retry();
    await vi.waitFor(() => expect([probes, reload.mock.calls.length]).toEqual([2, 1]));
  });
});
