/** A notification from the form to its outcome. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, signedIn, startBrowser, USERS, unique, visit } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

/** A run of the simulator over one company's clients. */
const RUN_MS = 60_000;
const FIELDS = ['Empresa', 'Tipo de notificación', 'Asunto correo', 'Tipo Receptor', 'Mensaje'];

async function openForm(page) {
  await visit(page, '/notificaciones/nueva');
  const company = page.getByLabel('Empresa', { exact: true });
  await company.locator('option').nth(1).waitFor({ state: 'attached' });
  await company.selectOption({ index: 1 });
}
const message = (page) => page.getByRole('textbox', { name: 'Mensaje' });

describe('«Enviar Notificaciones Clientes»', () => {
  it('has the fields of the seed in their order, and keeps the subject while toggling', async () => {
    const page = await signedIn(browser, USERS.notifier);
    await openForm(page);
    const channel = page.getByLabel('Tipo de notificación', { exact: true });
    assert.equal(await page.getByLabel('Asunto correo').count(), 0);
    await channel.selectOption({ label: 'Correo electrónico' });
    await page.getByLabel('Asunto correo').fill('Revisión');
    const places = [];
    for (const name of FIELDS) places.push((await page.getByLabel(name, { exact: true }).boundingBox()).y);
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
    await channel.selectOption({ label: 'SMS' });
    assert.equal(await page.getByLabel('Asunto correo').count(), 0);
    await channel.selectOption({ label: 'Correo electrónico' });
    assert.equal(await page.getByLabel('Asunto correo').inputValue(), 'Revisión');
    await close(page);
  });

  it('says what is missing by its field, in Spanish', async () => {
    const page = await signedIn(browser, USERS.notifier);
    await openForm(page);
    await page.getByLabel('Tipo de notificación', { exact: true }).selectOption({ label: 'Correo electrónico' });
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    await page.getByText('Escriba el asunto.').waitFor();
    await page.getByText('Escriba el mensaje.').waitFor();
    assert.ok(await page.getByLabel('Asunto correo').evaluate((field) => field.matches(':focus')));
    assert.equal(await page.getByLabel('Asunto correo').getAttribute('aria-invalid'), 'true');
    await close(page);
  });

  it('shows audience and parts while typing, and makes the text cheaper', async () => {
    const page = await signedIn(browser, USERS.notifier);
    await openForm(page);
    const audience = page.getByRole('region', { name: 'Audiencia' });
    await audience.getByText(/de [\d.]+ contactos/).waitFor();
    await message(page).fill(`Mañana habrá revisión ${'x'.repeat(60)}`);
    const panel = page.locator('sms-panel');
    await panel.getByText('Unicode (70 por parte)').waitFor();
    assert.deepEqual(await panel.locator('code').allInnerTexts(), ['á', 'ó']);
    await panel.getByText('Segmentos en total').waitFor();
    await panel.getByRole('button', { name: 'Optimizar sin tildes' }).click();
    await panel.getByText('GSM (160 por parte)').waitFor();
    assert.match(await message(page).inputValue(), /^Mañana habra revision x/);
    await close(page);
  });

  it('names the number, sends once on a double click, and tells the outcome and its history', async () => {
    const page = await signedIn(browser, USERS.notifier);
    await openForm(page);
    const text = unique('Prueba de alarma');
    await message(page).fill(text);
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    const confirm = page.getByRole('dialog', { name: 'Confirmar el envío' });
    await confirm.getByText(/Se enviarán [\d.]+ SMS \([\d.]+ segmentos\) a clientes de /).waitFor();
    await confirm.getByRole('button', { name: /^Enviar [\d.]+ SMS$/ }).dblclick();
    await page.waitForURL(/\/notificaciones\/[0-9a-f-]{36}$/);
    const id = page.url().split('/').at(-1);
    const { data } = await api(page, '/notifications?limit=200');
    assert.equal(data.filter((one) => one.body === text).length, 1);

    await page.getByRole('region', { name: 'Avance' }).waitFor();
    await page.reload();
    await page
      .getByText(/^Finalizada/)
      .first()
      .waitFor({ timeout: RUN_MS });
    const { totals, state } = await api(page, `/notifications/${id}`);
    assert.equal(state, 'completed');
    const legend = page.locator('segmented-bar li').filter({ hasText: 'fallido' });
    if (totals.failed > 0) {
      assert.equal(await legend.locator('b').textContent(), String(totals.failed));
      await page.getByRole('button', { name: `Reintentar fallidos (${totals.failed})` }).waitFor();
      await page.getByRole('region', { name: 'Causas de los fallos' }).locator('li').first().waitFor();
    }
    await page.locator('deliveries-list summary').first().click();
    await page.locator('deliveries-list details[open] ol li').first().waitFor();

    await page.getByRole('link', { name: 'Historial' }).click();
    await page.getByText('Notificación solicitada').waitFor();
    await page
      .getByText(/posición [\d.]+/)
      .first()
      .waitFor();
    await close(page);
  });

  it('is received by the phones of «Buzón de pruebas»', async () => {
    const page = await signedIn(browser, USERS.notifier);
    const { simulator } = await api(page, '/me');
    assert.equal(simulator, true, 'the tests run against the simulator');
    await page.getByRole('link', { name: 'Buzón de pruebas' }).click();
    await page.locator('.phone').first().waitFor();
    await page.getByRole('button', { name: 'Correo electrónico' }).click();
    await page.locator('.mail').first().waitFor();
    await close(page);
  });
});
