/** Rules of a value that is asked for again and again. */
import type { ReactiveControllerHost } from 'lit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Polled } from './polled';

let asked: number;
let answer: () => Promise<number>;
let polled: Polled<number>;

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  answer = async () => ++asked;
  const host = { addController: () => undefined, requestUpdate: () => undefined } as unknown as ReactiveControllerHost;
  polled = new Polled(
    host,
    () => answer(),
    (value) => (value === 2 ? 5_000 : 1_000),
  );
  polled.hostConnected();
});
afterEach(() => {
  polled.hostDisconnected();
  vi.useRealTimers();
});

it('is asked for at the pace that the value calls for', async () => {
  await vi.advanceTimersByTimeAsync(1_000);
  expect(polled.value).toBe(2);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(polled.value).toBe(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(polled.value).toBe(3);
});
it('stays after a failure, which is told until the next answer', async () => {
  await vi.advanceTimersByTimeAsync(0);
  answer = async () => Promise.reject(new Error('Ocupado.'));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([polled.value, polled.failure]).toEqual([1, 'Ocupado.']);
  answer = async () => 9;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([polled.value, polled.failure]).toEqual([9, '']);
});
it('is asked for no more once its element has left', async () => {
  await vi.advanceTimersByTimeAsync(0);
  polled.hostDisconnected();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
});
