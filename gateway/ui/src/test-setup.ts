/** Every test starts with empty browser storage, in Spanish. */
import { beforeEach } from 'vitest';
import { useLanguage } from './i18n';

await useLanguage('es');

beforeEach(() => {
  localStorage.clear();
});
