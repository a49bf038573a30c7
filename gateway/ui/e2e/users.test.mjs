/** «Usuarios», as administrators use it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { api, close, newPage, people, signedIn, startBrowser, USERS } from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function edit(page, user) {
  await page.goto('/usuarios');
  await page.getByRole('searchbox', { name: 'Buscar' }).fill(user.name);
  await page.getByRole('button', { name: `Editar a ${user.name}` }).click();
  return page.getByRole('dialog', { name: 'Editar usuario' });
}

describe('editing a user', () => {
  it('gives a new password to whoever forgot the old one', async () => {
    const [user] = await people(browser, ['operator']);
    const admin = await signedIn(browser, USERS.admin);
    const dialog = await edit(admin, user);
    const password = `nueva-${crypto.randomUUID()}`;
    await dialog.getByLabel('Nueva contraseña').fill(password);
    await dialog.getByRole('button', { name: 'Guardar' }).click();
    await admin.getByText('Usuario guardado').waitFor();
    const page = await newPage(browser);
    await page.goto('/');
    await page.getByLabel('Correo electrónico').fill(user.email);
    await page.getByLabel('Contraseña').fill(password);
    await page.getByRole('button', { name: 'Ingresar' }).click();
    await page.locator('app-shell').waitFor();
    await close(page);
    await close(admin);
  });

  it('keeps what a colleague changed meanwhile', async () => {
    const [user] = await people(browser, ['operator']);
    const admin = await signedIn(browser, USERS.admin);
    const dialog = await edit(admin, user);
    await api(admin, `/users/${user.id}`, { method: 'PATCH', body: { roles: ['auditor', 'operator'] } });
    await dialog.getByLabel('Nombre').fill(`${user.name} B`);
    await dialog.getByRole('button', { name: 'Guardar' }).click();
    await admin.getByText('Usuario guardado').waitFor();
    const { data } = await api(admin, `/users?q=${encodeURIComponent(user.name)}`);
    assert.deepEqual(
      data.map(({ name, roles }) => [name, roles.toSorted()]),
      [[`${user.name} B`, ['auditor', 'operator']]],
    );
    await close(admin);
  });
});
