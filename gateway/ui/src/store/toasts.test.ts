/** Rules of the notices: which leave, when, and which do not. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dismissMessages, hold, release, type Toast, toast, toasts, UNDO_MS } from './toasts';

const texts = () => toasts.get().map((one) => one.text);
const first = () => toasts.get()[0] as Toast;

beforeEach(() => {
  vi.useFakeTimers();
  toasts.set([]);
});
afterEach(() => vi.useRealTimers());

describe('a notice', () => {
  it('leaves by itself, but not while it is looked at', () => {
    toast({ text: 'uno', stays_ms: 1_000 });
    hold(first());
    vi.advanceTimersByTime(5_000);
    expect(texts()).toEqual(['uno']);
    release(first());
    vi.advanceTimersByTime(1_000);
    expect(texts()).toEqual([]);
  });
  it('gives way to newer ones', () => {
    for (const text of ['1', '2', '3', '4', '5']) toast({ text });
    expect(texts()).toEqual(['2', '3', '4', '5']);
  });
  it('with a fixed end stays until it, whatever comes', () => {
    toast({ text: 'enviado', fixed: true, stays_ms: UNDO_MS });
    for (const text of ['1', '2', '3', '4', '5']) toast({ text });
    expect(texts()).toEqual(['enviado', '3', '4', '5']);
  });
  it('with a fixed end does not stay longer for being looked at', () => {
    toast({ text: 'enviado', fixed: true, stays_ms: UNDO_MS });
    vi.advanceTimersByTime(UNDO_MS - 1);
    hold(first());
    release(first());
    vi.advanceTimersByTime(1);
    expect(texts()).toEqual([]);
  });
  it('of a message leaves with the message', () => {
    toast({ text: 'nuevo', message: { id: 'm1', position: 1 } });
    toast({ text: 'otro', message: { id: 'm2', position: 2 } });
    dismissMessages(({ id }) => id === 'm1');
    expect(texts()).toEqual(['otro']);
  });
  it('that gives way says so, an urgent one last', () => {
    const gone: string[] = [];
    const message = (text: string, urgent = false) =>
      toast({ kind: 'message', text, urgent, gaveWay: () => gone.push(text) });
    message('1', true);
    for (const text of ['2', '3', '4', '5']) message(text);
    expect([texts(), gone]).toEqual([
      ['1', '4', '5'],
      ['2', '3'],
    ]);
  });
});
