/** Every screen: no violation that axe can see, in light and dark, wide and narrow, and nothing wider than the screen. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import axe from 'axe-core';
import { api, close, newPage, signedIn, startBrowser, USERS } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const SCREENS = [
  '/',
  '/mensajes',
  '/mensajes?estado=unread',
  '/enviados',
  '/notificaciones',
  '/notificaciones/nueva',
  '/clientes',
  '/clientes/importar',
  '/empresas',
  '/usuarios',
  '/auditoria',
  '/proyecciones',
  '/buzon',
  '/buzon?canal=email',
  '/no-existe',
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

async function check(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags }), RULES);
  const said = violations.map(
    (one) =>
      `${one.id}: ${one.nodes.map((node) => `${node.target.flat().join(' ')} ${node.failureSummary}`).join(' | ')}`,
  );
  assert.deepEqual(said, [], name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px wider than the screen`);
}

async function ready(page) {
  await page.locator('main h1, main empty-state').first().waitFor();
  await page.locator('loading-rows').first().waitFor({ state: 'detached' });
}

async function openDialogs(page, name) {
  await page.goto('/');
  await ready(page);
  await page.getByRole('button', { name: 'Crear Mensaje', exact: true }).click();
  await page.getByRole('dialog', { name: 'Mensajería' }).waitFor();
  await check(page, `${name} create menu`);
  await page.getByRole('button', { name: 'Crear mensaje', exact: true }).last().click();
  await page.getByRole('button', { name: 'Enviar', exact: true }).click();
  await page.getByText('Escriba el mensaje.').waitFor();
  await check(page, `${name} compose with errors`);
  await page.getByRole('combobox', { name: 'Destinatario' }).fill('a');
  await page.getByRole('option').first().waitFor();
  await check(page, `${name} recipients`);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Atajos de teclado' }).waitFor();
  await check(page, `${name} shortcuts`);
  await page.keyboard.press('Escape');
}

async function openDetails(page, name) {
  const [{ data: messages }, { data: notifications }] = await Promise.all([
    api(page, '/inbox?limit=1'),
    api(page, '/notifications?limit=1'),
  ]);
  if (messages[0]) {
    await page.goto(`/mensajes/${messages[0].id}`);
    await page.getByRole('article', { name: 'Contenido' }).getByRole('button').first().waitFor();
    await ready(page);
    await check(page, `${name} reader`);
  }
  assert.ok(notifications[0], 'the demo data has a notification');
  await page.goto(`/notificaciones/${notifications[0].id}`);
  await page.locator('deliveries-list summary').first().click();
  await ready(page);
  await check(page, `${name} notification`);
  await page.goto(`/notificaciones/${notifications[0].id}/historial`);
  await page.getByText('Notificación solicitada').waitFor();
  await ready(page);
  await check(page, `${name} history`);
}

for (const scheme of ['light', 'dark']) {
  for (const width of [1280, 360]) {
    describe(`${scheme} at ${width} px`, () => {
      it('the login', async () => {
        const page = await newPage(browser, { scheme, width });
        await page.goto('/');
        await page.getByRole('button', { name: 'Ingresar' }).click();
        await page.getByText('Este campo es obligatorio.').first().waitFor();
        await check(page, 'login');
        await close(page);
      });

      it('every page', async () => {
        const page = await signedIn(browser, USERS.admin, { scheme, width });
        for (const screen of SCREENS) {
          await page.goto(screen);
          await ready(page);
          await check(page, screen);
        }
        await close(page);
      });

      it('the dialogs, an open message and a notification', async () => {
        const page = await signedIn(browser, USERS.admin, { scheme, width });
        await openDialogs(page, `${scheme} ${width}`);
        await openDetails(page, `${scheme} ${width}`);
        await close(page);
      });
    });
  }
}
