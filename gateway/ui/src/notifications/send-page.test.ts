/** Rules of «Enviar Notificaciones Clientes»: honest numbers, and one form is one notification. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NotificationRequest, SmsPreview } from '../contract';
import { companies, session } from '../store/session';
import { forgetToasts, toasts } from '../store/toasts';
import { giveUp, outgoing } from './outbox';
import type { SendConfirm } from './send-confirm';
import { sendDraft } from './send-draft';
import { EMPTY_FORM } from './send-form';
import './send-page';
import { NO_LIMITS } from '../companies/limits';
import type { SendPage } from './send-page';

let page: SendPage;
let sent: { key: string | null; body: NotificationRequest }[];
let previews: number;
let cancelled: number;
/** What the server says of the notification that was sent. */
let notification: { begun_at: string | null };
let previewed: NotificationRequest[];
let preview: () => Response;
let answer: () => Response | Promise<Response>;

const NO_SMS: SmsPreview = {
  encoding: 'gsm7',
  segments_min: 1,
  segments_typical: 1,
  segments_max: 1,
  segments_total: 3,
  forcing_characters: [],
  without_unicode: 0,
  lost_characters: [],
  cost: null,
};
const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
const reaching = (reachable: number, duplicates = 0, needs_approval = false) =>
  json(200, {
    audience: { total: 5, reachable, excluded: { no_phone: 5 - reachable }, duplicates },
    texts: { counted: reachable, unsendable: 0 },
    sms: null,
    samples: [{ client: { id: 'k1', name: 'Ana' }, to: '+573001', subject: null, body: 'Alarma', segments: 1 }],
    needs_approval,
    confirm_token: `token ${++previews}`,
  });

const noTemplates = () => json(200, { data: [], next: null });
let templates: () => Response = noTemplates;

async function open(): Promise<void> {
  page = document.createElement('send-page') as SendPage;
  document.body.append(page);
  await page.updateComplete;
}
async function write(text: string): Promise<void> {
  const body = page.renderRoot.querySelector('textarea') as HTMLTextAreaElement;
  body.value = text;
  body.dispatchEvent(new Event('input'));
  await page.updateComplete;
}
async function choose(company: string): Promise<void> {
  const field = page.renderRoot.querySelector('#company') as HTMLSelectElement;
  field.value = company;
  field.dispatchEvent(new Event('change'));
  await page.updateComplete;
}
const confirmation = () => page.renderRoot.querySelector<SendConfirm>('send-confirm');
async function confirm(): Promise<void> {
  const before = sent.length;
  page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
  await vi.waitFor(() => expect(confirmation()).not.toBeNull());
  confirmation()?.dispatchEvent(new CustomEvent('confirmed'));
  await vi.waitFor(() => expect(sent.length).toBe(before + 1));
}
const notice = () => page.renderRoot.querySelector('[role="alert"]');
const action = () => confirmation()?.renderRoot.querySelector('.button.primary')?.textContent?.trim();
const audience = () => page.renderRoot.querySelector('audience-panel')?.shadowRoot?.textContent ?? '';

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  sessionStorage.clear();
  sendDraft.set(EMPTY_FORM);
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = { id: 'u1', name: 'Eva', email: '', roles: [], companies: [], counts, simulator: false };
  session.set({ status: 'in', me });
  companies.set(
    ['c1', 'c2'].map((id) => ({
      id,
      name: id,
      country: 'CO',
      time_zone: 'America/Bogota',
      logo_url: null,
      columns: [],
      limits: NO_LIMITS,
    })),
  );
  sent = [];
  previews = 0;
  cancelled = 0;
  previewed = [];
  forgetToasts();
  templates = noTemplates;
  preview = () => reaching(3);
  answer = () => json(202, { id: 'n1', position: 7 });
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.url?.includes('/templates')) return templates();
    if (request.url?.endsWith('/preview')) {
      previewed.push(await request.json());
      return preview();
    }
    if (request.url?.endsWith('/cancel')) cancelled++;
    if (!request.url?.endsWith('/notifications')) return json(200, { ...notification, position: 8 });
    sent.push({ key: request.headers.get('Idempotency-Key'), body: await request.json() });
    return answer();
  });
  await open();
});
afterEach(async () => {
  giveUp();
  await vi.waitFor(() => expect(outgoing.get()).toBeNull());
  page.remove();
  vi.unstubAllGlobals();
});

