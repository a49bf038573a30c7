/** Rules of the import: what is being read is what was chosen. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { companies, companiesRead } from '../store/session';
import './import-page';
import type { ImportPage } from './import-page';

let page: ImportPage;
let answer: (response: Response) => void;

beforeEach(async () => {
  companies.set(['c1', 'c2'].map((id) => ({ id, name: id, country: 'CO', time_zone: 'America/Bogota' })));
  vi.stubGlobal(
    'fetch',
    () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      }),
  );
  page = document.createElement('import-page') as ImportPage;
  document.body.append(page);
  await page.updateComplete;
});
afterEach(() => {
  page.remove();
  vi.unstubAllGlobals();
});

const company = () => page.renderRoot.querySelector('#company') as HTMLSelectElement;
function drop(): void {
  const event = new Event('drop', { cancelable: true });
  Object.assign(event, { dataTransfer: { files: [new File(['name\nAna\n'], 'clientes.csv')] } });
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
