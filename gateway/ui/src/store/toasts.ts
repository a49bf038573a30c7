/** Short notices that come and go without taking the focus. */
import { Store } from './store';

/** Undo is offered as long as the server allows it. */
export const UNDO_MS = 10_000;
const NOTICE_MS = 6_000;
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
  actions: ToastAction[];
  stays_ms: number;
}

export const toasts = new Store<Toast[]>([]);
let last = 0;

export function toast(notice: Partial<Toast> & { text: string }): number {
  const id = ++last;
  const shown: Toast = { kind: 'done', actions: [], stays_ms: NOTICE_MS, ...notice, id };
  toasts.update((now) => [...now, shown].slice(-TOASTS_MAX));
  return id;
}

export function toastFailure(text: string): void {
  toast({ kind: 'failed', text, stays_ms: 10_000 });
}

export function dismiss(id: number): void {
  toasts.update((now) => now.filter((one) => one.id !== id));
}
