/** Rules of a reminder: it goes once, to those who have not acknowledged, however many pages of receipts there are. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { NewMessage, SentMessage } from '../contract';
import { Submission } from '../store/submission';
import { forgetToasts, toasts } from '../store/toasts';
import { remind } from './remind';

const receipt = (id: string, acknowledged_at: string | null) => ({
  user: { id, name: id },
  seen_at: null,
  read_at: null,
  acknowledged_at,
});
const sent: SentMessage = {
  id: 'm1',
  position: 1,
  body: 'x'.repeat(200),
  created_at: '2026-11-25T14:00:00Z',
  priority: 'normal',
  acknowledge: true,
  in_reply_to: null,
  to: [],
  recipient_count: 3,
  read_count: 0,
  acknowledged_count: 1,
};
let pages: object[];
let reminders: NewMessage[];

beforeEach(() => {
  reminders = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET') return Response.json(pages.shift());
    reminders.push(await request.json());
    return Response.json({ id: 'm2', position: 9, recipients: 2 }, { status: 201 });
  });
});
afterEach(() => {
  forgetToasts();
  vi.unstubAllGlobals();
});

it('it goes to those who have not acknowledged, and answers the message', async () => {
  pages = [
    { data: [receipt('ana', null), receipt('eva', '2026-11-25T14:01:00Z')], next: 'more' },
    { data: [receipt('luis', null)], next: null },
  ];
  expect(await remind(sent, new Submission())).toBe(true);
  expect(reminders).toHaveLength(1);
  expect(reminders[0]).toMatchObject({
    recipients: ['ana', 'luis'],
    in_reply_to: 'm1',
    priority: 'high',
    acknowledge: false,
  });
  expect(reminders[0]?.body).toBe(`Recordatorio: falta su acuse de «${'x'.repeat(140)}…»`);
  expect(toasts.get()[0]).toMatchObject({ text: 'Recordatorio enviado a 2 personas', fixed: true });
});

it('nobody is reminded once everybody has acknowledged', async () => {
  pages = [{ data: [receipt('eva', '2026-11-25T14:01:00Z')], next: null }];
  expect(await remind(sent, new Submission())).toBe(false);
  expect(reminders).toEqual([]);
});
