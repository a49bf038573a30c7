/** Short notices that come and go without taking the focus; one that is looked at waits. */
import { Store } from './store';

/** Undo is offered as long as the server allows it. */
export const UNDO_MS = 10_000;
const NOTICE_MS = 6_000;
const FAILURE_MS = 10_000;
/** More than these at once help nobody: the oldest leaves. */
const TOASTS_MAX = 4;

export interface ToastAction {
  label: string;
  run(): void;
}
export interface Toast {
  id: number;
  kind: 'done' | 'failed' | 'message';
  text: string;
  /** Who wrote and when, for a new message. */
  author?: string;
  at?: string;
  urgent?: boolean;
  /** Its author asks for an acknowledgement. */
  acknowledge?: boolean;
  /** The id of the new message: without it the notice has no sense. */
  message?: string;
  /** It offers what the server allows until a fixed moment: nothing makes it leave before, or stay longer. */
  fixed?: boolean;
  actions: ToastAction[];
  stays_ms: number;
}

export const toasts = new Store<Toast[]>([]);
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let last = 0;

export function toast(notice: Partial<Toast> & { text: string }): number {
  const id = ++last;
  const shown: Toast = { kind: 'done', actions: [], stays_ms: NOTICE_MS, ...notice, id };
  toasts.update((now) => withRoom([...now, shown]));
  start(shown);
  return id;
}

export function toastFailure(text: string): void {
  toast({ kind: 'failed', text, stays_ms: FAILURE_MS });
}

export function dismiss(id: number): void {
  clearTimeout(timers.get(id));
  timers.delete(id);
  toasts.update((now) => now.filter((one) => one.id !== id));
}

/** The message is not there any more: neither is its notice. */
export function dismissMessage(message: string): void {
  for (const one of toasts.get()) if (one.message === message) dismiss(one.id);
}

/** Somebody reads it. */
export function hold(one: Toast): void {
  if (!one.fixed) clearTimeout(timers.get(one.id));
}

/** Nobody reads it any longer: it stays its full time again. */
export function release(one: Toast): void {
  if (!one.fixed) start(one);
}

function start(one: Toast): void {
  clearTimeout(timers.get(one.id));
  timers.set(
    one.id,
    setTimeout(() => dismiss(one.id), one.stays_ms),
  );
}

/** The oldest notices leave first, but never one with a fixed end. */
function withRoom(now: Toast[]): Toast[] {
  const spare = now.filter((one) => !one.fixed);
  const leaving = new Set(spare.slice(0, Math.max(0, now.length - TOASTS_MAX)));
  leaving.delete(now.at(-1) as Toast);
  return now.filter((one) => !leaving.has(one));
}