describe('the audience', () => {
  it('says who is left out and why', async () => {
    await choose('c1');
    await vi.waitFor(() => expect(audience()).toMatch(/3\s*de 5 contactos[\s\S]*Quedan fuera[\s\S]*Sin teléfono\s*2/));
  });
  it('adds up: who repeats an address is told apart from who is left out', async () => {
    preview = () => reaching(3, 4);
    await choose('c1');
    await vi.waitFor(() => expect(audience()).toContain('4 contactos repiten una dirección; se envía una sola vez.'));
    expect(audience()).toMatch(/Quedan fuera\s*Sin teléfono\s*2\s*Descargar la lista \(CSV\)\s*4 contactos/);
    preview = () => reaching(5, 1);
    await choose('c2');
    await vi.waitFor(() => expect(audience()).toMatch(/Nadie queda fuera\.\s*1 contacto repite/));
  });
  it('of another company does not stay when the new one cannot be counted', async () => {
    await choose('c1');
    await vi.waitFor(() => expect(audience()).toContain('de 5 contactos'));
    preview = () => json(503, { title: 'ocupado' });
    await choose('c2');
    expect(audience()).not.toContain('de 5 contactos');
    await vi.waitFor(() => expect(audience()).toContain('No se pudo contar'));
  });
});

describe('which clients', () => {
  const filter = () => page.renderRoot.querySelector('filter-fields')?.shadowRoot as ShadowRoot;
  const set = async (id: string, value: string, event: string) => {
    const field = filter().querySelector(`#${id}`) as HTMLInputElement;
    field.value = value;
    field.dispatchEvent(new Event(event));
    await page.updateComplete;
  };
  it('is asked by language, zone and a pasted list, and sent as it was counted', async () => {
    await choose('c1');
    await set('locale', 'es-CO', 'change');
    await set('timeZone', 'America/Bogota', 'change');
    await set('clients', 'A-1, A-2', 'input');
    await vi.waitFor(() => expect(filter().textContent).toContain('2 identificadores'));
    await write('Alarma');
    await confirm();
    const asked = { locale: 'es-CO', time_zone: 'America/Bogota', external_ids: ['A-1', 'A-2'] };
    expect(previewed.at(-1)?.filter).toEqual(asked);
    expect(sent[0]?.body.filter).toEqual(asked);
  });
  it('comes from a file too, by its column', async () => {
    const input = filter().querySelector('input[type="file"]') as HTMLInputElement;
    const file = new File(['name;external_id\r\nAna;A-7'], 'clientes.csv');
    Object.defineProperty(input, 'files', { value: [file] });
    input.dispatchEvent(new Event('change'));
    await vi.waitFor(() => expect(sendDraft.get().clients).toBe('A-7'));
  });
  it('who is left out can be had as a file', async () => {
    let asked: NotificationRequest | null = null;
    vi.stubGlobal('fetch', async (request: Request | string, init?: RequestInit) => {
      if (typeof request !== 'string') return request.url.includes('/templates') ? templates() : preview();
      expect(request).toBe('/api/v1/notifications/preview/excluded');
      asked = JSON.parse(init?.body as string);
      return new Response('external_id', { headers: { 'content-type': 'text/csv' } });
    });
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    await choose('c1');
    const panel = () => page.renderRoot.querySelector('audience-panel')?.shadowRoot;
    await vi.waitFor(() => expect(panel()?.querySelector('button')).toBeTruthy());
    panel()?.querySelector('button')?.click();
    await vi.waitFor(() => expect(click).toHaveBeenCalledOnce());
    expect((click.mock.contexts[0] as HTMLAnchorElement).download).toBe('excluidos.csv');
    expect(asked).toMatchObject({ company_id: 'c1' });
    click.mockRestore();
  });
});

