/** The keyboard shortcuts. */
export type Command =
  | 'compose'
  | 'notify'
  | 'search'
  | 'next'
  | 'previous'
  | 'select'
  | 'delete'
  | 'read'
  | 'unread'
  | 'undo'
  | 'help';

/** In the order in which the help shows them. */
export const KEYS: [Command, string][] = [
  ['compose', 'c'],
  ['notify', 'n'],
  ['search', '/'],
  ['next', 'j'],
  ['previous', 'k'],
  ['select', 'x'],
  ['delete', '#'],
  ['read', 'Shift+I'],
  ['unread', 'Shift+U'],
  ['undo', 'z'],
  ['help', '?'],
];

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey' | 'composedPath'>;

/** The command of a key press, or null: while typing, with Ctrl or Alt, or when letters are switched off. */
export function commandOf(press: Press, lettersOn: boolean): Command | null {
  if (!lettersOn || press.ctrlKey || press.metaKey || press.altKey) return null;
  if (typing(press)) return null;
  const name = press.shiftKey && /^[a-z]$/i.test(press.key) ? `Shift+${press.key.toUpperCase()}` : press.key;
  return KEYS.find(([, key]) => key === name)?.[0] ?? null;
}

function typing(press: Press): boolean {
  const target = press.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
