/** What waits for somebody is seen, done and reminded of; and every message says to whom it went. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { close, deliver, people, signedIn, startBrowser, unique, visit } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function colleagues(options) {
  const [from, to] = await people(browser, ['operator'], ['operator']);
  const [author, reader] = await Promise.all([signedIn(browser, from.email, options), signedIn(browser, to.email)]);
  return { author, reader, from, to };
}

describe('«Requieren mi acción»', () => {
  it('has what asks for an acknowledgement and what is urgent, until it is done', async () => {
    const { author, reader: page, to } = await colleagues();
    const [asks, urgent, other] = [unique('Confirme'), unique('Urgente'), unique('Sin prisa')];
    await deliver(author, to, asks, { acknowledge: true });
    await visit(page, '/pendientes');
    await page.getByRole('heading', { name: '1 mensaje' }).waitFor();
    await deliver(author, to, other);
    await deliver(author, to, urgent, { priority: 'high' });
    const item = (text) => page.locator('pending-page li').filter({ hasText: text });
    await item(urgent).waitFor();
    assert.equal(await item(other).count(), 0);
    await page.getByRole('link', { name: 'Requieren mi acción 2 requieren su acción' }).waitFor();

    await item(asks).getByRole('button', { name: 'Dar acuse' }).click();
    await item(asks).waitFor({ state: 'detached' });
    await item(urgent).getByRole('button', { name: 'Marcar leído' }).click();
    await page.getByText('Nada espera por usted').waitFor();
    await page.reload();
    await page.getByText('Nada espera por usted').waitFor();
    await close(author);
    await close(page);
  });
});

describe('without colours of its own', () => {
  it('the page still tells what is urgent, what is unread and where one is', async () => {
    const { author, reader: page, to } = await colleagues();
    const text = unique('Urgente');
    await deliver(author, to, text, { priority: 'high', acknowledge: true });
    await page.emulateMedia({ forcedColors: 'active' });
    await visit(page, '/mensajes');
    const row = page.locator('inbox-row').filter({ hasText: text });
    await row.getByText('Prioridad alta').waitFor();
    await row.getByText('Pide acuse').waitFor();
    const style = (one, name) =>
      one.evaluate((node, property) => getComputedStyle(node).getPropertyValue(property), name);
    assert.equal(await style(row.locator('.dot'), 'forced-color-adjust'), 'none');
    assert.equal(await style(page.locator('app-nav a[aria-current]'), 'border-left-width'), '4px');
    assert.equal(await style(page.getByRole('button', { name: 'Todos', exact: true }), 'border-left-width'), '2px');
    await visit(page, '/pendientes');
    await page.locator('pending-page li.high').waitFor();
    assert.equal(await style(page.locator('pending-page li.high'), 'border-left-width'), '4px');
    await close(author);
    await close(page);
  });
});

describe('«Enviados»', () => {
  it('says to whom, shows who has not acknowledged, and reminds them by one click', async () => {
    const { author, reader, to } = await colleagues({ width: 1920, height: 1080 });
    const text = unique('Confirme por favor');
    const { id } = await deliver(author, to, text, { acknowledge: true });
    await visit(author, '/enviados');
    const sent = author.locator('li').filter({ hasText: text });
    await sent.getByRole('link', { name: `Para ${to.name}` }).click();
    await author.getByRole('article', { name: 'Contenido' }).getByText(text).waitFor();
    const readers = author.getByRole('region', { name: 'Leído por 0 de 1' });
    await readers.getByText(to.name).waitFor();
    const [list, message, who] = await Promise.all([
      author.getByRole('region', { name: 'Enviados' }).boundingBox(),
      author.getByRole('article', { name: 'Contenido' }).boundingBox(),
      readers.boundingBox(),
    ]);
    assert.ok(list.x + list.width <= message.x && message.x + message.width <= who.x, 'three panes side by side');

    await readers.getByRole('button', { name: '1 no ha confirmado' }).click();
    await readers.getByRole('button', { name: 'Recordarles' }).click();
    await author.getByText('Recordatorio enviado a 1 persona').waitFor();
    await visit(reader, '/mensajes');
    const reminder = reader.locator('inbox-row').filter({ hasText: 'Recordatorio: falta su acuse' });
    await reader
      .getByRole('button', { name: /nuevos? ↑/ })
      .or(reminder)
      .first()
      .waitFor();
    await reminder.getByRole('link').click();
    const opened = reader.getByRole('article', { name: 'Contenido' });
    await opened.getByRole('link', { name: text }).click();
    await opened.getByRole('button', { name: 'Dar acuse' }).click();
    await opened.getByText('Acuse enviado').waitFor();
    await author.getByRole('region', { name: 'Leído por 1 de 1' }).getByText('Dio acuse').waitFor();
    await visit(reader, `/mensajes/${id}`);
    await opened.getByText('Para usted').waitFor();
    await close(author);
    await close(reader);
  });
});
