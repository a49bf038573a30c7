/** «Envíos»: dead letters are found, sent to a corrected address, and discarded. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, companyWith, notify, RUN_MS, signedIn, startBrowser, USERS, visit } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** The simulator refuses numbers that end like these. */
const BAD = [{ phone: '+573001250001' }, { phone: '+573001260001' }];

describe('«Envíos»', () => {
  it('sends a dead letter to the corrected number, and discards another', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, BAD);
    await notify(page, company, { channel: 'sms', body: 'Habrá corte de luz' });
    await visit(page, `/envios?empresa=${company.id}&estado=failed`);
    const rows = page.locator('deliveries-page tbody tr');
    await rows.nth(1).waitFor({ timeout: RUN_MS });

    const first = rows.filter({ hasText: '+573001250001' });
    await first.getByRole('button', { name: /^Reintentar/ }).click();
    const retry = page.getByRole('dialog', { name: 'Reintentar el envío' });
    await retry.getByLabel('Número de celular').fill('+57 300 125 0099');
    await retry.getByText('Corregirla también en el cliente').click();
    await retry.getByRole('button', { name: 'Reintentar' }).click();
    await page.getByText('1 envío en camino').waitFor();
    await first.waitFor({ state: 'detached' });

    await rows
      .first()
      .getByRole('button', { name: /^Descartar/ })
      .click();
    const discard = page.getByRole('dialog', { name: 'Descartar el envío' });
    await discard.getByLabel('Por qué').fill('Se fue de la ciudad');
    await discard.getByRole('button', { name: 'Descartar' }).click();
    await page.getByText('Envío descartado').waitFor();
    await page.getByText('No hay envíos así').waitFor();

    await page.getByLabel('Estado', { exact: true }).selectOption({ label: 'descartados' });
    await rows.filter({ hasText: '+573001260001' }).waitFor();
    await rows.first().getByRole('button').first().click();
    const opened = page.getByRole('dialog', { name: 'Envío a un destinatario' });
    await opened.getByText('Se fue de la ciudad').waitFor();
    const { data } = await api(page, `/deliveries?company=${company.id}&to=${encodeURIComponent('+573001250099')}`);
    assert.equal(data.length, 1);
    await close(page);
  });
});
