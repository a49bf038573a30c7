/** The seed's screens of messages, as two people use them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, deliver, enter, newPage, people, signedIn, startBrowser, unique, visit } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const row = (page, text) => page.locator('inbox-row').filter({ hasText: text });
const unreadOf = async (page) => (await api(page, '/inbox/summary')).counts.unread;

/** Writes through the form, as a person does. */
async function write(page, to, text) {
  await page.getByRole('button', { name: 'Crear Mensaje', exact: true }).click();
  const menu = page.getByRole('dialog', { name: 'Mensajería' });
  await menu.getByRole('button', { name: 'Crear mensaje', exact: true }).click();
  const recipients = page.getByRole('combobox', { name: 'Destinatario' });
  await recipients.fill(to.name);
  await page.getByRole('option', { name: to.name }).first().waitFor();
  await recipients.press('Enter');
  await page.getByRole('textbox', { name: 'Mensaje' }).fill(text);
  await page.getByRole('textbox', { name: 'Mensaje' }).press('Control+Enter');
  await page.getByText('Mensaje enviado').waitFor();
}

/** Two new people who can write, each with a page of their own. */
async function colleagues() {
  const [from, to] = await people(browser, ['operator'], ['operator']);
  const [author, reader] = await Promise.all([signedIn(browser, from.email), signedIn(browser, to.email)]);
  return { author, reader, from, to };
}

describe('«Crear mensaje»', () => {
  it('offers the three options and says what is missing', async () => {
    const [user] = await people(browser, ['operator', 'notifier']);
    const page = await signedIn(browser, user.email);
    await page.getByRole('button', { name: 'Crear Mensaje', exact: true }).click();
    const menu = page.getByRole('dialog', { name: 'Mensajería' });
    for (const name of ['Crear mensaje', 'Enviar notificaciones a clientes', 'Listado de mensajes']) {
      assert.equal(await menu.getByRole('button', { name, exact: true }).count(), 1, name);
    }
    await menu.getByRole('button', { name: 'Crear mensaje', exact: true }).click();
    await page.getByRole('button', { name: 'Enviar', exact: true }).click();
    await page.getByText('Elija al menos un destinatario.').waitFor();
    await page.getByText('Escriba el mensaje.').waitFor();
    await close(page);
  });

  it('is not offered to an auditor, who may not write', async () => {
    const [from, auditor] = await people(browser, ['operator'], ['auditor']);
    const [author, page] = await Promise.all([signedIn(browser, from.email), signedIn(browser, auditor.email)]);
    const { id } = await deliver(author, auditor, unique('Para leer'));
    await visit(page, `/mensajes/${id}`);
    const reader = page.getByRole('article', { name: 'Contenido' });
    await reader.getByRole('button', { name: 'Marcar no leído' }).waitFor();
    assert.equal(await reader.getByRole('button', { name: 'Responder' }).count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Crear Mensaje', exact: true }).count(), 0);
    await page.keyboard.press('c');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Atajos de teclado' }).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 1);
    await close(author);
    await close(page);
  });

  it('reaches a colleague who is working as a notice, without taking the focus', async () => {
    const { author, reader, from, to } = await colleagues();
    await visit(reader, '/mensajes');
    const search = reader.getByRole('searchbox', { name: 'Buscar por texto o autor' });
    await search.focus();
    const text = unique('Revisar el panel');
    await write(author, to, text);
    const notice = reader.locator('toast-stack .toast').filter({ hasText: text });
    await notice.waitFor();
    assert.ok((await notice.textContent()).includes(from.name));
    assert.equal(await notice.locator('time').count(), 1);
    assert.ok(await search.evaluate((box) => box.matches(':focus')));
    await row(reader, text).waitFor();
    await close(author);
    await close(reader);
  });

  it('can be undone for ten seconds, and leaves the screen of the colleague', async () => {
    const { author, reader, to } = await colleagues();
    await visit(reader, '/mensajes');
    const text = unique('Me equivoqué');
    await write(author, to, text);
    const notice = reader.locator('toast-stack .toast').filter({ hasText: text });
    await Promise.all([row(reader, text).waitFor(), notice.waitFor()]);
    await author.getByRole('button', { name: 'Deshacer' }).click();
    await row(reader, text).waitFor({ state: 'detached' });
    await notice.waitFor({ state: 'detached' });
    await reader.reload();
    await reader.getByText('No ha recibido mensajes').waitFor();
    await close(author);
    await close(reader);
  });
});

describe('on entering', () => {
  it('one dialog shows the new messages, a card each, and «Marcar leído» moves the exact badge', async () => {
    const [from, to] = await people(browser, ['operator'], ['auditor']);
    const author = await signedIn(browser, from.email);
    const texts = [unique('Primera novedad'), unique('Segunda novedad')];
    for (const text of texts) await deliver(author, to, text);
    const page = await newPage(browser);
    await enter(page, to.email);
    const dialog = page.getByRole('dialog', { name: 'Tiene 2 mensajes nuevos' });
    await dialog.getByText(texts[1]).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 1);
    await dialog.getByRole('button', { name: 'Marcar leído' }).click();
    await dialog.getByText(texts[0]).waitFor();
    await page.waitForFunction(() => document.title.startsWith('(1)'));
    assert.equal(await unreadOf(page), 1);
    await dialog.getByRole('button', { name: 'Eliminar' }).click();
    await dialog.getByRole('button', { name: 'Deshacer' }).click();
    await dialog.getByText(texts[0]).waitFor();
    await dialog.getByRole('button', { name: 'Ver todos' }).click();
    await page.getByRole('heading', { name: 'Listado de Mensajes', level: 1 }).waitFor();
    await close(page);
    await close(author);
  });
});

