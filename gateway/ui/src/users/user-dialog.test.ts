/** Rules of editing a user: only what was changed is sent, a new password too if one is written. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { User } from '../contract';
import { companies } from '../store/session';
import './user-dialog';
import { NO_LIMITS } from '../companies/limits';
import type { UserDialog } from './user-dialog';

const ana: User = {
  id: 'u1',
  name: 'Ana',
  email: 'ana@a.test',
  phone: null,
  roles: ['operator'],
  companies: ['c1'],
  active: true,
};
let dialog: UserDialog;
let sent: [string, unknown][];
let heard: string[];

async function open(user: User | null): Promise<void> {
  dialog = document.createElement('user-dialog') as UserDialog;
  dialog.user = user;
  for (const news of ['saved', 'dialog-closed']) dialog.addEventListener(news, () => heard.push(news));
  document.body.append(dialog);
  await dialog.updateComplete;
}
const field = (name: string) => dialog.renderRoot.querySelector<HTMLInputElement>(`#${name}`);
function write(name: string, text: string): void {
  const input = field(name) as HTMLInputElement;
  input.value = text;
  input.dispatchEvent(new Event('input'));
}
function tick(label: string): void {
  const check = [...dialog.renderRoot.querySelectorAll('label.check')].find((one) => one.textContent?.includes(label));
  const box = check?.querySelector('input') as HTMLInputElement;
  box.checked = !box.checked;
  box.dispatchEvent(new Event('change'));
}
async function save(): Promise<void> {
  await dialog.updateComplete;
  dialog.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  await vi.waitFor(() => expect(heard).toHaveLength(1));
}

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  companies.set([
    {
      id: 'c1',
      name: 'Vigía',
      country: 'CO',
      time_zone: '',
      logo_url: null,
      columns: [],
      limits: NO_LIMITS,
    },
  ]);
  sent = [];
  heard = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push([request.method, await request.json()]);
    return new Response('{"position":9,"id":"u2"}', { headers: { 'content-type': 'application/json' } });
  });
});
afterEach(() => {
  dialog.remove();
  vi.unstubAllGlobals();
});

describe('editing a user', () => {
  it('sends only what differs, so that a colleague’s change of the rest stays', async () => {
    await open(ana);
    write('name', 'Ana Ruiz');
    await save();
    expect(sent).toEqual([['PATCH', { name: 'Ana Ruiz' }]]);
    expect(heard).toEqual(['saved']);
  });
  it('sends nothing when nothing differs, in whichever order roles were ticked', async () => {
    await open({ ...ana, roles: ['operator', 'auditor'] });
    for (const _ of [1, 2]) {
      tick('Operador');
      await dialog.updateComplete;
    }
    await save();
    expect([sent, heard]).toEqual([[], ['dialog-closed']]);
  });
  it('can set a new password for whoever forgot it, and needs none', async () => {
    await open(ana);
    expect(field('password')?.required).toBe(false);
    expect(dialog.renderRoot.textContent).toContain('Nueva contraseña');
    write('password', 'otra clave larga');
    await save();
    expect(sent).toEqual([['PATCH', { password: 'otra clave larga' }]]);
  });
});

it('a telephone goes as the server stores it, and an empty field removes it', async () => {
  await open(ana);
  write('phone', ' +57 301 551-0101 ');
  await save();
  expect(sent).toEqual([['PATCH', { phone: '+573015510101' }]]);
  [sent, heard] = [[], []];
  dialog.remove();
  await open({ ...ana, phone: '+573015510101' });
  write('phone', '');
  await save();
  expect(sent).toEqual([['PATCH', { phone: null }]]);
});

it('a new user is sent whole', async () => {
  await open(null);
  write('name', 'Eva');
  write('email', ' eva@a.test ');
  write('password', 'clave larga');
  await save();
  const eva = {
    name: 'Eva',
    email: 'eva@a.test',
    password: 'clave larga',
    phone: null,
    roles: ['operator'],
    companies: [],
  };
  expect(sent).toEqual([['POST', eva]]);
});
