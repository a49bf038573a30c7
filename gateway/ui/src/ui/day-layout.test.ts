/** Rules of a list grouped by day: each row has one place, whatever the length. */
import { describe, expect, it } from 'vitest';
import { DayLayout } from './day-layout';

const SIZES = { row: 10, heading: 4 };
const local = (day: number, hour: number) => new Date(2026, 8, day, hour).toISOString();
const layout = (...moments: string[]) => new DayLayout(moments.length, (i) => moments[i] as string, SIZES);

describe('the days', () => {
  it('begin a group each, newest first, in the reader’s own zone', () => {
    const { groups, height } = layout(local(6, 9), local(6, 0), local(5, 23), local(2, 8));
    expect(groups.map(({ first, count, top }) => [first, count, top])).toEqual([
      [0, 2, 0],
      [2, 1, 24],
      [3, 1, 38],
    ]);
    expect(height).toBe(52);
  });
  it('are none without rows', () => {
    expect(layout()).toMatchObject({ groups: [], height: 0 });
    expect(layout().visible(0, 100)).toEqual({ from: 0, to: 0 });
  });
  it('cost few dates in a long list', () => {
    let looked = 0;
    const at = (i: number) => {
      looked++;
      return new Date(2026, 8, 6, 12, 0, -i * 60).toISOString();
    };
    const { groups } = new DayLayout(100_000, at, SIZES);
    expect(groups.length).toBe(70);
    expect(looked).toBeLessThan(2_000);
  });
});

describe('a row', () => {
  const days = layout(local(6, 9), local(6, 0), local(5, 23), local(2, 8));
  it('begins below the heading of its day and the rows before it', () => {
    expect([0, 1, 2, 3].map((i) => days.topOf(i))).toEqual([4, 14, 28, 42]);
  });
  it('is visible while a part of it is in view', () => {
    expect(days.visible(0, 52)).toEqual({ from: 0, to: 4 });
    expect(days.visible(14, 5)).toEqual({ from: 1, to: 2 });
    expect(days.visible(23, 6)).toEqual({ from: 1, to: 3 });
  });
  it('stays within the list where the view goes beyond it', () => {
    expect(days.visible(900, 100)).toEqual({ from: 3, to: 4 });
    expect(days.visible(-50, 10)).toEqual({ from: 0, to: 1 });
  });
});
