/** «Clientes»: one client's page is found by number, by mouse and by keyboard, and shows all that was sent. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, companyWith, notify, signedIn, startBrowser, USERS, unique, visit } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** The simulator refuses the first number. */
const CONTACTS = [{ phone: '+573001270001', email: 'uno@clientes.test' }, { phone: '+573001270098' }];

describe("a client's page", () => {
  it('shows the exclusions of the addresses and everything that was sent', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, CONTACTS);
    const text = unique('Habrá corte de luz');
    await notify(page, company, { channel: 'sms', body: text });
    const fields = { company_id: company.id, channel: 'email', address: 'uno@clientes.test', reason: 'manual' };
    await api(page, '/suppressions', { method: 'POST', key: crypto.randomUUID(), body: fields });

    await visit(page, `/clientes?empresa=${company.id}`);
    await page.getByRole('searchbox', { name: 'Buscar' }).fill('300 127 0001');
    const rows = page.locator('clients-page tbody tr');
    await rows.nth(1).waitFor({ state: 'detached' });
    await rows.getByRole('link', { name: 'Cliente 1' }).click();
    await page.getByRole('heading', { name: 'Cliente 1', level: 1 }).waitFor();
    const contacts = page.getByRole('region', { name: 'Contactos' });
    await contacts.getByText('Excluido: Decisión de una persona').waitFor();
    const sent = page.getByRole('region', { name: 'Todo lo enviado a este cliente' });
    assert.equal(await sent.locator('tbody tr').count(), 1);
    await sent.getByText('La dirección o el número no existe').waitFor();

    await sent.getByRole('button', { name: text }).click();
    const opened = page.getByRole('dialog', { name: 'Envío a un destinatario' });
    await opened.getByRole('link', { name: 'Ver la notificación' }).waitFor();
    assert.equal(await opened.getByRole('link', { name: 'Ver el cliente' }).count(), 0, 'it is this page');
    await page.keyboard.press('Escape');
    await opened.waitFor({ state: 'detached' });

    await contacts.getByRole('button', { name: 'Levantar la exclusión de uno@clientes.test' }).click();
    const lift = page.getByRole('dialog', { name: 'Levantar la exclusión' });
    await lift.getByLabel('Motivo').fill('Lo pidió por teléfono');
    await lift.getByRole('button', { name: 'Levantar' }).click();
    await contacts.getByText(/^Excluido/).waitFor({ state: 'detached' });
    await close(page);
  });

  it('is reached by keyboard from the recipients of a notification, and leads back to the clients', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, CONTACTS);
    await notify(page, company, { channel: 'sms', body: unique('Por teclado') });
    await page.locator('deliveries-list summary').first().focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    // Recipients come in the order of keyed hashes: who is the first is another one in each database.
    await page.getByRole('heading', { name: /^Cliente [12]$/, level: 1 }).waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Clientes' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('clients-page tbody').getByText('Cliente 2').waitFor();
    assert.equal(new URL(page.url()).search, `?empresa=${company.id}`);
    await close(page);
  });
});
