/** Registers the service worker, and says when a new version has taken over. */
import { Store } from '../store/store';

/** A page that stays open through a shift looks for a new version this often, in milliseconds. */
const LOOK_MS = 3_600_000;

/** Whether a version newer than this page answers the next load. */
export const newVersion = new Store<boolean>(false);

/** Called when the first load is over: the files that it did not need come in the background. */
export async function startWorker(): Promise<void> {
  const workers = globalThis.navigator?.serviceWorker;
  if (!import.meta.env.PROD || !workers) return;
  // The first worker of a browser replaces none.
  let isFirst = !workers.controller;
  workers.addEventListener('controllerchange', () => {
    if (!isFirst) newVersion.set(true);
    isFirst = false;
  });
  const registration = await workers.register('/sw.js').catch(() => null);
  if (registration) setInterval(() => void registration.update().catch(() => undefined), LOOK_MS);
}
