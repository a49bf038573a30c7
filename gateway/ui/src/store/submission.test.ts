/** Rules of sending a form once. */
import { describe, expect, it } from 'vitest';
import { Submission } from './submission';

const keys = () => {
  let n = 0;
  return () => `k${++n}`;
};
const echo = async (_: unknown, key: string) => key;

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
