/** Rules of the density: each user of a shared desk has their own. */
import { afterEach, expect, it } from 'vitest';
import { chooseDensity, density, startDensity } from './preferences';

afterEach(() => localStorage.clear());

it('a user finds the density that the same user chose, and a colleague does not', () => {
  startDensity('eva');
  expect(density.get()).toBe('comfortable');
  chooseDensity('eva', 'compact');
  expect(document.documentElement.dataset.density).toBe('compact');
  startDensity('luis');
  expect([density.get(), document.documentElement.dataset.density]).toEqual(['comfortable', 'comfortable']);
  startDensity('eva');
  expect(density.get()).toBe('compact');
});
