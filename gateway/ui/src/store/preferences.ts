/** The preferences of this browser, the theme and the shortcuts, and of each user in it: the density. */
import { Store } from './store';

export type Theme = 'system' | 'light' | 'dark';
/** How much room a row takes: comfortable to read, or as many rows as fit. */
export type Density = 'comfortable' | 'compact';
const THEME = 'mensajeria.theme';
const LETTERS = 'mensajeria.letters';
/** Minutes between reminders of an acknowledgement that is asked for; 0: none. */
export const PACES = [0, 5, 15, 30, 60] as const;
export type Pace = (typeof PACES)[number];
const PACE_AT_FIRST: Pace = 15;
const paceOf = (user: string) => `mensajeria.pace.${user}`;
const densityOf = (user: string) => `mensajeria.density.${user}`;

export const theme = new Store<Theme>('system');
export const letters = new Store<boolean>(true);
export const density = new Store<Density>('comfortable');
export const pace = new Store<Pace>(PACE_AT_FIRST);

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

/** Applies the density that a user has chosen in this browser; colleagues at the same desk have their own. */
export function startDensity(user: string): void {
  showDensity(localStorage.getItem(densityOf(user)) === 'compact' ? 'compact' : 'comfortable');
}

export function chooseDensity(user: string, next: Density): void {
  localStorage.setItem(densityOf(user), next);
  showDensity(next);
}

/** Applies the pace of reminders that a user has chosen in this browser. */
export function startPace(user: string): void {
  const stored = localStorage.getItem(paceOf(user));
  pace.set(PACES.find((one) => String(one) === stored) ?? PACE_AT_FIRST);
}

export function choosePace(user: string, next: Pace): void {
  localStorage.setItem(paceOf(user), String(next));
  pace.set(next);
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

function showDensity(next: Density): void {
  document.documentElement.dataset.density = next;
  density.set(next);
}
