/** Rules of «Crear mensaje»: what it asks for, what it sends, once. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { session } from '../store/session';
import { toasts } from '../store/toasts';
import './compose-dialog';
import type { ComposeDialog } from './compose-dialog';
import { directory } from './directory';
import type { Choice } from './recipients';
import type { RecipientsPicker } from './recipients-picker';

let dialog: ComposeDialog;
let sent: { key: string | null; body: unknown }[];
let answer: () => Response | Promise<Response>;
/** Where the directory goes on: a page that never ends is a directory too large to be read. */
let more: string | null;

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

const JOSE: Choice = { kind: 'user', id: 'u2', label: 'José', detail: '' };
async function choose(...detail: Choice[]): Promise<void> {
  dialog.renderRoot.querySelector('recipients-picker')?.dispatchEvent(new CustomEvent('chosen', { detail }));
  const body = dialog.renderRoot.querySelector('textarea') as HTMLTextAreaElement;
  body.value = 'Hola';
  body.dispatchEvent(new Event('input'));
  await dialog.updateComplete;
}
const submit = () => dialog.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
const settled = () => vi.waitFor(() => expect(sent.length).toBeGreaterThan(0));

beforeEach(async () => {
  session.set({
    status: 'in',
    me: {
      id: 'u1',
      name: 'Ana',
      email: '',
      roles: [],
      companies: [],
      counts: { unseen: 0, unread: 0, total: 0 },
      simulator: false,
    },
  });
  directory.set({ users: [], companies: [], complete: true });
  toasts.set([]);
  sent = [];
  more = null;
  answer = () => json(201, { id: 'm1', position: 5, recipients: 1 });
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET') return json(200, { data: [], next: more });
    sent.push({ key: request.headers.get('Idempotency-Key'), body: await request.json().catch(() => null) });
    return answer();
  });
  dialog = document.createElement('compose-dialog') as ComposeDialog;
  dialog.open = true;
  document.body.append(dialog);
  await dialog.updateComplete;
});
afterEach(() => {
  dialog.remove();
  vi.unstubAllGlobals();
});

describe('the form', () => {
  it('asks for recipients and text, each by its field, and sends nothing', async () => {
    submit();
    await dialog.updateComplete;
    expect(dialog.renderRoot.querySelector('recipients-picker')?.getAttribute('error')).toBe(
      'Elija al menos un destinatario.',
    );
    expect(dialog.renderRoot.querySelector('#body-error')?.textContent).toBe('Escriba el mensaje.');
    expect(sent).toEqual([]);
  });
  it('pressed twice sends once', async () => {
    await choose(JOSE);
    submit();
    submit();
    await settled();
    expect(sent).toHaveLength(1);
    expect(sent[0]?.key).toBeTruthy();
    expect(sent[0]?.body).toMatchObject({ recipients: ['u2'], body: 'Hola', priority: 'normal', acknowledge: false });
  });
  it('says «Mensaje enviado» with «Deshacer» for ten seconds', async () => {
    await choose(JOSE);
    submit();
    await vi.waitFor(() => expect(toasts.get()).toHaveLength(1));
    expect(toasts.get()[0]).toMatchObject({ text: 'Mensaje enviado', stays_ms: 10_000 });
    expect(toasts.get()[0]?.actions[0]?.label).toBe('Deshacer');
  });
  it('after a lost answer sends again with the same key', async () => {
    answer = () => json(503, { title: 'ocupado' });
    await choose(JOSE);
    submit();
    await vi.waitFor(() => expect(dialog.renderRoot.querySelector('[role="alert"]')).not.toBeNull());
    submit();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[0]?.key).toBe(sent[1]?.key);
  });
  it('refuses a company beside a role while not everybody is known, by the field, and sends nothing', async () => {
    dialog.open = false;
    await dialog.updateComplete;
    more = 'c1';
    dialog.open = true;
    await dialog.updateComplete;
    await choose(
      { kind: 'company', id: 'c1', label: 'Norte', detail: '' },
      { kind: 'role', id: 'operator', label: 'Operadores', detail: '' },
    );
    submit();
    await vi.waitFor(() =>
      expect(dialog.renderRoot.querySelector('recipients-picker')?.getAttribute('error')).toMatch(
        /demasiados usuarios/,
      ),
    );
    expect(sent).toEqual([]);
  });
  it('keeps the next message that is begun while one is on its way', async () => {
    let comes: (response: Response) => void = () => undefined;
    const late = new Promise<Response>((resolve) => {
      comes = resolve;
    });
    answer = () => late;
    await choose(JOSE);
    submit();
    await settled();
    const body = dialog.renderRoot.querySelector('textarea') as HTMLTextAreaElement;
    body.value = 'Otra cosa';
    body.dispatchEvent(new Event('input'));
    comes(json(201, { id: 'm1', position: 5, recipients: 1 }));
    await vi.waitFor(() => expect(toasts.get()).toMatchObject([{ text: 'Mensaje enviado' }]));
    await dialog.updateComplete;
    expect(dialog.renderRoot.querySelector('textarea')?.value).toBe('Otra cosa');
  });
  it('tells of a failure that nobody sees in the form', async () => {
    let comes: (response: Response) => void = () => undefined;
    answer = () =>
      new Promise<Response>((resolve) => {
        comes = resolve;
      });
    await choose(JOSE);
    submit();
    await settled();
    dialog.open = false;
    await dialog.updateComplete;
    comes(json(503, { title: 'No', detail: 'Ocupado.' }));
    await vi.waitFor(() =>
      expect(toasts.get()).toMatchObject([{ kind: 'failed', text: 'Revise su mensaje: Ocupado.' }]),
    );
  });
  it('taken back does not overwrite what is being written now', async () => {
    await choose(JOSE);
    submit();
    await vi.waitFor(() => expect(toasts.get()).toHaveLength(1));
    await dialog.updateComplete;
    await choose({ ...JOSE, id: 'u3', label: 'Ana' });
    toasts.get()[0]?.actions[0]?.run();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    await dialog.updateComplete;
    expect(dialog.renderRoot.querySelector<RecipientsPicker>('recipients-picker')?.chosen[0]?.label).toBe('Ana');
  });
  it('puts the errors of the server by their fields', async () => {
    answer = () =>
      json(422, {
        title: 'x',
        errors: [
          { pointer: '/roles', code: 'c', detail: 'Nadie.' },
          { pointer: '/body', code: 'c', detail: 'Control.' },
        ],
      });
    await choose(JOSE);
    submit();
    await vi.waitFor(() => expect(dialog.renderRoot.querySelector('#body-error')?.textContent).toBe('Control.'));
    expect(dialog.renderRoot.querySelector('recipients-picker')?.getAttribute('error')).toBe('Nadie.');
  });
});
