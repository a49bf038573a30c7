/** The actions that can be undone, by the toast's button or by the key z. */
import { t } from '../i18n';
import { sentence } from '../problem';
import { dismiss, type Toast, toast, toastFailure, UNDO_MS } from './toasts';

/** The most steps kept for the key z. */
const STEPS_MAX = 20;

interface Step {
  toast: number;
  run(): Promise<void> | void;
}
const steps: Step[] = [];

/** Shows an action with «Deshacer» for ten seconds. If the server refuses the action, the offer is removed. */
export function offerUndo(text: string, run: () => Promise<void> | void, more: Partial<Toast> = {}): () => void {
  const step: Step = { toast: 0, run };
  const action = { label: t('undo'), run: () => void take(step) };
  step.toast = toast({ text, actions: [action], stays_ms: UNDO_MS, ...more });
  keep(step);
  return () => {
    const place = steps.indexOf(step);
    if (place >= 0) steps.splice(place, 1);
    dismiss(step.toast);
  };
}

/** A small action without a toast: only the key z undoes it. */
export function rememberStep(run: () => Promise<void> | void): void {
  keep({ toast: 0, run });
}

function keep(step: Step): void {
  steps.push(step);
  if (steps.length > STEPS_MAX) steps.shift();
}

/** Undoes the last action; false when there is none. */
export async function undoLast(): Promise<boolean> {
  const step = steps.at(-1);
  if (!step) return false;
  await take(step);
  return true;
}

export function forgetSteps(): void {
  steps.length = 0;
}

async function take(step: Step): Promise<void> {
  const place = steps.indexOf(step);
  if (place < 0) return;
  steps.splice(place, 1);
  dismiss(step.toast);
  try {
    await step.run();
  } catch (error) {
    toastFailure(t('undo.failed', { why: sentence(error) }));
  }
}
