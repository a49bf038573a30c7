/** Rules of the preview of a template: it is asked of the server, for the chosen client. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_LIMITS } from '../companies/limits';
import type { Template } from '../contract';
import { companies, session } from '../store/session';
import './template-preview';
import type { TemplatePreview } from './template-preview';

let preview: TemplatePreview;
let asked: { path: string; body: Record<string, unknown> }[];

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
const text = () => preview.renderRoot.textContent ?? '';
const last = (path: string) => asked.filter((one) => one.path.endsWith(path)).at(-1)?.body;

beforeEach(async () => {
  HTMLDialogElement.prototype.showModal ??= () => undefined;
  const counts = { unseen: 0, unread: 0, total: 0 };
  const me = {
    id: 'u1',
    name: 'Eva',
    email: '',
    roles: ['notifier' as const],
    companies: [],
    counts,
    simulator: false,
  };
  session.set({ status: 'in', me });
  companies.set([{ id: 'c1', name: 'Vigía', country: 'CO', time_zone: 'America/Bogota', limits: NO_LIMITS }]);
  asked = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname: path } = new URL(request.url);
    if (path.endsWith('/clients')) return json({ data: [{ id: 'k1', name: 'Luz', contacts: [] }], next: null });
    const body = await request.json();
    asked.push({ path, body });
    if (path.endsWith('/test')) return json({ id: 'n1', position: 7 }, 202);
    const name = body.client_id ? 'Luz' : 'María';
    return json({ to: null, subject: `Para ${name}`, body: `Hola, ${name}`, html: `<p>${name}</p>`, segments: null });
  });
  preview = document.createElement('template-preview') as TemplatePreview;
  preview.template = {
    id: 't1',
    company_id: 'c1',
    name: 'Corte',
    channel: 'email',
    variables: [{ name: 'dia', default: null, sample: 'lunes' }],
  } as Template;
  document.body.append(preview);
  await vi.waitFor(() => expect(text()).toContain('Hola, María'));
});
afterEach(() => {
  preview.remove();
  vi.unstubAllGlobals();
});

describe('the preview of a template', () => {
  it('shows it as the chosen client would get it, its HTML without scripts', async () => {
    await vi.waitFor(() => expect(preview.renderRoot.querySelectorAll('#client option').length).toBe(2));
    const select = preview.renderRoot.querySelector('#client') as HTMLSelectElement;
    select.value = 'k1';
    select.dispatchEvent(new Event('change'));
    await vi.waitFor(() => expect(text()).toContain('Hola, Luz'));
    expect(last('/render')).toEqual({ client_id: 'k1', variables: {} });
    const frame = preview.renderRoot.querySelector('iframe');
    expect(frame?.getAttribute('sandbox')).toBe('');
    expect(frame?.getAttribute('srcdoc')).toBe('<p>Luz</p>');
  });

  it('sends a test with what is written, once for each click', async () => {
    const field = preview.renderRoot.querySelector('#variable-dia') as HTMLInputElement;
    expect(field.placeholder).toBe('lunes');
    field.value = 'martes';
    field.dispatchEvent(new Event('input'));
    const button = [...preview.renderRoot.querySelectorAll('button')].find((one) =>
      one.textContent?.includes('prueba'),
    );
    button?.click();
    await vi.waitFor(() => expect(last('/test')).toEqual({ company_id: 'c1', variables: { dia: 'martes' } }));
  });
});
