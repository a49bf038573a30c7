/** Every test starts without what a browser would have remembered. */
import { beforeEach } from 'vitest';

beforeEach(() => {
  localStorage.clear();
});
