/** «Importar clientes»: a file with a company's own columns. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { api, close, companyWith, signedIn, startBrowser, USERS } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const ROWS = [
  'Cuenta N.;Nombre;Teléfono 1;Correo;Contacto de emergencia;Tel. emergencia;Saldo vencido',
  'C-1;Marta Niño;300 128 0001;marta@clientes.test;Luis Niño;3001280002;$ 120.000',
  'C-2;José Peña;12;;;;',
  'C-3;"Tienda ""La 14""";3001280003;;;;$ 0',
];

/** As Excel saves it: in Windows-1252. */
const file = (rows) => ({
  name: 'clientes.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(`${rows.join('\r\n')}\r\n`, 'latin1'),
});

describe("a company's own file", () => {
  it('is imported by what its columns mean, and its errors name its own lines', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, []);
    await page.goto(`/clientes/importar?empresa=${company.id}`);
    await page.locator('input[type="file"]').setInputFiles(file(ROWS));
    const mapping = page.getByRole('region', { name: 'Qué es cada columna' });
    await mapping.getByText('Falta decir qué columna es el código').waitFor();
    await mapping.getByText('Marta Niño · José Peña').waitFor();
    await mapping.getByLabel('Qué es la columna Cuenta N.').selectOption({ label: 'Código del cliente' });
    await page.getByRole('button', { name: 'Revisar el archivo' }).click();
    const report = page.getByRole('region', { name: 'Resultado' });
    assert.match(await report.locator('.errors tbody tr').innerText(), /^3\s+phone\s+12/);
    const downloads = page.waitForEvent('download');
    await report.getByRole('button', { name: 'Descargar las filas con error' }).click();
    const mended = await readFile(await (await downloads).path(), 'latin1');
    assert.match(mended, /^Cuenta N\.;.*;reason\r\nC-2;José Peña;12;;;;;"[^"]+"\r\n$/);
    await page.getByRole('button', { name: /^Importar 2 clientes/ }).click();
    await page.getByText('Importación terminada.').waitFor();

    const { data } = await api(page, `/companies/${company.id}/clients`);
    const [store, marta] = data.sort((a, b) => b.external_id.localeCompare(a.external_id));
    assert.equal(store.name, 'Tienda "La 14"');
    assert.deepEqual(
      marta.contacts.map(({ kind, name, phone, email }) => [kind, name, phone, email]),
      [
        ['holder', 'Marta Niño', '+573001280001', 'marta@clientes.test'],
        ['emergency_contact', 'Luis Niño', '+573001280002', null],
      ],
    );
    assert.deepEqual(marta.columns, { saldo_vencido: '$ 120.000' });
    await close(page);
  });
});
