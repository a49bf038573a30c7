/** Rules of the views of a list: links with its filters, those of a user beside those of everybody. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { navigate, place } from '../app/router';
import { savedViews } from '../store/saved-views';
import { toasts } from '../store/toasts';
import './saved-views';
import type { SavedViews } from './saved-views';

let views: SavedViews;
const links = () => [...views.renderRoot.querySelectorAll('a')];
const current = () => links().find((one) => one.getAttribute('aria-current'))?.textContent;
const button = (label: RegExp) =>
  [...views.renderRoot.querySelectorAll('button')].find((one) =>
    label.test(one.getAttribute('aria-label') ?? one.textContent ?? ''),
  );

beforeEach(async () => {
  savedViews.set([]);
  navigate('/lista');
  views = Object.assign(document.createElement('saved-views') as SavedViews, {
    path: '/lista',
    views: [{ name: 'En curso', query: 'estado=running' }],
  });
  document.body.append(views);
  await views.updateComplete;
});
afterEach(() => {
  views.remove();
  savedViews.set([]);
  navigate('/');
});

async function save(name: string): Promise<void> {
  button(/Guardar vista/)?.click();
  await vi.waitFor(() => expect(views.renderRoot.querySelector('input')).not.toBeNull());
  Object.assign(views.renderRoot.querySelector('input') as HTMLInputElement, { value: name });
  views.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  await views.updateComplete;
}

it('the one that is shown is marked, whatever the order of its filters, and is not offered to be saved', async () => {
  expect(current()).toBe('Todas');
  expect(button(/Guardar/)).toBeUndefined();
  navigate('/lista?estado=running');
  await views.updateComplete;
  expect(current()).toBe('En curso');
  navigate('/lista?estado=running&empresa=c1');
  await views.updateComplete;
  await save('Las mías');
  navigate('/lista?empresa=c1&estado=running');
  await views.updateComplete;
  expect(current()).toBe('Las mías');
  expect(button(/Guardar/)).toBeUndefined();
});

it('one that is saved is a link with its filters, on its own page alone', async () => {
  navigate('/lista?empresa=c1');
  await views.updateComplete;
  await save('  Vigía ');
  expect(links().at(-1)?.getAttribute('href')).toBe('/lista?empresa=c1');
  expect(savedViews.get()).toEqual([{ path: '/lista', name: 'Vigía', query: 'empresa=c1' }]);
  expect(place.get().query.toString()).toBe('empresa=c1');
  views.path = '/otra';
  await views.updateComplete;
  expect(links().map((one) => one.textContent)).toEqual(['Todas', 'En curso']);
});

it('one without a name is not saved, and Escape gives it up', async () => {
  navigate('/lista?empresa=c1');
  await views.updateComplete;
  await save('   ');
  expect(savedViews.get()).toEqual([]);
  const form = views.renderRoot.querySelector('form') as HTMLFormElement;
  form.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
  await views.updateComplete;
  expect(views.renderRoot.querySelector('form')).toBeNull();
});

it('one that is removed can be had back', async () => {
  navigate('/lista?empresa=c1');
  await views.updateComplete;
  await save('Vigía');
  button(/Quitar la vista Vigía/)?.click();
  await views.updateComplete;
  expect(savedViews.get()).toEqual([]);
  toasts.get().at(-1)?.actions[0]?.run();
  expect(savedViews.get()).toHaveLength(1);
});
