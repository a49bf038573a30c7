/** Rules of the filters of «Notificaciones» in its address. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { navigate } from '../app/router';
import './notifications-page';
import type { NotificationsPage } from './notifications-page';

const COMPANY = '0192a000-0000-7000-8000-000000000009';
let page: NotificationsPage;
let asked: string[];

async function open(address: string): Promise<void> {
  navigate(address);
  page = document.createElement('notifications-page') as NotificationsPage;
  document.body.append(page);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
}

beforeEach(() => {
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    asked.push(new URL(request.url).search);
    return new Response('{"data":[],"next":null}', { headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  page.remove();
  navigate('/');
  vi.unstubAllGlobals();
});

it('what can be no company and no state asks for nothing', async () => {
  await open('/notificaciones?empresa=zzz&estado=zzz');
  expect(asked).toEqual(['']);
});
it('a company that is not among ours is shown as chosen, since it filters', async () => {
  await open(`/notificaciones?empresa=${COMPANY}&estado=running`);
  expect(asked).toEqual([`?company=${COMPANY}&state=running`]);
  expect(page.renderRoot.querySelector<HTMLSelectElement>('#company')?.value).toBe(COMPANY);
});
it('a period begins with the first of its days, and is in the address', async () => {
  await open('/notificaciones?periodo=7');
  const from = new Date(new URLSearchParams(asked[0]).get('from') ?? '');
  const first = new Date();
  first.setDate(first.getDate() - 6);
  expect([from.toDateString(), from.getHours()]).toEqual([first.toDateString(), 0]);
  const period = page.renderRoot.querySelector<HTMLSelectElement>('#period') as HTMLSelectElement;
  period.value = '';
  period.dispatchEvent(new Event('change'));
  await vi.waitFor(() => expect(asked).toEqual([asked[0], '']));
  expect(location.search).toBe('');
});
it('a view brings its filters, and the fields show them', async () => {
  await open('/notificaciones');
  const views = page.renderRoot.querySelector('saved-views')?.shadowRoot as ShadowRoot;
  const link = [...views.querySelectorAll('a')].find((one) => one.textContent === 'Por aprobar') as HTMLAnchorElement;
  navigate(link.getAttribute('href') as string);
  await vi.waitFor(() => expect(asked.at(-1)).toBe('?state=awaiting_approval'));
  expect(page.renderRoot.querySelector<HTMLSelectElement>('#state')?.value).toBe('awaiting_approval');
});
