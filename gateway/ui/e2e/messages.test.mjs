/** The seed's screens of messages, as two people use them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, enter, newPage, signedIn, startBrowser, USERS, unique, visit } from './support.mjs';

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

/** Writes by the API, for what only needs a message to be there. */
const deliver = (page, to, body, more = {}) =>
  api(page, '/messages', {
    method: 'POST',
    key: crypto.randomUUID(),
    body: {
      recipients: [to.id],
      roles: [],
      company: null,
      body,
      priority: 'normal',
      acknowledge: false,
      in_reply_to: null,
      ...more,
    },
  });

describe('«Crear mensaje»', () => {
  it('offers the three options and says what is missing', async () => {
    const page = await signedIn(browser, USERS.notifier);
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

  it('reaches a colleague who is working as a notice, without taking the focus', async () => {
    const [author, reader] = await Promise.all([signedIn(browser, USERS.operator), signedIn(browser, USERS.notifier)]);
    const [from, to] = await Promise.all([api(author, '/me'), api(reader, '/me')]);
    await visit(reader, '/mensajes');
    const search = reader.getByRole('searchbox', { name: 'Buscar por texto o autor' });
    await search.focus();
    const text = unique('Revisar el panel');
    await write(author, to, text);
    const notice = reader.locator('toast-stack .toast').filter({ hasText: text });
    await notice.waitFor();
    assert.match(await notice.textContent(), new RegExp(from.name));
    assert.equal(await notice.locator('time').count(), 1);
    assert.ok(await search.evaluate((box) => box.matches(':focus')));
    await row(reader, text).waitFor();
    await close(author);
    await close(reader);
  });

  it('can be undone for ten seconds', async () => {
    const [author, reader] = await Promise.all([signedIn(browser, USERS.operator), signedIn(browser, USERS.notifier)]);
    const to = await api(reader, '/me');
    await visit(reader, '/mensajes');
    const text = unique('Me equivoqué');
    await write(author, to, text);
    await row(reader, text).waitFor();
    await author.getByRole('button', { name: 'Deshacer' }).click();
    await author.getByText('Mensaje enviado').waitFor({ state: 'detached' });
    await reader.reload();
    await reader.locator('inbox-row').first().waitFor();
    assert.equal(await row(reader, text).count(), 0);
    await close(author);
    await close(reader);
  });
});

describe('on entering', () => {
  it('one dialog shows the new messages, a card each, and «Marcar leído» moves the exact badge', async () => {
    const author = await signedIn(browser, USERS.operator);
    const reader = await signedIn(browser, USERS.auditor);
    const to = await api(reader, '/me');
    await reader.context().close();
    const texts = [unique('Primera novedad'), unique('Segunda novedad')];
    for (const text of texts) await deliver(author, to, text);
    const page = await newPage(browser);
    await enter(page, USERS.auditor);
    const dialog = page.getByRole('dialog', { name: /mensajes nuevos/ });
    await dialog.getByText(texts[1]).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 1);
    const before = await unreadOf(page);
    await dialog.getByRole('button', { name: 'Marcar leído' }).click();
    await dialog.getByText(texts[0]).waitFor();
    await page.waitForFunction(
      ([n]) =>
        document.title.startsWith(
          n > 0 ? `(${new Intl.NumberFormat('es', { useGrouping: 'always' }).format(n)})` : 'Inicio',
        ),
      [before - 1],
    );
    assert.equal(await unreadOf(page), before - 1);
    await dialog.getByRole('button', { name: 'Eliminar' }).click();
    await dialog.getByRole('button', { name: 'Deshacer' }).click();
    await dialog.getByText(texts[0]).waitFor();
    await dialog.getByRole('button', { name: 'Ver todos' }).click();
    await page.getByRole('heading', { name: 'Listado de Mensajes', level: 1 }).waitFor();
    await close(page);
    await close(author);
  });
});

describe('«Listado de Mensajes»', () => {
  it('opens, marks, deletes with undo, searches and filters', async () => {
    const [author, page] = await Promise.all([signedIn(browser, USERS.operator), signedIn(browser, USERS.notifier)]);
    const text = unique('¿Quién tiene las llaves?');
    await deliver(author, await api(page, '/me'), text);
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
    const [author, page] = await Promise.all([signedIn(browser, USERS.operator), signedIn(browser, USERS.notifier)]);
    const text = unique('Solo con el teclado');
    await deliver(author, await api(page, '/me'), text);
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

  it('acknowledges and replies, and the author sees «Leído por 1 de 1»', async () => {
    const [author, page] = await Promise.all([signedIn(browser, USERS.operator), signedIn(browser, USERS.notifier)]);
    const text = unique('Confirme por favor');
    const { id } = await deliver(author, await api(page, '/me'), text, { acknowledge: true });
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