describe('a failure while a dialog is open', () => {
  it('is said in front of it, and the card comes back', async () => {
    const [from, to] = await people(browser, ['operator'], ['operator']);
    const author = await signedIn(browser, from.email);
    const text = unique('No se va');
    await deliver(author, to, text);
    const page = await newPage(browser);
    await page.route('**/api/v1/inbox/*', (route) =>
      route.request().method() === 'DELETE' ? route.fulfill({ status: 503, json: {} }) : route.continue(),
    );
    await enter(page, to.email);
    const dialog = page.getByRole('dialog', { name: 'Tiene un mensaje nuevo' });
    await dialog.getByRole('button', { name: 'Eliminar' }).click();
    await dialog.getByText('No se pudo eliminar').waitFor();
    await dialog.getByRole('button', { name: 'Cerrar aviso' }).click();
    await dialog.getByText('No se pudo eliminar').waitFor({ state: 'detached' });
    await dialog.getByText(text).waitFor();
    await close(page);
    await close(author);
  });
});

describe('«Listado de Mensajes»', () => {
  it('opens, marks, deletes with undo, searches and filters', async () => {
    const { author, reader: page, to } = await colleagues();
    const text = unique('¿Quién tiene las llaves?');
    await deliver(author, to, text);
    await visit(page, '/mensajes');
    await row(page, text).getByRole('link').click();
    const reader = page.getByRole('article', { name: 'Contenido' });
    await reader.getByText(text).waitFor();
    await reader.getByRole('button', { name: 'Marcar no leído' }).click();
    await reader.getByRole('button', { name: 'Marcar leído' }).waitFor();

    await page.getByRole('searchbox', { name: 'Buscar por texto o autor' }).fill(text.toUpperCase().replace('É', 'E'));
    await page.waitForFunction(() => location.search.includes('q='));
    await row(page, text).waitFor();

    await page.getByRole('button', { name: 'No leídos' }).click();
    await row(page, text).waitFor();
    await reader.getByRole('button', { name: 'Eliminar' }).click();
    await row(page, text).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Deshacer' }).click();
    await row(page, text).waitFor();
    await close(author);
    await close(page);
  });

  it('is worked by keyboard alone', async () => {
    const { author, reader: page, to } = await colleagues();
    const text = unique('Solo con el teclado');
    await deliver(author, to, text);
    await visit(page, '/mensajes');
    await row(page, text).waitFor();
    await page.keyboard.press('j');
    assert.ok(
      await row(page, text)
        .getByRole('link')
        .evaluate((link) => link.matches(':focus')),
    );
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Contenido' }).getByText(text).waitFor();
    await page.keyboard.press('#');
    await row(page, text).waitFor({ state: 'detached' });
    await page.keyboard.press('z');
    await row(page, text).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Atajos de teclado' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('c');
    await page.getByRole('dialog', { name: 'Crear mensaje' }).waitFor();
    await close(author);
    await close(page);
  });

  it('counts for the author who reads a message that is open in «Enviados»', async () => {
    const { author, reader: page, to } = await colleagues();
    const text = unique('Léalo ahora');
    const { id } = await deliver(author, to, text);
    await visit(author, '/enviados');
    await author.locator('li').filter({ hasText: text }).getByRole('button').click();
    await author.getByRole('dialog', { name: 'Leído por 0 de 1' }).waitFor();
    await visit(page, `/mensajes/${id}`);
    const dialog = author.getByRole('dialog', { name: 'Leído por 1 de 1' });
    await dialog.getByRole('listitem').filter({ hasText: 'Leído' }).waitFor();
    await close(author);
    await close(page);
  });

  it('acknowledges and replies, and the author sees «Leído por 1 de 1»', async () => {
    const { author, reader: page, to } = await colleagues();
    const text = unique('Confirme por favor');
    const { id } = await deliver(author, to, text, { acknowledge: true });
    await visit(page, `/mensajes/${id}`);
    const reader = page.getByRole('article', { name: 'Contenido' });
    await reader.getByRole('button', { name: 'Dar acuse' }).click();
    await reader.getByText('Acuse enviado').waitFor();
    await reader.getByRole('button', { name: 'Responder' }).click();
    await reader.getByRole('textbox').fill('Recibido.');
    await reader.getByRole('button', { name: 'Enviar respuesta' }).click();
    await page.getByText('Mensaje enviado').waitFor();
    await visit(author, '/enviados');
    const sent = author.locator('li').filter({ hasText: text });
    await sent.getByText('Leído por 1 de 1').waitFor();
    await sent.getByText('Acuse de 1 de 1').waitFor();
    await close(author);
    await close(page);
  });
});
