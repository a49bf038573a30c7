/** Templates from the editor to what a client reads. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, companyWith, RUN_MS, signedIn, startBrowser, USERS, unique, visit } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const EMAIL = 'Correo electrónico';
/** The simulator takes it. */
const address = () => `${unique('plantilla').replace(' ', '-')}@clientes.test`;

/** The page of templates, once it knows the company. */
async function openTemplates(page) {
  await page.reload();
  await visit(page, '/plantillas');
  await page.getByRole('heading', { name: 'Plantillas', level: 1 }).waitFor();
}

/** Writes a template of an e-mail in the editor and saves it. */
async function write(page, { name, company, html }) {
  await page.getByRole('button', { name: 'Nueva plantilla' }).first().click();
  const editor = page.getByRole('dialog', { name: 'Nueva plantilla' });
  await editor.getByLabel('Nombre', { exact: true }).first().fill(name);
  await editor.getByLabel('Empresa', { exact: true }).selectOption({ label: company.name });
  await editor.getByLabel('Tipo de notificación', { exact: true }).selectOption({ label: EMAIL });
  await editor.getByLabel('Asunto correo').fill('{{ cliente.nombre }}: corte el {{ dia }}');
  await editor.getByLabel('HTML', { exact: true }).fill(html);
  await editor.getByRole('button', { name: 'Añadir variable' }).click();
  await editor.locator('#variable-0-name').fill('dia');
  await editor.locator('#variable-0-sample').fill('lunes');
  await editor.getByRole('button', { name: 'Guardar' }).click();
  return editor;
}

const mailTo = async (page, to) => {
  const { data } = await api(page, '/simulator/messages?channel=email');
  return data.find((one) => one.to === to);
};

describe('«Plantillas»', () => {
  it('are written, refused with the reason by the field, and shown as a client would get them', async () => {
    const page = await signedIn(browser, USERS.admin);
    const email = address();
    const company = await companyWith(page, [{ email }]);
    const { data } = await api(page, `/companies/${company.id}/clients`);
    await api(page, `/clients/${data[0].id}`, { method: 'PATCH', body: { columns: { saldo: '$ 5.000' } } });
    await openTemplates(page);
    const name = unique('Corte');
    const editor = await write(page, { name, company, html: '<p>Debe {{ cliente.deuda }}</p>' });
    await editor.getByText('La plantilla no tiene la variable «cliente.deuda».').waitFor();
    await editor.getByText('Columnas propias: {{ cliente.saldo }}.').waitFor();
    await editor.getByLabel('HTML', { exact: true }).fill('<p>Debe <b>{{ cliente.saldo }}</b> el {{ dia }}.</p>');
    await editor.getByRole('button', { name: 'Guardar' }).click();
    await page.getByText('Plantilla guardada').waitFor();

    await page.getByRole('button', { name: `Ver ${name}` }).click();
    const preview = page.getByRole('dialog', { name });
    await preview.getByText('María Gómez: corte el lunes').waitFor();
    await preview.getByLabel('Como la recibiría').selectOption({ label: 'Cliente 1' });
    await preview.getByText('Cliente 1: corte el lunes').waitFor();
    await preview.getByText(`Para ${email}`).waitFor();
    await preview.getByLabel('dia', { exact: true }).fill('jueves');
    await preview.getByText('Cliente 1: corte el jueves').waitFor();
    const mail = preview.frameLocator('iframe');
    await mail.getByText('Debe $ 5.000 el jueves.').waitFor();
    await mail.getByText(company.name).first().waitFor();

    await preview.getByRole('button', { name: 'Enviarme una prueba' }).click();
    await page.getByText('Prueba en camino a su correo').first().waitFor();
    await preview.getByRole('button', { name: 'Cerrar' }).first().click();
    await page.getByRole('button', { name: `Editar ${name}` }).click();
    const version = page.getByRole('dialog', { name: 'Versión 2' });
    await version.getByLabel('HTML', { exact: true }).fill('<p>Corte el {{ dia }}.</p>');
    await version.getByRole('button', { name: 'Guardar' }).click();
    await page.getByRole('row', { name }).getByText('2', { exact: true }).waitFor();
    const { data: notifications } = await api(page, `/notifications?company=${company.id}`);
    assert.deepEqual(
      notifications.map((one) => one.test),
      [true],
      'the test went to nobody else',
    );
    await close(page);
  });

  it('take the place of the text in the form, and each client reads an own one', async () => {
    const page = await signedIn(browser, USERS.admin);
    const emails = [address(), address()];
    const company = await companyWith(
      page,
      emails.map((email) => ({ email })),
    );
    await openTemplates(page);
    const name = unique('Aviso');
    await write(page, { name, company, html: '<p>Hola, {{ cliente.nombre }}. Será el {{ dia }}.</p>' });
    await page.getByText('Plantilla guardada').waitFor();

    await visit(page, '/notificaciones/nueva');
    const field = page.getByLabel('Empresa', { exact: true });
    await field.locator('option', { hasText: company.name }).waitFor({ state: 'attached' });
    await field.selectOption({ label: company.name });
    await page.getByLabel('Tipo de notificación', { exact: true }).selectOption({ label: EMAIL });
    const template = page.getByLabel('Plantilla', { exact: true });
    await template.locator('option', { hasText: name }).waitFor({ state: 'attached' });
    await template.selectOption({ label: name });
    await page.getByLabel('Programar para').waitFor();
    await page.getByLabel('dia', { exact: true }).fill('martes');
    assert.equal(await page.getByRole('textbox', { name: 'Mensaje' }).count(), 0);
    await page.getByRole('region', { name: 'Audiencia' }).getByText('de 2 contactos').waitFor();
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    const confirm = page.getByRole('dialog', { name: 'Confirmar el envío' });
    await confirm.getByText(/Hola, Cliente [12]\. Será el martes\./).waitFor();
    await confirm.getByRole('button', { name: 'Enviar 2 correos' }).click();
    await page.waitForURL(/\/notificaciones\/[0-9a-f-]{36}$/);
    await page.locator('.title .pill', { hasText: /^Finalizada/ }).waitFor({ timeout: RUN_MS });
    for (const [i, email] of emails.entries()) {
      const mail = await mailTo(page, email);
      assert.equal(mail.subject, `Cliente ${i + 1}: corte el martes`);
      assert.equal(mail.body.trim(), `Hola, Cliente ${i + 1}. Será el martes.`);
    }
    await close(page);
  });
});
