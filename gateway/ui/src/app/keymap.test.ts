/** Rules of the keyboard. */
import { describe, expect, it } from 'vitest';
import { commandOf } from './keymap';

const press = (key: string, some: Partial<KeyboardEvent> = {}, target: EventTarget = document.body) =>
  ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    composedPath: () => [target],
    ...some,
  }) as KeyboardEvent;

describe('keys', () => {
  it('mean their commands', () => {
    const meant = ['c', 'n', '/', 'j', 'k', 'x', '#', 'z', '?'].map((key) => commandOf(press(key), true));
    expect(meant).toEqual(['compose', 'notify', 'search', 'next', 'previous', 'select', 'delete', 'undo', 'help']);
  });
  it('with Shift are I and U', () => {
    expect(commandOf(press('I', { shiftKey: true }), true)).toBe('read');
    expect(commandOf(press('U', { shiftKey: true }), true)).toBe('unread');
    expect(commandOf(press('i'), true)).toBeNull();
    expect(commandOf(press('#', { shiftKey: true }), true)).toBe('delete');
  });
  it('mean nothing while typing', () => {
    const input = document.createElement('input');
    expect(commandOf(press('c', {}, input), true)).toBeNull();
    expect(commandOf(press('c', {}, document.createElement('textarea')), true)).toBeNull();
    input.type = 'checkbox';
    expect(commandOf(press('j', {}, input), true)).toBe('next');
  });
  it('leave the browser its own', () => {
    expect(commandOf(press('c', { ctrlKey: true }), true)).toBeNull();
    expect(commandOf(press('c', { metaKey: true }), true)).toBeNull();
  });
  it('can be switched off', () => {
    expect(commandOf(press('c'), false)).toBeNull();
  });
});
