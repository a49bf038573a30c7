/** Rules of the import: what is being read is what was chosen. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { companies, companiesRead } from '../store/session';
import './import-page';
import { NO_LIMITS } from '../companies/limits';
import type { ImportPage } from './import-page';

let page: ImportPage;
let answer: (response: Response) => void;

beforeEach(async () => {
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
  const response = new Promise<Response>((resolve) => {
    answer = resolve;
  });
  vi.stubGlobal('fetch', () => response);
  page = document.createElement('import-page') as ImportPage;
  document.body.append(page);
  await page.updateComplete;
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
});

const company = () => page.renderRoot.querySelector('#company') as HTMLSelectElement;
function drop(text = 'name\nAna\n'): void {
  const event = new Event('drop', { cancelable: true });
  Object.assign(event, { dataTransfer: { files: [new File([text], 'clientes.csv')] } });
  page.renderRoot.querySelector('.drop')?.dispatchEvent(event);
}

it('neither the company nor the file changes while the file is read', async () => {
  drop();
  await page.updateComplete;
  page.renderRoot.querySelector<HTMLElement>('.row .button')?.click();
  await page.updateComplete;
  expect(company().disabled).toBe(true);
  drop();
  await page.updateComplete;
  expect(page.renderRoot.querySelector('.wait')).not.toBeNull();
  const report = { position: 0, rows: 1, created: 1, updated: 0, unchanged: 0, rejected: 0, errors: [] };
  answer(new Response(JSON.stringify(report), { headers: { 'content-type': 'application/json' } }));
  await vi.waitFor(() => expect(page.renderRoot.querySelector('import-report')).not.toBeNull());
  expect(company().disabled).toBe(false);
});

async function check(response: Response): Promise<void> {
  drop();
  await page.updateComplete;
  page.renderRoot.querySelector<HTMLElement>('.row .button')?.click();
  await page.updateComplete;
  answer(response);
}

it('rows that are taken and should be looked at are told apart from those that are refused', async () => {
  const warning = {
    line: 3,
    column: 'row',
    value: 'Ana',
    code: 'unreachable_contact',
    detail: 'No tiene teléfono ni correo.',
  };
  const counts = { position: 0, rows: 2, created: 2, updated: 0, unchanged: 0, rejected: 0 };
  const report = { ...counts, errors: [], warnings: [warning], warnings_left_off: 4 };
  await check(new Response(JSON.stringify(report), { headers: { 'content-type': 'application/json' } }));
  await vi.waitFor(() => expect(page.renderRoot.querySelector('import-report')).not.toBeNull());
  const shown = page.renderRoot.querySelector('import-report')?.shadowRoot;
  await vi.waitFor(() => expect(shown?.querySelector('.warnings h2')?.textContent).toBe('5 advertencias'));
  expect(shown?.querySelector('.warnings tbody')?.textContent).toContain('No tiene teléfono ni correo.');
  expect(shown?.querySelector('.errors')).toBeNull();
});

it('a file that is no CSV is answered with what to do', async () => {
  const detail =
    'El archivo es un libro de Excel u otra hoja de cálculo, no un CSV. Ábralo y guárdelo como «CSV UTF-8».';
  const problem = { status: 422, code: 'not_csv_file', detail, errors: [] };
  await check(
    new Response(JSON.stringify(problem), { status: 422, headers: { 'content-type': 'application/problem+json' } }),
  );
  await vi.waitFor(() => expect(page.renderRoot.querySelector('[role="alert"]')?.textContent).toContain(detail));
  expect(page.renderRoot.querySelector('import-report')).toBeNull();
});

it('a file with other columns asks what they are, is sent in ours, and is answered with its own lines', async () => {
  const sent: string[] = [];
  const error = { line: 3, column: 'phone', value: '12', code: 'phone', detail: 'No es un teléfono.' };
  const counts = { position: 0, rows: 1, created: 0, updated: 0, unchanged: 0, rejected: 1 };
  vi.stubGlobal('fetch', async (_: string, { body }: { body: Blob }) => {
    sent.push(await body.text());
    return Response.json({ ...counts, errors: [error] });
  });
  drop('Cuenta X;Nombre;Celular\nC-1;Ana;12\n');
  const mapping = () => page.renderRoot.querySelector('import-mapping')?.shadowRoot;
  await vi.waitFor(() => expect(mapping()?.querySelector('.notice')?.textContent).toContain('código del cliente'));
  const check = () => page.renderRoot.querySelector<HTMLButtonElement>('.row .button');
  expect(check()?.disabled).toBe(true);
  const select = mapping()?.querySelector('select') as HTMLSelectElement;
  select.value = 'external_id';
  select.dispatchEvent(new Event('change'));
  await vi.waitFor(() => expect(check()?.disabled).toBe(false));
  expect(mapping()?.querySelector('.notice')).toBeNull();
  check()?.click();
  const shown = () => page.renderRoot.querySelector('import-report')?.shadowRoot?.querySelector('.errors tbody td');
  await vi.waitFor(() => expect(shown()?.textContent).toBe('2'));
  expect(sent).toEqual(['sep=;\r\nexternal_id;name;kind;contact_name;phone;email\r\nC-1;Ana;holder;;12;\r\n']);
});

it('without a company there is nowhere to put a file', async () => {
  companies.set([]);
  companiesRead.set('ready');
  page.remove();
  page = document.createElement('import-page') as ImportPage;
  document.body.append(page);
  await page.updateComplete;
  expect(page.renderRoot.querySelector('.drop')).toBeNull();
  const said = page.renderRoot.querySelector('no-companies')?.shadowRoot?.querySelector('empty-state');
  expect(said?.getAttribute('heading')).toBe('No hay empresas a su alcance');
  companiesRead.set('loading');
});
