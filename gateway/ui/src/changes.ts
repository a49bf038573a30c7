/** The PATCH of an edited form: only the changed fields, so that concurrent changes of the others survive. */

/** The fields of `now` that differ from what was loaded; lists as a whole. */
export function changesOf<T extends object>(loaded: T, now: T): Partial<T> {
  const names = Object.keys(now) as (keyof T)[];
  const changed = names.filter((name) => JSON.stringify(now[name]) !== JSON.stringify(loaded[name]));
  return Object.fromEntries(changed.map((name) => [name, now[name]])) as Partial<T>;
}

export const isEmpty = (changes: object): boolean => Object.keys(changes).length === 0;
