/** The router: the page of an address, and navigation without a reload. */
import { Store } from '../store/store';

export interface Place {
  path: string;
  query: URLSearchParams;
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });
export const place = new Store<Place>(here());

export function navigate(to: string): void {
  if (to !== location.pathname + location.search) history.pushState(null, '', to);
  place.set(here());
}

/** Changes the filters in the address, without a history entry. Empty values are removed. */
export function replaceQuery(values: Record<string, string>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const search = query.toString();
  history.replaceState(null, '', location.pathname + (search ? `?${search}` : ''));
  place.set(here());
}

/** Matches a path against a pattern such as `/mensajes/:id`: the named parts, or null. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/').filter(Boolean);
  const given = path.split('/').filter(Boolean);
  if (wanted.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] as string;
    if (part.startsWith(':')) found[part.slice(1)] = decoded(value);
    else if (part !== value) return null;
  }
  return found;
}

/** A malformed escape, as in an address typed by hand, is taken literally. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Handles the browser's history buttons, and links to our own pages in any shadow root. */
export function startRouter(): void {
  window.addEventListener('popstate', () => place.set(here()));
  window.addEventListener('click', (event) => {
    const link = ownLink(event);
    if (!link) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}

function ownLink(event: MouseEvent): HTMLAnchorElement | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
  if (!(link instanceof HTMLAnchorElement) || link.target || link.download) return null;
  const ours = link.origin === location.origin && !link.pathname.startsWith('/api/');
  return ours && !link.getAttribute('href')?.startsWith('#') ? link : null;
}
