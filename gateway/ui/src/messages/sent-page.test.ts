/** Rules of «Enviados»: what the dialog of a message says of its readers is what its list says. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { SentMessage } from '../contract';
import { takeInboxEvent } from '../store/inbox-live';
import './sent-page';
import type { SentPage } from './sent-page';

const message = (read_count: number): SentMessage => ({
  id: 'm1',
  position: 1,
  body: 'Revisar el panel',
  created_at: '2026-11-25T14:00:00Z',
  priority: 'normal',
  acknowledge: false,
  in_reply_to: null,
  to: [{ id: 'u2', name: 'Luis' }],
  recipient_count: 3,
  read_count,
  acknowledged_count: 0,
});
const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
let sent: SentMessage[];
let page: SentPage;

const heading = () =>
  page.renderRoot.querySelector('receipts-dialog')?.shadowRoot?.querySelector('h2')?.textContent?.trim();
const read = () => takeInboxEvent({ id: '2', event: 'receipt', data: '{"message_id":"m1","user_id":"u2"}' });

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  sent = [message(0)];
  vi.stubGlobal('fetch', async (request: Request) =>
    json({ data: request.url.includes('/receipts') ? [] : sent, next: null }),
  );
  page = document.createElement('sent-page') as SentPage;
  document.body.append(page);
  await vi.waitFor(() => expect(page.renderRoot.querySelector('.receipts')).not.toBeNull());
  page.renderRoot.querySelector<HTMLElement>('.receipts')?.click();
  await vi.waitFor(() => expect(heading()).toBe('Leído por 0 de 3'));
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
});

it('an open message counts whoever reads it meanwhile', async () => {
  sent = [message(1)];
  read();
  await vi.waitFor(() => expect(heading()).toBe('Leído por 1 de 3'));
});

it('an open message that left the list stays open with what was last known', async () => {
  sent = [{ ...message(2), id: 'm2', body: 'Otro' }];
  read();
  await vi.waitFor(() => expect(page.renderRoot.querySelector('li')?.textContent).toContain('Otro'));
  expect(heading()).toBe('Leído por 0 de 3');
});

it('a message has a tick once somebody has read it', async () => {
  const tick = () => page.renderRoot.querySelector('.receipts .icon');
  expect(tick()).toBeNull();
  sent = [message(1)];
  read();
  await vi.waitFor(() => expect(tick()).not.toBeNull());
});

it('a message says to whom it went', () => {
  expect(page.renderRoot.querySelector('li a')?.textContent).toBe('Para Luis y 2 más');
});
