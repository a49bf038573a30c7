/** Rules of the field «Destinatario», by keyboard. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directory } from './directory';
import type { Choice } from './recipients';
import './recipients-picker';
import type { RecipientsPicker } from './recipients-picker';

let picker: RecipientsPicker;
let chosen: Choice[];
const input = () => picker.renderRoot.querySelector('input') as HTMLInputElement;
const options = () =>
  [...picker.renderRoot.querySelectorAll('.option')].map((o) => o.querySelector('.text span')?.textContent);

async function type(text: string): Promise<void> {
  input().value = text;
  input().dispatchEvent(new Event('input'));
  await picker.updateComplete;
}
async function press(key: string): Promise<KeyboardEvent> {
  const event = new KeyboardEvent('keydown', { key, cancelable: true, bubbles: true });
  input().dispatchEvent(event);
  await picker.updateComplete;
  return event;
}

beforeEach(async () => {
  directory.set({
    users: [
      { id: 'u1', name: 'José Pérez', email: null, phone: null, roles: ['operator'], companies: [], active: true },
      { id: 'u2', name: 'Josefa Gil', email: null, phone: null, roles: ['operator'], companies: [], active: true },
    ],
    companies: [],
    complete: true,
  });
  picker = document.createElement('recipients-picker') as RecipientsPicker;
  chosen = [];
  picker.addEventListener('chosen', (event) => {
    chosen = (event as CustomEvent<Choice[]>).detail;
  });
  document.body.append(picker);
  await picker.updateComplete;
});
afterEach(() => picker.remove());

describe('the picker', () => {
  it('has the accessible name «Destinatario»', () => {
    expect(picker.renderRoot.querySelector('label')?.textContent).toBe('Destinatario');
    expect(picker.renderRoot.querySelector('label')?.getAttribute('for')).toBe(input().id);
  });
  it('finds José by jose, and Enter makes a chip', async () => {
    await type('jose');
    expect(options()).toEqual(['José Pérez', 'Josefa Gil']);
    await press('Enter');
    expect(chosen.map((c) => c.id)).toEqual(['u1']);
    expect(picker.renderRoot.querySelector('.chip')?.textContent).toContain('José Pérez');
    expect(input().value).toBe('');
  });
  it('moves with the arrows and tells which option is current', async () => {
    await type('jose');
    await press('ArrowDown');
    expect(input().getAttribute('aria-activedescendant')).toBe('option-1');
    await press('Enter');
    expect(chosen.map((c) => c.id)).toEqual(['u2']);
  });
  it('takes the last chip away with Backspace in the empty box', async () => {
    await type('jose');
    await press('Enter');
    await press('Backspace');
    expect(chosen).toEqual([]);
  });
  it('closes the list with Escape without closing the dialog around it', async () => {
    await type('jose');
    expect((await press('Escape')).defaultPrevented).toBe(true);
    expect(input().getAttribute('aria-expanded')).toBe('false');
  });
  it('counts the people while choosing', async () => {
    await type('operadores');
    await press('Enter');
    expect(picker.renderRoot.querySelector('[role="status"]')?.textContent).toBe('Lo recibirán 2 personas');
  });
});
