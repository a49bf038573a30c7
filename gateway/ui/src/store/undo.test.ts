/** Rules of taking back. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { toasts, UNDO_MS } from './toasts';
import { forgetSteps, offerUndo, rememberStep, undoLast } from './undo';

beforeEach(() => {
  forgetSteps();
  toasts.set([]);
});

describe('undo', () => {
  it('takes back the last step first, each once', async () => {
    const done: string[] = [];
    offerUndo('uno', () => void done.push('uno'));
    rememberStep(() => void done.push('dos'));
    expect([await undoLast(), await undoLast(), await undoLast()]).toEqual([true, true, false]);
    expect(done).toEqual(['dos', 'uno']);
  });
  it('is offered for ten seconds, and its notice leaves with it', async () => {
    offerUndo('hecho', () => undefined);
    expect(toasts.get()[0]).toMatchObject({ text: 'hecho', stays_ms: UNDO_MS });
    await undoLast();
    expect(toasts.get()).toEqual([]);
  });
  it('by the button does not happen again by the key', async () => {
    const run = vi.fn();
    offerUndo('hecho', run);
    toasts.get()[0]?.actions[0]?.run();
    await undoLast();
    expect(run).toHaveBeenCalledOnce();
  });
  it('that fails says so', async () => {
    offerUndo('hecho', () => Promise.reject(new Error('Ya pasaron 10 segundos.')));
    await undoLast();
    expect(toasts.get()[0]).toMatchObject({ kind: 'failed', text: 'No se pudo deshacer. Ya pasaron 10 segundos.' });
  });
});
