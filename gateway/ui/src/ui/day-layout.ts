/** Where the rows of a list grouped by day stand, without looking at each row. */

/** The heights of a row and of a day's heading, in pixels. */
export interface RowSizes {
  row: number;
  heading: number;
}
export interface DayGroup {
  /** A moment of the day, as its first row gives it. */
  at: string;
  /** The index of its first row, and how many rows it has. */
  first: number;
  count: number;
  /** Where its heading begins, in pixels. */
  top: number;
}
/** The rows from `from` up to, not including, `to`. */
export interface RowRange {
  from: number;
  to: number;
}

export class DayLayout {
  readonly groups: DayGroup[] = [];
  readonly height: number;

  /**
   * `length` rows, newest first; `at` gives a row's moment (RFC 3339). The ends of the days are found by bisection: a list
   * of 100,000 messages costs a few thousand dates, not 100,000.
   */
  constructor(
    private readonly length: number,
    at: (index: number) => string,
    readonly sizes: RowSizes,
  ) {
    let top = 0;
    for (let first = 0; first < length; ) {
      const end = endOfDay(first, length, at);
      this.groups.push({ at: at(first), first, count: end - first, top });
      top += sizes.heading + (end - first) * sizes.row;
      first = end;
    }
    this.height = top;
  }

  /** Where a row begins, in pixels. */
  topOf(index: number): number {
    const group = this.groupOf((one) => one.first <= index);
    return group ? group.top + this.sizes.heading + (index - group.first) * this.sizes.row : 0;
  }

  /** The rows that a view from `top` on, `height` high, touches. */
  visible(top: number, height: number): RowRange {
    return { from: this.indexAt(top), to: Math.min(this.length, this.indexAt(top + height) + 1) };
  }

  private indexAt(y: number): number {
    const group = this.groupOf((one) => one.top <= y);
    if (!group) return 0;
    const within = Math.floor((y - group.top - this.sizes.heading) / this.sizes.row);
    return group.first + Math.max(0, Math.min(group.count - 1, within));
  }

  /** The last group that begins early enough. */
  private groupOf(begins: (group: DayGroup) => boolean): DayGroup | undefined {
    return this.groups[bisect(0, this.groups.length, (i) => begins(this.groups[i] as DayGroup)) - 1];
  }
}

/** The index after the last row of the day on which the row `first` is. */
function endOfDay(first: number, length: number, at: (index: number) => string): number {
  const day = new Date(at(first));
  const start = new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  return bisect(first + 1, length, (i) => Date.parse(at(i)) >= start);
}

/** The first index in `from..to` for which `holds` is false; it holds for all before it, and for none after. */
function bisect(from: number, to: number, holds: (index: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
