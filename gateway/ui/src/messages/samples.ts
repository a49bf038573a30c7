/** Inbox items for tests. */

import type { InboxItem } from '../contract';

/** An unseen message from Ana, changed by the given properties. */
export const inboxItem = (some: Partial<InboxItem> = {}): InboxItem => ({
  id: 'm1',
  position: 1,
  author: { id: 'a', name: 'Ana' },
  body: 'Hola',
  created_at: '2026-11-22T08:00:00Z',
  priority: 'normal',
  seen_at: null,
  read_at: null,
  acknowledged_at: null,
  acknowledge: false,
  in_reply_to: null,
  ...some,
});
