/** Rules of the tab's title and icon. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { markWindow } from './window-mark';

const icon = () => document.querySelector('link[rel="icon"]')?.getAttribute('href');

beforeEach(() => {
  document.head.innerHTML = '<link rel="icon" href="/favicon.svg" />';
});
afterEach(() => {
  document.head.innerHTML = '';
});

it('the icon has a dot and the title the number while messages are unread', () => {
  markWindow('Inicio', 1284);
  expect([document.title, icon()]).toEqual(['(1.284) Inicio', expect.stringContaining('d92d20')]);
  markWindow('Inicio', 0);
  expect([document.title, icon()]).toEqual(['Inicio', '/favicon.svg']);
});
it('a page without an icon still has its title', () => {
  document.head.innerHTML = '';
  markWindow('Inicio', 2);
  expect(document.title).toBe('(2) Inicio');
});
