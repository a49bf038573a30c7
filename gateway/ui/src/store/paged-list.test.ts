/** Rules of a list that comes page by page. */
import type { ReactiveControllerHost } from 'lit';
import { describe, expect, it, vi } from 'vitest';
import { PagedList } from './paged-list';

const host = { addController: () => undefined, requestUpdate: () => undefined } as unknown as ReactiveControllerHost;
const row = (id: number) => ({ id });

describe('a paged list', () => {
  it('goes on from its cursor until there is none', async () => {
    const asked: (string | undefined)[] = [];
    const list = new PagedList(host, async (after) => {
      asked.push(after);
      return after ? { data: [row(2)], next: null } : { data: [row(1)], next: 'c1' };
    });
    await list.load();
    await list.more();
    await list.more();
    expect(list.items).toEqual([row(1), row(2)]);
    expect(asked).toEqual([undefined, 'c1']);
  });
  it('never shows an older answer over a newer one', async () => {
    const answers: ((id: number) => void)[] = [];
    const list = new PagedList(
      host,
      () =>
        new Promise<{ data: { id: number }[]; next: null }>((resolve) =>
          answers.push((id) => resolve({ data: [row(id)], next: null })),
        ),
    );
    const [first, second] = [list.load(), list.load()];
    answers[1]?.(2);
    answers[0]?.(1);
    await Promise.all([first, second]);
    expect(list.items).toEqual([row(2)]);
  });
  it('keeps what it has when reading again quietly fails', async () => {
    let fail = false;
    const list = new PagedList(host, async () => {
      if (fail) throw new Error('no');
      return { data: [row(1)], next: null };
    });
    await list.load();
    fail = true;
    await list.refresh();
    expect([list.state, list.items]).toEqual(['ready', [row(1)]]);
    await list.load();
    expect([list.state, list.failure]).toEqual(['failed', 'no']);
  });
  it('never leaves the rows of another question when its own answer fails', async () => {
    let fail = false;
    const list = new PagedList(host, async () => {
      if (fail) throw new Error('no');
      return { data: [row(1)], next: null };
    });
    await list.load();
    fail = true;
    await list.replace();
    expect([list.state, list.items, list.failure]).toEqual(['failed', [], 'no']);
  });
  it('says the failure although a look in the background overtook the question', async () => {
    const answers: { fail(): void }[] = [];
    const list = new PagedList<{ id: number }>(
      host,
      () => new Promise((_, reject) => answers.push({ fail: () => reject(new Error('no')) })),
    );
    const both = [list.replace(), list.refresh()];
    for (const answer of answers) answer.fail();
    await Promise.all(both);
    expect(list.state).toBe('failed');
  });
  it('takes news into a page that was on its way', async () => {
    let answer: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const list = new PagedList(host, async (after) => {
      if (after) await late;
      return after ? { data: [{ id: 2, read: false }], next: null } : { data: [{ id: 1, read: false }], next: 'c1' };
    });
    await list.load();
    const more = list.more();
    list.change((items) => items.map((item) => ({ ...item, read: true })));
    answer();
    await more;
    expect(list.items).toEqual([1, 2].map((id) => ({ id, read: true })));
  });
  it('looks again as far as was read', async () => {
    let version = 1;
    const list = new PagedList(host, async (after) => {
      const at = Number(after?.slice(1) ?? 0);
      return { data: [{ id: at, version }], next: at < 5 ? `c${at + 1}` : null };
    });
    await list.load();
    await list.more();
    await list.more();
    version = 2;
    await list.refresh();
    expect(list.items).toEqual([0, 1, 2].map((id) => ({ id, version: 2 })));
    expect(list.next).toBe('c3');
    await list.replace();
    expect(list.items).toEqual([{ id: 0, version: 2 }]);
  });
  it('keeps a page that is asked for while it looks again, whichever begins first', async () => {
    for (const begin of [
      ['refresh', 'more'],
      ['more', 'refresh'],
    ] as const) {
      const list = new PagedList(host, async (after) =>
        after ? { data: [row(2)], next: null } : { data: [row(1)], next: 'c1' },
      );
      await list.load();
      await Promise.all(begin.map((what) => list[what]()));
      expect(list.items).toEqual([row(1), row(2)]);
    }
  });
  it('keeps what lies beyond the pages that are read again', async () => {
    let first = 1;
    const list = new PagedList<{ id: number }>(host, async (after = '0') => ({
      data: [row(after === '0' ? first : Number(after) + 1)],
      next: after === '13' ? null : String(Number(after) + 1),
    }));
    await list.load();
    for (let page = 0; page < 13; page++) await list.more();
    expect(list.items).toHaveLength(14);
    first = 101;
    await list.refresh();
    expect(list.items.map(({ id }) => id)).toEqual([101, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect(list.next).toBeNull();
  });
  it('looks no further because rows were added', async () => {
    const asked: (string | undefined)[] = [];
    const list = new PagedList(host, async (after) => {
      asked.push(after);
      return { data: [row(1)], next: 'c1' };
    });
    await list.load();
    list.change((items) => [row(0), ...items]);
    await list.refresh();
    expect(asked).toEqual([undefined, undefined]);
  });
  it('looks once more after a burst, however many ask meanwhile', async () => {
    let asked = 0;
    const list = new PagedList(host, async () => ({ data: [row(++asked)], next: null }));
    await list.load();
    await Promise.all([list.refresh(), list.refresh(), list.refresh(), list.refresh()]);
    await vi.waitFor(() => expect(list.items).toEqual([row(3)]));
    expect(asked).toBe(3);
  });
  it('leaves no gap when it is read anew while its next page is on its way', async () => {
    let answer: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const list = new PagedList(host, async (after) => {
      if (after === 'c2') await late;
      const at = Number(after?.slice(1) ?? 0);
      return { data: [row(at + 1)], next: `c${at + 1}` };
    });
    await list.load();
    await list.more();
    const replaced = list.replace();
    const more = list.more();
    await replaced;
    answer();
    await more;
    expect([list.items, list.next]).toEqual([[row(1)], 'c1']);
  });
  it('loses nothing that comes while it is being read', async () => {
    let answer: (page: { data: { id: number }[]; next: null }) => void = () => undefined;
    const list = new PagedList(
      host,
      () =>
        new Promise<{ data: { id: number }[]; next: null }>((resolve) => {
          answer = resolve;
        }),
    );
    const loaded = list.load();
    list.change((items) => [row(2), ...items]);
    answer({ data: [row(1)], next: null });
    await loaded;
    expect(list.items).toEqual([row(2), row(1)]);
  });
});
