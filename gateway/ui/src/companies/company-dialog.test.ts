/** Rules of editing a company: only what was changed is sent. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import './company-dialog';
import type { CompanyDialog } from './company-dialog';
import { NO_LIMITS } from './limits';

let dialog: CompanyDialog;
let sent: unknown[];
let heard: string[];

async function save(name: string): Promise<void> {
  const input = dialog.renderRoot.querySelector('#name') as HTMLInputElement;
  input.value = name;
  input.dispatchEvent(new Event('input'));
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
  dialog = document.createElement('company-dialog') as CompanyDialog;
  dialog.company = {
    id: 'c1',
    name: 'Vigía',
    country: 'CO',
    time_zone: 'America/Bogota',
    limits: NO_LIMITS,
  };
  for (const news of ['saved', 'dialog-closed']) dialog.addEventListener(news, () => heard.push(news));
  document.body.append(dialog);
  await dialog.updateComplete;
});
afterEach(() => {
  dialog.remove();
  vi.unstubAllGlobals();
});

describe('editing a company', () => {
  it('sends only what differs', async () => {
    await save('Vigía Andina');
    expect([sent, heard]).toEqual([[{ name: 'Vigía Andina' }], ['saved']]);
  });
  it('sets and takes away the number above which another person approves', async () => {
    const write = async (limit: string) => {
      const field = dialog.renderRoot.querySelector('#approval_above') as HTMLInputElement;
      field.value = limit;
      field.dispatchEvent(new Event('input'));
      await dialog.updateComplete;
    };
    await write('500');
    await save('Vigía');
    expect(sent).toEqual([{ limits: { approval_above: 500 } }]);
    await write('-5');
    dialog.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(dialog.renderRoot.querySelector('#approval_above-error')).not.toBeNull());
    expect(sent).toHaveLength(1);
  });
  it('sends nothing when nothing differs', async () => {
    await save('Vigía');
    expect([sent, heard]).toEqual([[], ['dialog-closed']]);
  });
});