describe('an SMS', () => {
  const panel = () => page.renderRoot.querySelector('sms-panel')?.shadowRoot;
  const counted = (sms: Partial<SmsPreview>) => () =>
    json(200, {
      audience: { total: 3, reachable: 3, excluded: {}, duplicates: 0 },
      texts: { counted: 3, unsendable: 0 },
      sms: { ...NO_SMS, segments_total: 5, ...sms },
      samples: [{ client: { id: 'k1', name: 'Ana' }, to: '+573001', subject: null, body: 'Habrá', segments: 1 }],
      confirm_token: 'token',
    });
  beforeEach(() => choose('c1'));
  it('is sent without accents on request, while its text stays as it was written', async () => {
    await write('Habrá');
    await vi.waitFor(() => expect(panel()?.querySelector('button')).toBeTruthy());
    panel()?.querySelector('button')?.click();
    await page.updateComplete;
    await vi.waitFor(() => expect(panel()?.textContent).toMatch(/Se enviará así:\s*Habra/));
    expect(panel()?.querySelector('button')?.getAttribute('aria-pressed')).toBe('true');
    await confirm();
    expect(sent[0]?.body).toMatchObject({ body: 'Habrá', transliterate: true });
  });
  it('says the fewest, the usual and the most parts, and who gets it without Unicode', async () => {
    preview = counted({ segments_max: 3, without_unicode: 2, lost_characters: ['😀'] });
    await write('Habrá 😀');
    await vi.waitFor(() => expect(panel()?.textContent).toContain('1–3, lo usual 1'));
    expect(panel()?.textContent).toContain('2 destinatarios están en redes sin Unicode');
    expect([...(panel()?.querySelectorAll('p code') ?? [])].map((code) => code.textContent)).toEqual(['😀']);
  });
  it('of more parts than the maximum is not confirmed', async () => {
    preview = counted({ segments_max: 3 });
    await write('Habrá');
    const max = page.renderRoot.querySelector('#segmentsMax') as HTMLSelectElement;
    max.value = '2';
    max.dispatchEvent(new Event('change'));
    await page.updateComplete;
    page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() =>
      expect(page.renderRoot.querySelector('#segmentsMax-error')?.textContent).toContain('ocupa 3 segmentos'),
    );
    expect(confirmation()).toBeNull();
  });
  it('of a large audience says of how many the parts were counted', async () => {
    preview = () =>
      json(200, {
        audience: { total: 60_000, reachable: 60_000, excluded: {}, duplicates: 0 },
        texts: { counted: 10_000, unsendable: 0 },
        sms: NO_SMS,
        samples: [],
        confirm_token: 'token',
      });
    await write('Hola');
    await vi.waitFor(() => expect(panel()?.textContent).toContain('muestra pareja de 10.000 destinatarios'));
  });
  it('shows the first people with the text that they get', async () => {
    preview = counted({});
    await write('Habrá');
    const samples = () => page.renderRoot.querySelector('samples-panel')?.shadowRoot?.textContent;
    await vi.waitFor(() => expect(samples()).toMatch(/Ana\s*\+573001\s*1 segmento\s*Habrá/));
  });
});

describe('a template', () => {
  it('takes the place of the text, and keeps the parts and the times; who lacks a column is told of', async () => {
    const template = { id: 't1', name: 'Cobro', channel: 'sms', category: 'collection', body: 'x', variables: [] };
    templates = () => json(200, { data: [template], next: null });
    preview = () =>
      json(200, {
        audience: { total: 3, reachable: 3, excluded: {}, duplicates: 0 },
        texts: { counted: 3, unsendable: 2 },
        sms: { ...NO_SMS, segments_max: 2 },
        samples: [{ client: { id: 'k1', name: 'Ana' }, to: '+573001', subject: null, body: 'Debe $ 5', segments: 1 }],
        confirm_token: 'token',
      });
    await choose('c1');
    await vi.waitFor(() => expect(page.renderRoot.querySelectorAll('#template option').length).toBe(2));
    templates = () => json(200, template);
    const select = page.renderRoot.querySelector('#template') as HTMLSelectElement;
    select.value = 't1';
    select.dispatchEvent(new Event('change'));
    await vi.waitFor(() => expect(page.renderRoot.querySelector('textarea')).toBeNull());
    expect(page.renderRoot.querySelector('#schedule')).not.toBeNull();
    const panel = () => page.renderRoot.querySelector('sms-panel')?.shadowRoot;
    await vi.waitFor(() => expect(panel()?.textContent).toContain('1–2, lo usual 1'));
    page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(confirmation()).not.toBeNull());
    expect(confirmation()?.shadowRoot?.textContent).toContain('A 2 destinatarios no se les puede escribir');
  });
});

