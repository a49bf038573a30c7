/** Rules of a countdown. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import './seconds-left';
import type { SecondsLeft } from './seconds-left';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

describe('the seconds left', () => {
  it('are counted down to nothing, and not below', async () => {
    const element = document.createElement('seconds-left') as SecondsLeft;
    element.until_ms = performance.now() + 2_000;
    document.body.append(element);
    const words = async () => {
      await element.updateComplete;
      return element.renderRoot.textContent;
    };
    expect(await words()).toBe('(2 s)');
    vi.advanceTimersByTime(1_000);
    expect(await words()).toBe('(1 s)');
    vi.advanceTimersByTime(5_000);
    expect(await words()).toBe('(0 s)');
  });
});
