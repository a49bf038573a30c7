/** Rules of editing a client: only what was changed is sent, the contacts as a whole if one of them was. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Client } from '../contract';
import './client-dialog';
import type { ClientDialog } from './client-dialog';

const marta: Client = {
  id: 'k1',
  columns: {},
  company_id: 'c1',
  name: 'Marta',
  external_id: null,
  contacts: [{ kind: 'holder', name: 'Marta', phone: '+573001112233', email: null }],
};
let dialog: ClientDialog;
let sent: unknown[];
let heard: string[];

function write(name: string, text: string): void {
  const input = dialog.renderRoot.querySelector(`input[name="${name}"]`) as HTMLInputElement;
  input.value = text;
  input.dispatchEvent(new Event('input'));
}
async function save(): Promise<void> {
  await dialog.updateComplete;
  dialog.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  await vi.waitFor(() => expect(heard).toHaveLength(1));
}

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  sent = [];
  heard = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push(await request.json());
    return new Response('{"position":9}', { headers: { 'content-type': 'application/json' } });
  });
  dialog = document.createElement('client-dialog') as ClientDialog;
  dialog.client = marta;
  for (const news of ['saved', 'dialog-closed']) dialog.addEventListener(news, () => heard.push(news));
  document.body.append(dialog);
  await dialog.updateComplete;
});
afterEach(() => {
  dialog.remove();
  vi.unstubAllGlobals();
});

describe('editing a client', () => {
  it('leaves the contacts to a colleague when only the name changes', async () => {
    write('name', 'Marta Niño');
    await save();
    expect(sent).toEqual([{ name: 'Marta Niño' }]);
  });
  it('sends all contacts when one of them changes', async () => {
    write('contacts.0.email', 'marta@a.test');
    await save();
    expect(sent).toEqual([{ contacts: [{ ...marta.contacts[0], email: 'marta@a.test' }] }]);
  });
  it('sends nothing when what was written is what was there', async () => {
    write('name', 'Marta ');
    write('external_id', '');
    await save();
    expect([sent, heard]).toEqual([[], ['dialog-closed']]);
  });
});
