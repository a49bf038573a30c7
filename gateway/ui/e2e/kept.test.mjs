/** Nothing that was written is lost: by a reload, a log-out, a session that ends, or a connection that is cut. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, deliver, enter, people, signedIn, startBrowser, unique, visit } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const body = (page) => page.getByRole('dialog', { name: 'Crear mensaje' }).getByRole('textbox', { name: 'Mensaje' });

async function compose(page, to, text) {
  await page.keyboard.press('c');
  const recipients = page.getByRole('combobox', { name: 'Destinatario' });
  await recipients.fill(to.name);
  await page.getByRole('option', { name: to.name }).first().waitFor();
  await recipients.press('Enter');
  await body(page).fill(text);
}

/** Every sealed draft of the browser, as it lies there. */
const sealed = (page) =>
  page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith('mensajeria.sealed.')));
const isKept = (page, name) =>
  page.waitForFunction((end) => Object.keys(localStorage).some((one) => one.endsWith(end)), `.${name}`);

async function leave(page) {
  await page.locator('button.account').click();
  await page.getByRole('button', { name: 'Cerrar sesión' }).click();
  await page.getByLabel('Correo electrónico').waitFor();
}

/** Ends the session on the server, as its time-out does: the page does not know. */
const endSession = (page) =>
  page.evaluate(() => fetch('/api/v1/session', { method: 'DELETE' }).then(({ status }) => status));

describe('a draft', () => {
  it('survives a reload and a log-out, and is sealed from the next user of the desk', async () => {
    const [from, to] = await people(browser, ['operator'], ['operator']);
    const page = await signedIn(browser, from.email);
    const text = unique('Aún no lo envío');
    await compose(page, to, text);
    await isKept(page, 'compose');
    await page.reload();
    await page.locator('app-shell').waitFor();
    await page.keyboard.press('c');
    await page.waitForFunction(() => document.activeElement !== null);
    await page.getByRole('dialog', { name: 'Crear mensaje' }).getByText(to.name).waitFor();
    assert.equal(await body(page).inputValue(), text);
    await page.keyboard.press('Escape');

    await leave(page);
    const stored = await sealed(page);
    assert.equal(stored.length, 1);
    assert.ok(!JSON.stringify(stored).includes(text) && !JSON.stringify(stored).includes(to.id));
    await enter(page, to.email);
    await page.keyboard.press('c');
    assert.equal(await body(page).inputValue(), '');
    await page.keyboard.press('Escape');
    await leave(page);

    await enter(page, from.email);
    await page.keyboard.press('c');
    await page.getByRole('dialog', { name: 'Crear mensaje' }).getByText(to.name).waitFor();
    assert.equal(await body(page).inputValue(), text);
    await body(page).press('Control+Enter');
    await page.getByText('Mensaje enviado').waitFor();
    await page.waitForFunction(() => !Object.keys(localStorage).some((name) => name.endsWith('.compose')));
    await close(page);
  });

  it('of an answer survives a reload', async () => {
    const [from, to] = await people(browser, ['operator'], ['operator']);
    const author = await signedIn(browser, from.email);
    const page = await signedIn(browser, to.email);
    const { id } = await deliver(author, to, unique('¿Puede?'));
    await visit(page, `/mensajes/${id}`);
    await page.getByRole('button', { name: 'Responder' }).click();
    const answer = page.getByRole('article', { name: 'Contenido' }).getByRole('textbox');
    await answer.fill('Voy en camino');
    await isKept(page, 'replies');
    await page.reload();
    await answer.waitFor();
    assert.equal(await answer.inputValue(), 'Voy en camino');
    await close(page);
    await close(author);
  });
});

describe('a session that ends in the middle of «Enviar»', () => {
  it('asks for the password over the page, and the message goes, once', async () => {
    const [from, to] = await people(browser, ['operator'], ['operator']);
    const [page, reader] = await Promise.all([signedIn(browser, from.email), signedIn(browser, to.email)]);
    const text = unique('Antes de que termine');
    await compose(page, to, text);
    assert.equal(await endSession(page), 204);
    await body(page).press('Control+Enter');
    const login = page.getByRole('dialog', { name: 'Su sesión terminó' });
    assert.equal(await login.getByLabel('Correo electrónico').inputValue(), from.email);
    await login.getByLabel('Contraseña').fill(process.env.MENSAJERIA_DEMO_PASSWORD);
    await login.getByRole('button', { name: 'Ingresar' }).click();
    await page.getByText('Mensaje enviado').waitFor();
    await login.waitFor({ state: 'detached' });
    const { data } = await api(reader, '/inbox');
    assert.deepEqual(
      data.map((item) => item.body),
      [text],
    );
    // The page is live again: it hears of what is written to its user.
    const answer = unique('Recibido');
    await deliver(reader, from, answer);
    await page.locator('toast-stack .toast').filter({ hasText: answer }).waitFor();
    await close(page);
    await close(reader);
  });
});

describe('a message sent without a connection', () => {
  it('says so, and goes by itself once the connection is back', async () => {
    const [from, to] = await people(browser, ['operator'], ['operator']);
    const [page, reader] = await Promise.all([signedIn(browser, from.email), signedIn(browser, to.email)]);
    const text = unique('Sin red');
    await compose(page, to, text);
    await page.context().setOffline(true);
    await body(page).press('Control+Enter');
    await page.getByText('Se enviará en cuanto vuelva la conexión.').waitFor();
    await page.context().setOffline(false);
    await page.getByText('Mensaje enviado').waitFor();
    const { data } = await api(reader, '/inbox');
    assert.deepEqual(
      data.map((item) => item.body),
      [text],
    );
    await close(page);
    await close(reader);
  });
});
