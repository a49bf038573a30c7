/** Waits for the connection to come back, for what was begun without it. */
import { connection } from './inbox-live';

/** Resolves when the live stream opens again, or the browser finds a network: not if the connection was never lost. */
export function whenConnected(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stop();
      window.removeEventListener('online', end);
      resolve();
    };
    const stop = connection.watch((now) => now === 'open' && end());
    window.addEventListener('online', end);
  });
}
