/** Rules of the rows of «Listado de Mensajes»: few are in the page, and the one that keys act on always is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import './inbox-list';
import type { InboxList } from './inbox-list';
import type { InboxRow } from './inbox-row';
import { inboxItem } from './samples';

const MANY = 100_000;
const id = (i: number) => `m${String(MANY - i).padStart(6, '0')}`;
const items = Array.from({ length: MANY }, (_, i) =>
  inboxItem({ id: id(i), created_at: new Date(Date.UTC(2026, 8, 6) - i * 60_000).toISOString() }),
);
let list: InboxList;

const rows = () => [...list.renderRoot.querySelectorAll<InboxRow>('inbox-row')];
const scroller = () => list.renderRoot.querySelector('.scroller') as HTMLElement;
async function scrollTo(top: number): Promise<void> {
  scroller().scrollTop = top;
  scroller().dispatchEvent(new Event('scroll'));
  await list.updateComplete;
}

beforeEach(async () => {
  list = document.createElement('inbox-list') as InboxList;
  list.items = items;
  document.body.append(list);
  await list.updateComplete;
});
afterEach(() => list.remove());

describe('a hundred thousand messages', () => {
  it('are a few rows in the page, each at its place among all', () => {
    expect(rows().length).toBeLessThan(60);
    expect(rows()[1]?.getAttribute('aria-posinset')).toBe('2');
    expect(rows()[1]?.getAttribute('aria-setsize')).toBe(String(MANY));
  });
  it('are other rows after scrolling', async () => {
    await scrollTo(4_000_000);
    expect(rows().length).toBeLessThan(60);
    expect(Number(rows()[0]?.getAttribute('aria-posinset'))).toBeGreaterThan(40_000);
  });
});

describe('the row that keys act on', () => {
  it('stays in the page wherever the list is scrolled to', async () => {
    await list.move(1);
    await scrollTo(4_000_000);
    expect(rows()[0]?.item.id).toBe(id(0));
    expect(list.chosen?.id).toBe(id(0));
  });
  it('is followed when rows come before it', async () => {
    await list.move(1);
    list.items = [inboxItem({ id: 'm999999' }), ...items];
    await list.updateComplete;
    expect(list.chosen?.id).toBe(id(0));
  });
  it('gives way to the next when it is removed', async () => {
    await list.move(1);
    list.items = items.slice(1);
    await list.updateComplete;
    expect(list.chosen?.id).toBe(id(1));
  });
});
