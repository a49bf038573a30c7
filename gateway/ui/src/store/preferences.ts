/** The preferences of this browser: the theme, and whether single letters are shortcuts. */
import { Store } from './store';

export type Theme = 'system' | 'light' | 'dark';
const THEME = 'mensajeria.theme';
const LETTERS = 'mensajeria.letters';

export const theme = new Store<Theme>('system');
export const letters = new Store<boolean>(true);

/** Loads and applies the preferences before anything is drawn. */
export function startPreferences(): void {
  const chosen = localStorage.getItem(THEME);
  theme.set(chosen === 'light' || chosen === 'dark' ? chosen : 'system');
  letters.set(localStorage.getItem(LETTERS) !== 'off');
  showTheme(theme.get());
}

export function chooseTheme(next: Theme): void {
  localStorage.setItem(THEME, next);
  theme.set(next);
  showTheme(next);
}

export function chooseLetters(on: boolean): void {
  localStorage.setItem(LETTERS, on ? 'on' : 'off');
  letters.set(on);
}

/** The theme in effect, chosen by the user or by the system. */
export function isDark(): boolean {
  const chosen = theme.get();
  return chosen === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

function showTheme(next: Theme): void {
  const root = document.documentElement;
  if (next === 'system') delete root.dataset.theme;
  else root.dataset.theme = next;
}
