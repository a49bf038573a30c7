/** Rules of sending a form once. */
import { describe, expect, it } from 'vitest';
import { Problem } from '../problem';
import { type Memory, Submission, type Unanswered } from './submission';

const keys = () => {
  let n = 0;
  return () => `k${++n}`;
};
const echo = async (_: unknown, key: string) => key;

class Stored implements Memory {
  kept: Unanswered | null = null;
  recall = () => this.kept;
  keep(unanswered: Unanswered | null): void {
    this.kept = unanswered;
  }
}
const failWith = (status: number, code?: string) => async () => Promise.reject(new Problem(status, { code }));

describe('a submission with a memory', () => {
  it('keeps its key over a reload while its answer is not known', async () => {
    const stored = new Stored();
    await expect(new Submission(keys(), stored).once('a', failWith(0))).rejects.toThrow();
    expect(await new Submission(() => 'fresh', stored).once('a', echo)).toBe('k1');
  });
  it('forgets once the server has answered, yes or no', async () => {
    const stored = new Stored();
    await new Submission(keys(), stored).once('a', echo);
    expect(stored.kept).toBeNull();
    await expect(new Submission(keys(), stored).once('a', failWith(422))).rejects.toThrow();
    expect(stored.kept).toBeNull();
  });
  it('does not take the first attempt for refused because a second one came too soon or unread', async () => {
    const stored = new Stored();
    await expect(new Submission(keys(), stored).once('a', failWith(0))).rejects.toThrow();
    for (const [status, code] of [
      [409, 'still_running'],
      [401, undefined],
      [429, undefined],
    ] as const) {
      await expect(new Submission(() => 'fresh', stored).once('a', failWith(status, code))).rejects.toThrow();
      expect(stored.kept?.key).toBe('k1');
    }
    await expect(new Submission(keys(), stored).once('a', failWith(409, 'unconfirmed'))).rejects.toThrow();
    expect(stored.kept).toBeNull();
  });
});

describe('a submission', () => {
  it('ignores a second press while the first runs', async () => {
    const submission = new Submission(keys());
    const both = await Promise.all([submission.once('a', echo), submission.once('a', echo)]);
    expect(both).toEqual(['k1', undefined]);
  });
  it('keeps its key after a failure and changes it with the body', async () => {
    const submission = new Submission(keys());
    const fail = async (_: unknown, key: string) => Promise.reject(new Error(key));
    await expect(submission.once('a', fail)).rejects.toThrow('k1');
    await expect(submission.once('a', fail)).rejects.toThrow('k1');
    expect(await submission.once('b', echo)).toBe('k2');
  });
  it('is another one after it succeeded, even with the same words', async () => {
    const submission = new Submission(keys());
    expect(await submission.once('a', echo)).toBe('k1');
    expect(await submission.once('a', echo)).toBe('k2');
  });
});
