/** Rules of an open message that goes while it is open: what is being written about it stays. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigate } from '../app/router';
import { takeInboxEvent } from '../store/inbox-live';
import { session } from '../store/session';
import { toasts } from '../store/toasts';
import './message-reader';
import type { MessageReader } from './message-reader';
import type { ReplyForm } from './reply-form';
import { inboxItem } from './samples';

const item = inboxItem({ read_at: '2026-11-22T08:05:00Z' });
const received = { ...item, to: [{ id: 'u1', name: 'Eva' }], recipient_count: 1 };
let reader: MessageReader;
let sent: unknown[];
let status: number;
/** What the server says to what is written, in turn; then that it was sent. */
let answers: (Response | Promise<Response>)[];

const json = (body: unknown, code = 200) =>
  new Response(JSON.stringify(body), { status: code, headers: { 'content-type': 'application/json' } });
const form = () => reader.renderRoot.querySelector<ReplyForm>('reply-form');
const inForm = <T extends HTMLElement>(selector: string) => form()?.renderRoot.querySelector<T>(selector);
const missing = () => reader.renderRoot.querySelector('empty-state')?.getAttribute('text');
const takeBack = () => takeInboxEvent({ id: '9', event: 'withdrawn', data: '{"message_id":"m1"}' });

const submit = () => inForm('form')?.dispatchEvent(new Event('submit', { cancelable: true }));

async function write(text: string): Promise<void> {
  inForm('button')?.click();
  await form()?.updateComplete;
  const field = inForm<HTMLTextAreaElement>('textarea');
  if (!field) throw new Error('no such field');
  field.value = text;
  field.dispatchEvent(new Event('input'));
  await form()?.updateComplete;
}

beforeEach(async () => {
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = {
    id: 'u1',
    name: 'Eva',
    email: '',
    roles: ['operator' as const],
    companies: [],
    counts,
    simulator: false,
  };
  session.set({ status: 'in', me });
  sent = [];
  status = 404;
  answers = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method === 'GET')
      return json(status === 200 ? received : { status, title: 'No', detail: 'No existe.' }, status);
    sent.push([request.headers.get('idempotency-key'), await request.json()]);
    return answers.shift() ?? json({ id: 'm2', position: 9, recipients: 1 }, 201);
  });
  reader = document.createElement('message-reader') as MessageReader;
  reader.message = 'm1';
  reader.known = item;
  document.body.append(reader);
  await reader.updateComplete;
});
afterEach(() => {
  reader.remove();
  session.set({ status: 'out' });
  vi.unstubAllGlobals();
});

describe('an answer being written to a message that its author takes back', () => {
  beforeEach(async () => {
    await write('Ya voy');
    takeBack();
    reader.known = null;
    await reader.updateComplete;
  });
  it('stays, in the same field', () => {
    expect(missing()).toBe('Su autor lo retiró.');
    expect(inForm<HTMLTextAreaElement>('textarea')?.value).toBe('Ya voy');
  });
  it('goes as a new message, and then nothing is left of it', async () => {
    submit();
    const asNew = { recipients: ['a'], body: 'Ya voy', in_reply_to: null };
    await vi.waitFor(() => expect(sent).toMatchObject([[expect.any(String), asNew]]));
    await vi.waitFor(() => expect(form()).toBeNull());
  });
});

describe('an answer that may have gone before its message was taken back', () => {
  beforeEach(async () => {
    await write('Ya voy');
    answers = [json({ status: 503, title: 'No' }, 503)];
    submit();
    await vi.waitFor(() => expect(inForm('.error')).not.toBeNull());
    takeBack();
    reader.known = null;
    await reader.updateComplete;
  });
  const [asked, again] = [() => sent[0], () => sent[1]];
  it('is asked again under its key, and is not sent twice', async () => {
    submit();
    await vi.waitFor(() => expect(form()).toBeNull());
    expect([again(), sent.length]).toEqual([asked(), 2]);
    expect(asked()).toMatchObject([expect.any(String), { in_reply_to: 'm1' }]);
  });
  it('goes as a new message once the server says that it never came', async () => {
    answers = [json({ status: 422, title: 'No' }, 422)];
    submit();
    await vi.waitFor(() => expect(form()).toBeNull());
    expect(sent).toMatchObject([asked(), asked(), [expect.any(String), { body: 'Ya voy', in_reply_to: null }]]);
  });
});

