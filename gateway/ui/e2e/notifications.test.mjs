/** A notification from the form to its outcome. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import {
  api,
  close,
  companyWith,
  notify,
  people,
  RUN_MS,
  signedIn,
  startBrowser,
  USERS,
  unique,
  visit,
} from './support.mjs';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const FIELDS = ['Empresa', 'Tipo de notificación', 'Asunto correo', 'Tipo Receptor', 'Mensaje'];

/** The simulator takes the first number and refuses the second. */
const GOOD_AND_BAD = [{ phone: '+573001230099' }, { phone: '+573001230001' }];

/** One goes, one is refused, and nobody knows of the third. */
/** The last one's answer is cut, and no receipt comes that would end the doubt. */
const GOOD_BAD_AND_DOUBTFUL = [...GOOD_AND_BAD, { phone: '+573001230006' }];

/** With the named company, or the first there is. */
async function openForm(page, name) {
  await visit(page, '/notificaciones/nueva');
  const company = page.getByLabel('Empresa', { exact: true });
  await company.locator('option').nth(1).waitFor({ state: 'attached' });
  await company.selectOption(name ? { label: name } : { index: 1 });
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
    await audience.getByText('Segmentos en total').waitFor();
    await panel.getByRole('button', { name: 'Optimizar sin tildes' }).click();
    await panel.getByText('GSM (160 por parte)').waitFor();
    await panel.getByText(/Mañana habra revision x/).waitFor();
    assert.match(await message(page).inputValue(), /^Mañana habrá revisión x/);
    await page.locator('samples-panel summary').click();
    await page.locator('samples-panel li', { hasText: 'Mañana habra revision x' }).first().waitFor();
    await close(page);
  });

  it('goes to the clients of a list, and gives those who are left out as a file', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, [...GOOD_AND_BAD, { phone: null }]);
    await page.reload();
    await openForm(page, company.name);
    const audience = page.getByRole('region', { name: 'Audiencia' });
    await audience.getByText('de 3 contactos').waitFor();
    await page.getByText('Filtrar clientes').click();
    await page.getByLabel('Solo estos clientes (identificadores)').fill('E-1, E-3\nZ-9');
    await audience.getByText('No existe ese cliente').waitFor();
    const saved = page.waitForEvent('download');
    await audience.getByRole('button', { name: 'Descargar la lista (CSV)' }).click();
    const file = await saved;
    assert.equal(file.suggestedFilename(), 'excluidos.csv');
    const [, ...rows] = (await readFile(await file.path(), 'utf8')).trim().split('\r\n');
    assert.deepEqual(rows, ['Z-9,,,,,,unknown', 'E-3,Cliente 3,holder,Cliente 3,,,no_phone']);

    await message(page).fill(unique('Habrá corte'));
    await page.locator('sms-panel').getByRole('button', { name: 'Optimizar sin tildes' }).click();
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    const confirm = page.getByRole('dialog', { name: 'Confirmar el envío' });
    await confirm.getByText(/Habra corte/).waitFor();
    await confirm.getByRole('button', { name: 'Enviar 1 SMS' }).click();
    await page.waitForURL(/\/notificaciones\/[0-9a-f-]{36}$/);
    await page.locator('.title .pill', { hasText: /^Finalizada/ }).waitFor({ timeout: RUN_MS });
    const { data } = await api(page, '/simulator/messages?channel=sms');
    assert.match(data.find((one) => one.to === '+573001230099').body, /^Habra corte/);
    await close(page);
  });

  it('names the number, sends once on a double click, and tells the outcome and its history', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_AND_BAD);
    await page.reload();
    await openForm(page, company.name);
    const text = unique('Prueba de alarma');
    await message(page).fill(text);
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    const confirm = page.getByRole('dialog', { name: 'Confirmar el envío' });
    await confirm.getByText(`Se enviarán 2 SMS (2 segmentos) a clientes de ${company.name}`).waitFor();
    await confirm.getByRole('button', { name: 'Enviar 2 SMS' }).dblclick();
    await page.waitForURL(/\/notificaciones\/[0-9a-f-]{36}$/);
    const { data } = await api(page, `/notifications?company=${company.id}`);
    assert.deepEqual(
      data.map((one) => one.body),
      [text],
    );

    await page.getByRole('region', { name: 'Avance' }).waitFor();
    await page.reload();
    await page.getByText('Finalizada con 1 fallo').waitFor({ timeout: RUN_MS });
    const legend = (state) => page.locator('segmented-bar li').filter({ hasText: state }).locator('b');
    // The simulator's receipt comes about a second after the message.
    await legend('entregado').getByText('1', { exact: true }).waitFor();
    assert.equal(await legend('fallido').textContent(), '1');
    await page.getByRole('button', { name: 'Reintentar fallidos (1)' }).waitFor();
    const causes = page.getByRole('region', { name: 'Causas de los fallos' });
    await causes.getByText('La dirección o el número no existe').waitFor();
    await page.locator('deliveries-list summary').first().click();
    await page.locator('deliveries-list details[open] ol li').first().waitFor();

    await page.getByRole('link', { name: 'Historial' }).click();
    await page.getByText('Notificación solicitada').waitFor();
    await page.getByText('Se añadieron 2 destinatarios.').waitFor();
    await page
      .getByText(/^posición [\d.]+$/)
      .first()
      .waitFor();
    await close(page);
  });

  it('tells apart why some failed and why nobody knows of others, in Spanish', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_BAD_AND_DOUBTFUL);
    await notify(page, company, { channel: 'sms', body: unique('Con dudas') });
    const failed = page.getByRole('region', { name: 'Causas de los fallos' });
    await failed.getByText('La dirección o el número no existe').waitFor();
    assert.equal(await failed.getByRole('listitem').count(), 1);
    const doubted = page.getByRole('region', { name: 'Por qué hay envíos en duda' });
    await doubted.getByText('No se sabe si llegó').waitFor();
    await page.getByRole('button', { name: 'en duda 1' }).click();
    await page.locator('deliveries-list summary').filter({ hasText: 'en duda' }).click();
    const attempt = page.locator('deliveries-list details[open] ol li');
    await attempt.getByText('No se sabe si llegó').waitFor();
    await attempt.getByText('El proveedor cerró la conexión').waitFor();
    await close(page);
  });

  it('ends a doubt by what a person has found out, with the reason', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, [GOOD_BAD_AND_DOUBTFUL[2]]);
    await notify(page, company, { channel: 'sms', body: unique('Una duda') });
    await page.locator('deliveries-list summary').filter({ hasText: 'en duda' }).click();
    await page.getByLabel('La persona lo recibió').check();
    await page.getByRole('textbox', { name: 'Motivo' }).fill('Llamó y lo confirmó');
    await page.getByRole('button', { name: 'Terminar la duda' }).click();
    await page.getByText('La duda terminó').waitFor();
    await page.locator('deliveries-list summary').filter({ hasText: 'entregado' }).waitFor();
    await close(page);
  });

  it('cannot be cancelled once it is over, and says so', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, [{ phone: '+573001230095' }]);
    const id = await notify(page, company, { channel: 'sms', body: unique('Ya salió') });
    // The page believes that it still goes on until it looks again.
    const running = async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), state: 'running' } });
    };
    await page.route(`**/api/v1/notifications/${id}/stream`, (route) => route.abort());
    await page.route(`**/api/v1/notifications/${id}`, running);
    await page.reload();
    await page.getByRole('button', { name: 'Cancelar lo pendiente' }).click();
    await page.unroute(`**/api/v1/notifications/${id}`);
    await page.getByRole('dialog').getByRole('button', { name: 'Cancelar lo pendiente' }).click();
    await page.getByText('Ya había terminado: no quedaba nada por cancelar').waitFor();
    await page.getByText('Finalizada', { exact: true }).waitFor();
    await close(page);
  });

  it('can be followed from the audit to whom it went', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, [GOOD_AND_BAD[1]]);
    const id = await notify(page, company, { channel: 'sms', body: unique('Para auditar') });
    await page.goto(`/auditoria?empresa=${company.id}&tipo=OutcomesRecorded`);
    await page.locator(`tbody a[href="/notificaciones/${id}"]`).click();
    await page.locator('deliveries-list summary').first().click();
    await page.getByRole('link', { name: 'Ver sus hechos en la auditoría' }).click();
    await page.locator('tbody').getByText('Resultados de envíos').first().waitFor();
    await page.getByRole('button', { name: 'Ver a quién' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Envío a un destinatario' });
    await dialog.getByText(GOOD_AND_BAD[1].phone).waitFor();
    await dialog.getByText('La dirección o el número no existe').waitFor();
    await dialog.getByRole('link', { name: 'Ver el cliente' }).click();
    await page.getByRole('heading', { name: 'Cliente 1', level: 1 }).waitFor();
    await page.getByRole('region', { name: 'Contactos' }).getByText(GOOD_AND_BAD[1].phone).waitFor();
    await close(page);
  });

  it('says that a send whose answer was lost may be under way, and never sends it twice', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_AND_BAD);
    await page.reload();
    const text = unique('Sin respuesta');
    const send = async () => {
      await openForm(page, company.name);
      await message(page).fill(text);
      await page.getByRole('button', { name: 'Revisar y enviar' }).click();
      await page.getByRole('button', { name: 'Enviar 2 SMS' }).click();
    };
    // The server carries it out, and its answer gets lost.
    await page.route('**/api/v1/notifications', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await send();
    await page.getByText('no se sabe si la notificación salió').waitFor();
    await page.unroute('**/api/v1/notifications');
    await page.reload();
    await page.getByText('puede estar en marcha').waitFor();
    await send();
    await page.waitForURL(/\/notificaciones\/[0-9a-f-]{36}$/);
    const { data } = await api(page, `/notifications?company=${company.id}`);
    assert.equal(data.length, 1);
    await close(page);
  });

  it('sent without a network goes on when it is back, once, whatever page is open', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_AND_BAD);
    await page.reload();
    // A page of the app that has been open needs no network to be opened again.
    await visit(page, '/notificaciones');
    await page.getByRole('heading', { name: 'Notificaciones', level: 1 }).waitFor();
    await openForm(page, company.name);
    await message(page).fill(unique('Sin red'));
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    const send = page.getByRole('button', { name: 'Enviar 2 SMS' });
    await send.waitFor();
    await page.context().setOffline(true);
    await send.click();
    await page.getByText('no se sabe si la notificación salió').waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    await page.locator('app-nav').getByRole('link', { name: 'Notificaciones' }).first().click();
    await page.getByRole('heading', { name: 'Notificaciones', level: 1 }).waitFor();
    await page.context().setOffline(false);
    await page.locator('toast-stack .toast').filter({ hasText: 'Notificación en camino' }).waitFor();
    const { data } = await api(page, `/notifications?company=${company.id}`);
    assert.equal(data.length, 1);
    await openForm(page);
    assert.equal(await message(page).inputValue(), '');
    await close(page);
  });

  it('that came back after a reload has its preview at once, and is sent by the keyboard alone', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_AND_BAD);
    await page.reload();
    await openForm(page, company.name);
    const text = unique('Con el teclado');
    await message(page).fill(text);
    // The draft is sealed after a pause.
    await page.waitForFunction(() => Object.keys(localStorage).some((name) => /sealed\..*\.send$/.test(name)));
    await page.reload();
    const audience = page.getByRole('region', { name: 'Audiencia' });
    await audience.getByText('de 2 contactos').waitFor();
    const reader = page.getByRole('region', { name: 'Así lo recibirá' });
    await reader.getByRole('region', { name: 'Vista previa del SMS' }).getByText(text).waitFor();
    // Readers come in the order of keyed hashes: who is the first is another one in each database.
    await reader
      .getByText(/Cliente [12]/)
      .first()
      .waitFor();
    await message(page).focus();
    await page.keyboard.press('Control+Enter');
    const confirm = page.getByRole('dialog', { name: 'Confirmar el envío' });
    await confirm.waitFor();
    const button = confirm.getByRole('button', { name: 'Enviar 2 SMS' });
    for (let steps = 0; !(await button.evaluate((one) => one.matches(':focus'))); steps++) {
      assert.ok(steps < 10, 'the button can be reached');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/notificaciones\/[0-9a-f-]{36}$/);
    await close(page);
  });

  it('shows each of the first readers the mail that he gets, in a frame where nothing runs', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, [{ email: 'ana@clientes.test' }, { email: 'luis@clientes.test' }]);
    await api(page, '/templates', {
      method: 'POST',
      key: crypto.randomUUID(),
      body: {
        company_id: company.id,
        name: unique('Aviso'),
        channel: 'email',
        category: 'service',
        subject: 'Para {{ cliente.nombre }}',
        body: 'Hola {{ cliente.nombre }}',
        html: '<mjml><mj-body><mj-section><mj-column><mj-text>Hola {{ cliente.nombre }}</mj-text></mj-column></mj-section></mj-body></mjml>',
        variables: [],
      },
    });
    await page.reload();
    await openForm(page, company.name);
    await page.getByLabel('Tipo de notificación', { exact: true }).selectOption({ label: 'Correo electrónico' });
    await page.getByLabel('Plantilla', { exact: true }).selectOption({ index: 1 });
    const reader = page.getByRole('region', { name: 'Así lo recibirá' });
    const subject = reader.getByText(/Para Cliente [12]/);
    await subject.waitFor();
    const others = ['Cliente 1', 'Cliente 2'];
    const [first] = others.splice((await subject.textContent()).includes('Cliente 1') ? 0 : 1, 1);
    const frame = reader.locator('iframe');
    assert.equal(await frame.getAttribute('sandbox'), '');
    await frame.contentFrame().getByText(`Hola ${first}`).waitFor();
    await reader.getByRole('button', { name: 'Destinatario siguiente' }).click();
    await frame.contentFrame().getByText(`Hola ${others[0]}`).waitFor();
    await close(page);
  });

  it('on a phone says whom it reaches and what it costs before the button', async () => {
    const page = await signedIn(browser, USERS.notifier, { width: 360, height: 740 });
    await openForm(page);
    await message(page).fill('Habrá corte');
    const audience = page.getByRole('region', { name: 'Audiencia' });
    await audience.getByText('Segmentos en total').waitFor();
    await page.getByText(/^Llega a \d+ contactos · \d+ segmentos/).waitFor();
    const button = await page.getByRole('button', { name: 'Revisar y enviar' }).boundingBox();
    const told = await audience.boundingBox();
    assert.ok(told.y + told.height <= button.y, 'the audience stands above the button');
    await close(page);
  });

  it('shows failures first, opens the recipients of a cause, and finds one of them', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, [...GOOD_BAD_AND_DOUBTFUL, { phone: '+573001230005' }]);
    const id = await notify(page, company, { channel: 'sms', body: unique('Con causas') });
    await page.reload();
    const list = page.locator('deliveries-list');
    const rows = list.locator('summary');
    await list.getByRole('button', { name: /^fallido/, pressed: true }).waitFor();
    await rows.filter({ hasText: 'Cliente 2' }).waitFor();
    assert.equal(await rows.filter({ hasText: 'Cliente 1' }).count(), 0);

    await page
      .getByRole('region', { name: 'Causas de los fallos' })
      .getByRole('link', { name: /La dirección o el número no existe/ })
      .focus();
    await page.keyboard.press('Enter');
    await list.getByText('Causa: La dirección o el número no existe').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('estado'), 'failed');
    await page.reload();
    await rows.filter({ hasText: 'Cliente 2' }).waitFor();
    assert.equal(await rows.count(), 1);

    await list.getByRole('button', { name: /^todos/ }).click();
    await rows.filter({ hasText: 'Cliente 1' }).waitFor();
    const search = list.getByRole('searchbox', { name: 'Buscar destinatario' });
    await search.fill('300 123 0099');
    await rows.filter({ hasText: 'Cliente 2' }).waitFor({ state: 'detached' });
    assert.deepEqual(await rows.locator('.name').allInnerTexts(), ['Cliente 1']);
    await search.fill('nadie de nadie');
    await list.getByText('Ningún destinatario coincide').waitFor();
    await page.getByRole('link', { name: 'Historial' }).click();
    await page.waitForURL(new RegExp(`/notificaciones/${id}/historial`));
    await close(page);
  });

  it('is in a view that a user has named, which stays after a reload', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, [GOOD_AND_BAD[0]]);
    await notify(page, company, { channel: 'sms', body: unique('De la vista') });
    await page.reload();
    await visit(page, '/notificaciones');
    await page.getByLabel('Empresa', { exact: true }).selectOption({ label: company.name });
    await page.getByLabel('Período', { exact: true }).selectOption({ label: 'Hoy' });
    const views = page.getByRole('navigation', { name: 'Vistas' });
    await views.getByRole('button', { name: 'Guardar vista' }).click();
    const name = unique('Vista');
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await views.getByRole('link', { name }).waitFor();
    await views.getByRole('link', { name: 'Por aprobar' }).click();
    await page.waitForURL(/estado=awaiting_approval$/);
    // It is sealed after a pause.
    await page.waitForFunction(() => Object.keys(localStorage).some((one) => /sealed\..*\.views$/.test(one)));
    await page.reload();
    await views.getByRole('link', { name }).click();
    await page.getByRole('link', { name: /De la vista/ }).waitFor();
    assert.equal(await page.getByLabel('Período', { exact: true }).inputValue(), '1');
    await views.getByRole('button', { name: `Quitar la vista ${name}` }).click();
    await views.getByRole('link', { name }).waitFor({ state: 'detached' });
    await close(page);
  });

  it('is undone while it is held, and nothing leaves', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_AND_BAD);
    await page.reload();
    await openForm(page, company.name);
    await message(page).fill(unique('Falsa alarma'));
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    await page.getByRole('button', { name: 'Enviar 2 SMS' }).click();
    await page.waitForURL(/\/notificaciones\/[0-9a-f-]{36}$/);
    await page.getByText(/Comienza el .* no sale nada/).waitFor();
    await page.getByRole('button', { name: 'Deshacer' }).click();
    await page.getByText('Deshecho: no salió nada').waitFor();
    await page.locator('.title .pill', { hasText: 'Cancelada' }).waitFor();
    await close(page);
  });

  it('is scheduled by the clock of its company, moved, paused and resumed', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_AND_BAD);
    await page.reload();
    await openForm(page, company.name);
    await message(page).fill(unique('Mantenimiento'));
    const year = new Date().getFullYear();
    await page.getByLabel('Programar para', { exact: true }).fill(`${year + 1}-01-15T09:30`);
    await page.getByText(/15 de enero de \d{4}.* 0?9:30/).waitFor();
    await page.getByRole('button', { name: 'Revisar y enviar' }).click();
    await page.getByRole('button', { name: 'Enviar 2 SMS' }).click();
    await page.locator('.title .pill', { hasText: 'Programada' }).waitFor();
    const id = page.url().split('/').at(-1);
    assert.equal((await api(page, `/notifications/${id}`)).send_at, `${year + 1}-01-15T14:30:00Z`);

    await page.getByRole('button', { name: 'Reprogramar' }).click();
    const dialog = page.getByRole('dialog', { name: 'Reprogramar la notificación' });
    await dialog.getByLabel('Programar para').fill(`${year + 1}-01-16T10:00`);
    await dialog.getByRole('button', { name: 'Reprogramar' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page
      .getByText(/16 de enero de \d{4}.* 10:00/)
      .first()
      .waitFor();
    assert.equal((await api(page, `/notifications/${id}`)).send_at, `${year + 1}-01-16T15:00:00Z`);
    await page.getByRole('button', { name: 'Pausar' }).click();
    await page.locator('.title .pill', { hasText: 'En pausa' }).waitFor();
    await page.getByRole('button', { name: 'Reanudar' }).click();
    await page.locator('.title .pill', { hasText: 'Programada' }).waitFor();
    await close(page);
  });

  it('above the limit of its company is approved by another person', async () => {
    const page = await signedIn(browser, USERS.admin);
    const company = await companyWith(page, GOOD_AND_BAD);
    await api(page, `/companies/${company.id}`, { method: 'PATCH', body: { limits: { approval_above: 1 } } });
    const [author] = await people(browser, ['admin']);
    const theirs = await signedIn(browser, author.email);
    await openForm(theirs, company.name);
    await message(theirs).fill(unique('A todos'));
    await theirs.getByRole('button', { name: 'Revisar y enviar' }).click();
    await theirs.getByRole('dialog').getByText('no sale hasta que otra persona la apruebe').waitFor();
    await theirs.getByRole('dialog').getByRole('button', { name: 'Pedir aprobación' }).click();
    await theirs.locator('.title .pill', { hasText: 'Por aprobar' }).waitFor();
    assert.equal(await theirs.getByRole('button', { name: 'Aprobar' }).count(), 0);
    const path = new URL(theirs.url()).pathname;
    await close(theirs);

    await visit(page, path);
    await page.getByRole('button', { name: 'Aprobar' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Aprobar' }).click();
    await page.locator('.title .pill', { hasText: /^Finalizada/ }).waitFor({ timeout: RUN_MS });
    await page.getByText(/^Aprobada · /).waitFor();
    await close(page);
  });

  it('is received by the phones and mailboxes of «Buzón de pruebas»', async () => {
    const page = await signedIn(browser, USERS.admin);
    const { simulator } = await api(page, '/me');
    assert.equal(simulator, true, 'the tests run against the simulator');
    const company = await companyWith(page, [{ phone: '+573001230098', email: 'ana@clientes.test' }]);
    const [sms, mail, subject] = [unique('Por SMS'), unique('Por correo'), unique('Asunto')];
    await notify(page, company, { channel: 'sms', body: sms });
    await notify(page, company, { channel: 'email', subject, body: mail });
    await page.getByRole('link', { name: 'Buzón de pruebas' }).click();
    await page.locator('simulator-rules summary').click();
    await page.getByRole('row', { name: '…0001 Rechaza: el número no es válido. 21211' }).waitFor();
    const phone = page.getByRole('article', { name: 'Teléfono +573001230098' });
    await phone.getByText(sms).waitFor();
    await page.getByRole('button', { name: 'Correo electrónico' }).click();
    await page.getByRole('button', { name: subject }).click();
    await page.locator('.letter').getByText(mail).waitFor();
    await close(page);
  });
});
