/** Rules of a live stream: it resumes after the last event, forgets its place on reset, and knows when to give up. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, LiveStream, RETRY_MAX_MS, RETRY_MIN_MS, SILENCE_MAX_MS } from './live-stream';
import type { ServerEvent } from './sse';

const answer = (text: string) => new Response(text);
/** Open, and nothing comes until it is cut, as a browser cuts a body whose request is aborted. */
const silent = (signal: AbortSignal) =>
  new Response(
    new ReadableStream({ start: (body) => signal.addEventListener('abort', () => body.error(new Error('aborted'))) }),
  );
let opened: (string | null)[];
let heard: ServerEvent[];
let states: Connection[];
let answers: ((signal: AbortSignal) => Response | Promise<Response>)[];

function stream(): LiveStream {
  return new LiveStream(
    async (last, signal) => {
      opened.push(last);
      const next = answers.shift();
      if (!next)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
      return next(signal);
    },
    { event: (event) => heard.push(event), connection: (state) => states.push(state) },
  );
}
const refuse = (status: number) => () => Promise.reject(Object.assign(new Error(), { status }));

beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  heard = [];
  states = [];
  answers = [];
});
afterEach(() => vi.useRealTimers());

describe('a live stream', () => {
  it('opens again after the last event it saw', async () => {
    answers = [() => answer('id: 7\nevent: counts\ndata: {}\n\nid: 8\ndata: x\n\n')];
    const live = stream();
    void live.run();
    await vi.advanceTimersByTimeAsync(RETRY_MIN_MS);
    expect(heard.map((event) => event.id)).toEqual(['7', '8']);
    expect(opened).toEqual([null, '8']);
    live.stop();
  });
  it('forgets its place on reset', async () => {
    answers = [() => answer('id: 7\ndata: x\n\nevent: reset\ndata: {}\n\n')];
    const live = stream();
    void live.run();
    await vi.advanceTimersByTimeAsync(RETRY_MIN_MS);
    expect(heard.at(-1)?.event).toBe('reset');
    expect(opened).toEqual([null, null]);
    live.stop();
  });
  it('takes the place that the reset gives', async () => {
    answers = [() => answer('id: 90\nevent: reset\ndata: {}\n\n')];
    const live = stream();
    void live.run();
    await vi.advanceTimersByTimeAsync(RETRY_MIN_MS);
    expect(opened).toEqual([null, '90']);
    live.stop();
  });
  it('waits longer after each failure, up to a limit, and not at all when the network is back', async () => {
    answers = Array.from({ length: 12 }, () => refuse(503));
    const live = stream();
    void live.run();
    await vi.advanceTimersByTimeAsync(RETRY_MIN_MS);
    expect(opened).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(RETRY_MIN_MS);
    expect(opened).toHaveLength(2);
    live.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(opened).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(10 * RETRY_MAX_MS);
    expect(opened.length).toBeGreaterThan(10);
    expect(states).toContain('lost');
    live.stop();
  });
  it('does not insist when it is signed out', async () => {
    answers = [refuse(401)];
    await stream().run();
    expect(opened).toHaveLength(1);
    expect(states.at(-1)).toBe('closed');
  });
  it('takes silence for a dead connection', async () => {
    answers = [silent];
    const live = stream();
    void live.run();
    await vi.advanceTimersByTimeAsync(0);
    expect(states.at(-1)).toBe('open');
    await vi.advanceTimersByTimeAsync(SILENCE_MAX_MS + RETRY_MIN_MS);
    expect(opened).toHaveLength(2);
    live.stop();
  });
});
