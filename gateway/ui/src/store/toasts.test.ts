/** Rules of the notices: which leave, when, and which do not. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dismissMessage, hold, release, type Toast, toast, toasts, UNDO_MS } from './toasts';

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
    toast({ text: 'nuevo', message: 'm1' });
    toast({ text: 'otro', message: 'm2' });
    dismissMessage('m1');
    expect(texts()).toEqual(['otro']);
  });
});