describe('an answer that is on its way while another message is read', () => {
  const other = inboxItem({ id: 'm2', author: { id: 'b', name: 'Beto' }, read_at: '2026-11-22T08:05:00Z' });
  const text = () => inForm<HTMLTextAreaElement>('textarea')?.value;
  const open = async (one: typeof item) => {
    navigate(`/mensajes/${one.id}`);
    reader.message = one.id;
    reader.known = one;
    await reader.updateComplete;
    await form()?.updateComplete;
  };
  let comes: (response: Response) => void;
  beforeEach(async () => {
    toasts.set([]);
    answers = [
      new Promise((resolve) => {
        comes = resolve;
      }),
    ];
    await write('Ya voy');
    submit();
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    await open(other);
    await write('Ya voy');
  });
  it('clears nothing of what is written to the other', async () => {
    comes(json({ id: 'm3', position: 9, recipients: 1 }, 201));
    await vi.waitFor(() => expect(toasts.get()).toMatchObject([{ text: 'Mensaje enviado' }]));
    expect(text()).toBe('Ya voy');
    submit();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]).toMatchObject([expect.any(String), { recipients: ['b'], in_reply_to: 'm2' }]);
    await open(item);
    expect(text()).toBeUndefined();
  });
  it('is told of to nobody who comes after', async () => {
    session.set({ status: 'out' });
    comes(json({ status: 503, title: 'No', detail: 'Ocupado.' }, 503));
    await new Promise((resolve) => setTimeout(resolve));
    await open(item);
    expect([toasts.get(), text()]).toEqual([[], undefined]);
  });
  it('goes as a new message once its own was taken back and the server says that it never came', async () => {
    comes(json({ status: 503, title: 'No', detail: 'Ocupado.' }, 503));
    await vi.waitFor(() => expect(toasts.get()).toMatchObject([{ kind: 'failed' }]));
    reader.known = null;
    reader.message = 'm1';
    await vi.waitFor(() => expect(missing()).toBe('No existe.'));
    await form()?.updateComplete;
    expect(text()).toBe('Ya voy');
    answers = [json({ status: 422, title: 'No' }, 422)];
    submit();
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[2]).toMatchObject([expect.any(String), { recipients: ['a'], in_reply_to: null }]);
  });
  it('is not sent to the other when it fails, is told of, and waits where it was written', async () => {
    comes(json({ status: 503, title: 'No', detail: 'Ocupado.' }, 503));
    await vi.waitFor(() => expect(toasts.get()).toMatchObject([{ kind: 'failed' }]));
    expect(toasts.get()[0]?.text).toMatch(/Ana.*Ocupado/);
    submit();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]).toMatchObject([expect.any(String), { recipients: ['b'], in_reply_to: 'm2' }]);
    await open(item);
    expect(text()).toBe('Ya voy');
    submit();
    await vi.waitFor(() => expect(sent).toHaveLength(3));
    expect(sent[2]).toEqual(sent[0]);
  });
});

it('an answer that may have gone and was given up is known again when it is written again', async () => {
  answers = [json({ status: 503, title: 'No' }, 503)];
  await write('Ya voy');
  submit();
  await vi.waitFor(() => expect(inForm('.error')).not.toBeNull());
  inForm('.button.quiet')?.click();
  await form()?.updateComplete;
  await write('Ya voy');
  submit();
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]).toEqual(sent[0]);
});

it('a message that is there is answered although another was missing', async () => {
  status = 200;
  reader.known = null;
  reader.message = 'm1';
  await vi.waitFor(() => expect(form()).not.toBeNull());
  status = 404;
  reader.message = 'm9';
  await vi.waitFor(() => expect(missing()).toBe('No existe.'));
  status = 200;
  reader.message = 'm1';
  await vi.waitFor(() => expect(form()).not.toBeNull());
  expect(form()?.withdrawn).toBe(false);
});

it('a message that nobody was answering leaves no form', async () => {
  takeBack();
  reader.known = null;
  await reader.updateComplete;
  expect([missing(), form()]).toEqual(['Su autor lo retiró.', null]);
});

describe('a message that the list has no more', () => {
  it('stays open when it is still there: only a filter left it out', async () => {
    status = 200;
    await write('Ya voy');
    reader.known = null;
    await reader.updateComplete;
    expect(reader.renderRoot.querySelector('.body')?.textContent).toBe('Hola');
    expect(inForm<HTMLTextAreaElement>('textarea')?.value).toBe('Ya voy');
  });
  it('and that is gone keeps the answer too', async () => {
    await write('Ya voy');
    reader.known = null;
    await vi.waitFor(() => expect(missing()).toBe('No existe.'));
    expect(inForm<HTMLTextAreaElement>('textarea')?.value).toBe('Ya voy');
  });
});

it('an open message says to whom it went', async () => {
  status = 200;
  takeInboxEvent({ id: '9', event: 'receipt', data: '{"message_id":"m1","user_id":"u1"}' });
  const line = () => reader.renderRoot.querySelector('message-to')?.shadowRoot?.querySelector('p')?.textContent?.trim();
  await vi.waitFor(() => expect(line()).toBe('Para usted'));
});