describe('a send whose answer is lost', () => {
  const button = (label: string) =>
    [...(notice()?.querySelectorAll('button') ?? [])].find((one) => one.textContent === label);
  const press = async (label: string) => {
    button(label)?.click();
    await vi.waitFor(() => expect(notice()?.textContent ?? '').not.toContain('no se sabe'));
  };
  beforeEach(async () => {
    await choose('c1');
    await write('Alarma');
    answer = () => Promise.reject(new TypeError('network'));
    await confirm();
    await vi.waitFor(() => expect(notice()?.textContent).toContain('no se sabe si la notificación salió'));
    answer = () => json(202, { id: 'n1', position: 7 });
  });
  it('goes on with the same key once the connection is back', async () => {
    expect(confirmation()).toBeNull();
    window.dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(toasts.get()[0]?.text).toBe('Notificación en camino'));
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[0]?.key).toBeTruthy();
    expect(sendDraft.get()).toEqual(EMPTY_FORM);
  });
  it('goes on when its page is left, and a draft that was begun meanwhile stays', async () => {
    page.remove();
    sendDraft.set({ ...EMPTY_FORM, company: 'c2', body: 'Otra' });
    window.dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(toasts.get()[0]?.text).toBe('Notificación en camino'));
    expect(sent[1]).toEqual(sent[0]);
    expect(sendDraft.get().body).toBe('Otra');
  });
  it('waits again as long as it has no answer, and says what the server refuses', async () => {
    answer = () => Promise.reject(new TypeError('network'));
    window.dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    await vi.waitFor(() => expect(notice()?.textContent).toContain('no se sabe'));
    answer = () => json(409, { title: 'no', detail: 'La audiencia cambió.' });
    await press('Comprobar ahora');
    await vi.waitFor(() => expect(notice()?.textContent).toContain('La audiencia cambió.'));
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
  });
  it('cannot be doubled by the form that waits', async () => {
    page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await page.updateComplete;
    expect(confirmation()).toBeNull();
    expect(sent).toHaveLength(1);
  });
  it('given up, may be under way, says where to look, and is the same request when the same form is sent', async () => {
    await press('Dejar de intentar');
    await vi.waitFor(() => expect(notice()?.textContent).toContain('puede estar en marcha'));
    expect(notice()?.querySelector('a')?.getAttribute('href')).toBe('/notificaciones');
    await confirm();
    expect(sent[1]).toEqual(sent[0]);
  });
  it('after a reload is checked by the same request with the same key', async () => {
    giveUp();
    page.remove();
    await open();
    expect(notice()?.textContent).toContain('puede estar en marcha');
    button('Comprobar ahora')?.click();
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]).toEqual(sent[0]);
    await vi.waitFor(() => expect(notice()).toBeNull());
  });
  it('is another one when the form is another', async () => {
    await press('Dejar de intentar');
    await write('Otra alarma');
    await confirm();
    expect(sent[1]?.key).not.toBe(sent[0]?.key);
  });
  it('is not told to the next user of the desk', async () => {
    session.set({ status: 'out' });
    await vi.waitFor(() => expect(outgoing.get()).toBeNull());
    window.dispatchEvent(new Event('online'));
    await page.updateComplete;
    expect(sent).toHaveLength(1);
  });
});

describe('what is being written', () => {
  const body = () => page.renderRoot.querySelector('textarea')?.value;
  /** The user leaves the page and comes back. */
  async function comeBack(): Promise<void> {
    page.remove();
    await open();
  }
  beforeEach(async () => {
    await choose('c2');
    await write('Alarma');
  });
  it('is there when one comes back, with its audience', async () => {
    await comeBack();
    await vi.waitFor(() => expect(audience()).toContain('de 5 contactos'));
    await confirm();
    expect(sent[0]?.body).toMatchObject({ company_id: 'c2', body: 'Alarma' });
  });
  it('that comes back has its preview at once, without a change', async () => {
    const kept = sendDraft.get();
    sendDraft.set(EMPTY_FORM);
    await comeBack();
    const before = previewed.length;
    sendDraft.set({ ...kept, company: 'c1' });
    await vi.waitFor(() => expect(audience()).toContain('de 5 contactos'));
    expect(previewed.slice(before).map(({ company_id, body: text }) => [company_id, text])).toEqual([['c1', 'Alarma']]);
  });
  it('is gone once it was sent', async () => {
    await confirm();
    await vi.waitFor(() => expect(body()).toBe(''));
  });
  it('is gone with whoever wrote it', async () => {
    const now = session.get();
    session.set({ status: 'out' });
    session.set(now);
    await comeBack();
    expect(body()).toBe('');
  });
});

