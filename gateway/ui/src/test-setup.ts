/** Every test starts with empty browser storage. */
import { beforeEach } from 'vitest';

beforeEach(() => {
  localStorage.clear();
});
