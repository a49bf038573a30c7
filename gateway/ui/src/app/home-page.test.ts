/** Rules of «Inicio»: what is urgent in the inbox is urgent here. */
import { afterEach, expect, it, vi } from 'vitest';
import type { InboxItem } from '../contract';
import { inboxItem } from '../messages/samples';
import './home-page';
import type { HomePage } from './home-page';

const item = (id: string, some: Partial<InboxItem>) => inboxItem({ id, body: 'Texto', ...some });
const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
let page: HomePage;

afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
});

it('a message says that it is urgent and asks for an acknowledgement, until that was given', async () => {
  const data = [
    item('m3', { priority: 'high', acknowledge: true }),
    item('m2', { acknowledge: true, acknowledged_at: '2026-11-22T08:01:00Z' }),
    item('m1', {}),
  ];
  vi.stubGlobal('fetch', async () => json({ data, next: null }));
  page = document.createElement('home-page') as HomePage;
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('li')).toHaveLength(3));
  const marks = [...page.renderRoot.querySelectorAll('li')].map((one) =>
    one.querySelector('.marks')?.textContent?.replace(/\s+/g, ' ').trim(),
  );
  expect(marks).toEqual(['Prioridad alta Pide acuse', 'Acuse enviado', undefined]);
});