describe('what the company does not allow', () => {
  const over_limit = { limit: 'sms_per_day', max: 5, taken: 3, asked: 3 };
  const overLimit = async () => json(200, { ...(await reaching(3).json()), over_limit });
  const beside = () => page.renderRoot.querySelector('.limits')?.textContent ?? '';

  it('is said beside the form and before the button of a confirmation that cannot be sent', async () => {
    const told = await overLimit();
    preview = () => told.clone() as Response;
    await choose('c1');
    await vi.waitFor(() => expect(beside()).toContain('3 de 5'));
    await write('Alarma');
    page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(confirmation()).not.toBeNull());
    await confirmation()?.updateComplete;
    const dialog = confirmation()?.renderRoot as ShadowRoot;
    expect(dialog.querySelector('[role="alert"]')?.textContent).toContain('No se puede enviar.');
    const send = dialog.querySelector('.button.primary') as HTMLButtonElement;
    expect(send.disabled).toBe(true);
    send.click();
    expect(sent).toEqual([]);
  });
  it('without another person is asked for by the button itself', async () => {
    preview = () => reaching(3, 0, true);
    await choose('c1');
    await vi.waitFor(() => expect(beside()).toContain('otra persona la apruebe'));
    await write('Alarma');
    page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(action()).toBe('Pedir aprobación'));
  });
});

describe('a text without a template', () => {
  it('warns of tags that would be sent as they stand', async () => {
    await choose('c1');
    await write('Hola {{ cliente.nombre }}');
    expect(page.renderRoot.querySelector('form')?.textContent).toContain('cada cliente leería las llaves');
    await write('Hola');
    expect(page.renderRoot.querySelector('form')?.textContent).not.toContain('cada cliente leería las llaves');
  });
});

describe('a confirm step', () => {
  it('names one person as one', async () => {
    preview = () => reaching(1);
    await choose('c1');
    const channel = page.renderRoot.querySelector('#channel') as HTMLSelectElement;
    channel.value = 'email';
    channel.dispatchEvent(new Event('change'));
    await page.updateComplete;
    const subject = page.renderRoot.querySelector('#subject') as HTMLInputElement;
    subject.value = 'Asunto';
    subject.dispatchEvent(new Event('input'));
    await write('Texto');
    page.renderRoot.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.waitFor(() => expect(action()).toBe('Enviar 1 correo'));
  });
  it('after the audience changed says so, shows the new number and can be confirmed again', async () => {
    await choose('c1');
    await write('Alarma');
    const detail = 'La audiencia cambió desde la vista previa. Revise el número y confirme otra vez.';
    answer = () => json(409, { title: 'no', code: 'audience_changed', detail });
    preview = () => reaching(sent.length === 0 ? 3 : 4);
    await confirm();
    await vi.waitFor(() => expect(notice()?.textContent).toContain(detail));
    expect(confirmation()).toBeNull();
    await vi.waitFor(() => expect(audience()).toMatch(/4\s*de 5 contactos/));
    answer = () => json(202, { id: 'n1', position: 7 });
    await confirm();
    expect(sent[1]?.body.confirm_token).not.toBe(sent[0]?.body.confirm_token);
  });
});

it('a send that the server refuses is not taken for one under way', async () => {
  await choose('c1');
  await write('Alarma');
  answer = () => json(409, { title: 'no', detail: 'La audiencia cambió.' });
  await confirm();
  await vi.waitFor(() => expect(notice()?.textContent).toContain('La audiencia cambió.'));
  answer = () => json(202, { id: 'n1', position: 7 });
  await confirm();
  expect(sent[1]?.body.confirm_token).not.toBe(sent[0]?.body.confirm_token);
});

