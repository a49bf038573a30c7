/** Toasts: short notices that do not take the focus; one that is being read stays. */
import { Store } from './store';

/** Undo is offered as long as the server allows it. */
export const UNDO_MS = 10_000;
const NOTICE_MS = 6_000;
const FAILURE_MS = 10_000;
/** The most toasts at once: the oldest is removed first. */
const TOASTS_MAX = 4;
/** The most toasts about messages, which come in bursts and are tall. */
const MESSAGES_MAX = 3;

export interface ToastAction {
  label: string;
  run(): void;
}
/** The message of a toast. */
export interface MessageOfToast {
  id: string;
  position: number;
}
export interface Toast {
  id: number;
  /** `rest` counts the messages without a toast of their own. */
  kind: 'done' | 'failed' | 'message' | 'rest';
  text: string;
  /** The author and time of a new message. */
  author?: string;
  at?: string;
  urgent?: boolean;
  /** Its author asks for an acknowledgement. */
  acknowledge?: boolean;
  /** The new message. The toast is removed with it. */
  message?: MessageOfToast;
  /** The toast offers an action until a fixed moment: it is neither removed earlier nor kept longer. */
  fixed?: boolean;
  /** Its action shows the seconds that are left. */
  counts?: boolean;
  actions: ToastAction[];
  stays_ms: number;
  /** When it was shown, in milliseconds of the page's clock. */
  since_ms: number;
  /** Called when a newer toast has replaced this one. */
  gaveWay?(): void;
}

export const toasts = new Store<Toast[]>([]);
const timers = new Map<number, ReturnType<typeof setTimeout>>();
let last = 0;

export function toast(notice: Partial<Toast> & { text: string }): number {
  const id = ++last;
  const shown: Toast = { kind: 'done', actions: [], stays_ms: NOTICE_MS, since_ms: performance.now(), ...notice, id };
  toasts.update((now) => [...now, shown]);
  start(shown);
  for (let one = tooMany(shown); one; one = tooMany(shown)) {
    dismiss(one.id);
    one.gaveWay?.();
  }
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

export function dismissMessages(leaves: (message: MessageOfToast) => boolean): void {
  for (const one of toasts.get()) if (one.message && leaves(one.message)) dismiss(one.id);
}

/** Removes all toasts: they belonged to the previous user. */
export function forgetToasts(): void {
  for (const { id } of toasts.get()) dismiss(id);
}

export const isShown = (id: number): boolean => toasts.get().some((one) => one.id === id);

/** Changes the text; the timer goes on. */
export function amend(id: number, change: Pick<Toast, 'text'>): void {
  toasts.update((now) => now.map((one) => (one.id === id ? { ...one, ...change } : one)));
}

/** Pauses a toast that is being read. */
export function hold(one: Toast): void {
  if (!one.fixed) clearTimeout(timers.get(one.id));
}

/** Restarts the timer with its full time. */
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

/**
 * The notice that gives way to the newest: the oldest, an urgent one after the others, one with a fixed end never. The
 * line about the rest takes nobody's place, or it would make more of them.
 */
function tooMany(newest: Toast): Toast | undefined {
  const now = toasts.get().filter(({ kind }) => kind !== 'rest');
  const messages = now.filter(({ kind }) => kind === 'message');
  const crowd = messages.length > MESSAGES_MAX ? messages : now.length > TOASTS_MAX ? now : [];
  const spare = crowd.filter((one) => !one.fixed && one !== newest);
  return spare.find((one) => !one.urgent) ?? spare[0];
}