describe('by keyboard', () => {
  const enter = (more: KeyboardEventInit) =>
    page.renderRoot
      .querySelector('textarea')
      ?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...more }));
  it('Ctrl+Enter asks for the confirmation, and Enter does not', async () => {
    await choose('c1');
    await write('Alarma');
    enter({});
    enter({ ctrlKey: true, repeat: true });
    await page.updateComplete;
    expect(confirmation()).toBeNull();
    enter({ ctrlKey: true });
    await vi.waitFor(() => expect(confirmation()).not.toBeNull());
    expect(sent).toEqual([]);
  });
});

describe('what one reader gets', () => {
  const reader = () => page.renderRoot.querySelector('reader-preview')?.shadowRoot as ShadowRoot;
  const phone = () => reader().querySelector('sms-preview')?.shadowRoot?.querySelector('.bubble')?.textContent;
  it('is the text as it is written until the server has rendered it, then that of each of the first', async () => {
    const sample = (name: string) => ({
      client: { id: name, name },
      to: `+57${name}`,
      subject: null,
      body: `Hola ${name}`,
      html: null,
      segments: 1,
    });
    preview = () =>
      json(200, {
        audience: { total: 2, reachable: 2, excluded: {}, duplicates: 0 },
        texts: { counted: 2, unsendable: 0 },
        sms: NO_SMS,
        samples: [sample('Ana'), sample('Luis')],
        confirm_token: 'token',
      });
    await choose('c1');
    expect(phone()).toBe('Aquí verá el SMS como lo verá el cliente.');
    await write('Hola');
    expect(phone()).toBe('Hola');
    await vi.waitFor(() => expect(phone()).toBe('Hola Ana'));
    expect(reader().textContent).toContain('1 de 2');
    const next = reader().querySelector('[aria-label="Destinatario siguiente"]') as HTMLButtonElement;
    next.click();
    await vi.waitFor(() => expect(phone()).toBe('Hola Luis'));
    expect(reader().querySelector('.who')?.textContent).toMatch(/Luis\s+\+57Luis/);
    next.click();
    await vi.waitFor(() => expect(phone()).toBe('Hola Ana'));
  });
});

describe('a send', () => {
  const write_and_confirm = async () => {
    await choose('c1');
    await write('Alarma');
    await confirm();
    await vi.waitFor(() => expect(toasts.get()).toHaveLength(1));
    return toasts.get()[0];
  };
  it('can be undone for as long as nothing leaves', async () => {
    const offered = await write_and_confirm();
    expect(sent[0]?.body.hold_seconds).toBe(30);
    expect(offered).toMatchObject({ stays_ms: 30_000, fixed: true });
    notification = { begun_at: null };
    offered?.actions[0]?.run();
    await vi.waitFor(() => expect(toasts.get().map(({ text }) => text)).toEqual(['Deshecho: no salió nada']));
    expect(cancelled).toBe(1);
  });
  it('leaves at once, or can be undone for longer, by choice', async () => {
    const hold = async (seconds: string) => {
      const field = page.renderRoot.querySelector('#hold') as HTMLSelectElement;
      field.value = seconds;
      field.dispatchEvent(new Event('change'));
      await page.updateComplete;
    };
    await choose('c1');
    await write('Alarma');
    await hold('600');
    await confirm();
    await vi.waitFor(() => expect(toasts.get()[0]?.stays_ms).toBe(60_000));
    forgetToasts();
    await choose('c1');
    await write('Otra');
    await hold('0');
    await confirm();
    await vi.waitFor(() => expect(toasts.get()[0]?.actions).toEqual([]));
    expect(sent.map(({ body }) => body.hold_seconds)).toEqual([600, 0]);
  });
  it('that is undone too late says so', async () => {
    const offered = await write_and_confirm();
    notification = { begun_at: '2026-11-25T14:00:30Z' };
    offered?.actions[0]?.run();
    const late = 'Se canceló lo pendiente; algo ya había salido';
    await vi.waitFor(() => expect(toasts.get().map(({ text }) => text)).toEqual([late]));
  });
  it('that another person has to approve says so before and after', async () => {
    preview = () => reaching(3, 0, true);
    await choose('c1');
    await write('Alarma');
    await confirm();
    await vi.waitFor(() => expect(toasts.get()[0]?.text).toBe('Notificación a la espera de aprobación'));
    expect(toasts.get()[0]?.actions).toEqual([]);
  });
});
