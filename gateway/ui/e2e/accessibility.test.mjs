/**
 * Every screen with something on it: no violation that axe can see, in light and dark, wide and narrow, and nothing
 * wider than the screen.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import axe from 'axe-core';
import {
  api,
  close,
  companyWith,
  deliver,
  enter,
  newPage,
  notify,
  people,
  signedIn,
  startBrowser,
  unique,
} from './support.mjs';

const SCREENS = [
  '/',
  '/pendientes',
  '/mensajes',
  '/mensajes?estado=unread',
  '/enviados',
  '/notificaciones',
  '/envios',
  '/plantillas',
  '/notificaciones/nueva',
  '/clientes',
  '/consumo',
  '/clientes/importar',
  '/exclusiones',
  '/en-duda',
  '/empresas',
  '/usuarios',
  '/auditoria',
  '/proveedores',
  '/proyecciones',
  '/buzon',
  '/buzon?canal=email',
  '/no-existe',
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const CSV =
  'external_id,name,kind,contact_name,phone,email\nA-1,Marta Niño,holder,Marta Niño,+573001112233,\nA-2,,holder,,12,no\n';

let browser;
/** As long as a name may be, without a space to break it at. */
const LONG_NAME = unique('Empresa').replace(' ', '').padEnd(200, 'x');
/** Whoever looks, who writes to them, a company with clients, and one finished notification with a failure and a doubt. */
let reader;
let author;
let company;
let notification;
/** One that another person has to approve. */
let waiting;

before(async () => {
  browser = await startBrowser();
  [reader, author] = await people(browser, ['admin'], ['admin']);
  const page = await signedIn(browser, author.email);
  const addresses = [
    { phone: '+573001230097', email: 'ana@clientes.test' },
    { phone: '+573001230096', email: 'rebota@clientes.test' },
    { email: 'pierde@clientes.test' },
  ];
  company = await companyWith(page, addresses, LONG_NAME);
  await notify(page, company, { channel: 'sms', body: unique('Por SMS') });
  notification = await notify(page, company, { channel: 'email', subject: unique('Asunto'), body: 'Texto' });
  waiting = await waitingForApproval(page);
  await close(page);
});
after(() => browser.close());

async function waitingForApproval(page) {
  const { id } = await companyWith(page, [{ phone: '+573001230094' }]);
  await api(page, `/companies/${id}`, { method: 'PATCH', body: { limits: { approval_above: 0 } } });
  const [recipient_kind, category, body] = ['holder', 'service', unique('Por aprobar')];
  const schedule_at = new Date(Date.now() + 86_400_000).toISOString();
  const request = { company_id: id, channel: 'sms', recipient_kind, category, body, schedule_at };
  const asked = await api(page, '/notifications', { method: 'POST', key: crypto.randomUUID(), body: request });
  return asked.id;
}

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

async function open(page, path) {
  await page.goto(path);
  await ready(page);
}

async function closeDialog(page) {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/** Two messages that nobody has seen, one with everything a message can have. */
async function leaveMessages(to) {
  const page = await signedIn(browser, author.email);
  await deliver(page, to, unique('Primera novedad'));
  await deliver(page, to, unique('Segunda novedad'), { priority: 'high', acknowledge: true });
  await close(page);
}

async function newMessages(page, name) {
  const dialog = page.getByRole('dialog', { name: 'Tiene 2 mensajes nuevos' });
  await dialog.waitFor();
  await check(page, `${name} new messages`);
  await dialog.getByRole('button', { name: 'Eliminar' }).click();
  await dialog.getByRole('button', { name: 'Deshacer' }).waitFor();
  await check(page, `${name} a new message deleted`);
  await dialog.getByRole('button', { name: 'Deshacer' }).click();
  await dialog.getByRole('button', { name: 'Marcar leído' }).waitFor();
  await closeDialog(page);
}

async function compose(page, name) {
  await open(page, '/');
  await page.getByRole('button', { name: 'Crear Mensaje', exact: true }).click();
  const menu = page.getByRole('dialog', { name: 'Mensajería' });
  await menu.waitFor();
  await check(page, `${name} create menu`);
  await menu.getByRole('button', { name: 'Crear mensaje', exact: true }).click();
  await page.getByRole('button', { name: 'Enviar', exact: true }).click();
  await page.getByText('Escriba el mensaje.').waitFor();
  await check(page, `${name} compose with errors`);
  const recipients = page.getByRole('combobox', { name: 'Destinatario' });
  await recipients.fill(author.name);
  await page.getByRole('option', { name: author.name }).first().waitFor();
  await check(page, `${name} recipients`);
  await recipients.press('Enter');
  await page.getByRole('textbox', { name: 'Mensaje' }).fill('Recibido.');
  await page.getByRole('textbox', { name: 'Mensaje' }).press('Control+Enter');
  await page.getByRole('button', { name: 'Deshacer' }).waitFor();
  await check(page, `${name} notice of a sent message`);
}

async function shortcuts(page, name) {
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Atajos de teclado' }).waitFor();
  await check(page, `${name} shortcuts`);
  await closeDialog(page);
}

async function messages(page, name) {
  const { data } = await api(page, '/inbox?limit=1');
  assert.ok(data[0], 'messages were left for the reader');
  await open(page, `/mensajes/${data[0].id}`);
  const opened = page.getByRole('article', { name: 'Contenido' });
  await opened.getByRole('button', { name: 'Dar acuse' }).waitFor();
  await opened.getByRole('button', { name: 'Responder' }).click();
  await check(page, `${name} reader`);
  await open(page, '/enviados');
  await page
    .getByRole('button', { name: /^Leído por/ })
    .first()
    .click();
  await page.getByRole('dialog').locator('li').first().waitFor();
  await check(page, `${name} receipts`);
  await closeDialog(page);
}

async function notifications(page, name) {
  await open(page, `/notificaciones/${notification}`);
  await page.getByRole('region', { name: 'Causas de los fallos' }).locator('li').first().waitFor();
  await page.locator('deliveries-list summary').first().click();
  await check(page, `${name} notification`);
  await open(page, `/notificaciones/${notification}/historial`);
  await page.getByText('Notificación solicitada').waitFor();
  await check(page, `${name} history`);
}

async function decisions(page, name) {
  await open(page, `/notificaciones/${waiting}`);
  await page.getByRole('button', { name: 'Aprobar' }).waitFor();
  await check(page, `${name} notification that awaits approval`);
  await page.getByRole('button', { name: 'Reprogramar' }).click();
  await page.getByRole('dialog').getByLabel('Programar para').waitFor();
  await check(page, `${name} another time`);
  await closeDialog(page);
  await page.getByRole('button', { name: 'Rechazar' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rechazar' }).click();
  await page.getByText('Este campo es obligatorio.').waitFor();
  await check(page, `${name} a rejection without a reason`);
  await closeDialog(page);
}

async function sendForm(page, name) {
  await open(page, '/notificaciones/nueva');
  const chosen = page.getByLabel('Empresa', { exact: true });
  await chosen.locator('option', { hasText: company.name }).waitFor({ state: 'attached' });
  await chosen.selectOption({ label: company.name });
  await page.getByRole('textbox', { name: 'Mensaje' }).fill(`Mañana habrá revisión ${'x'.repeat(60)}`);
  await page.locator('audience-panel').getByText('Segmentos en total').waitFor();
  await check(page, `${name} form of an SMS`);
  await page.getByLabel('Tipo de notificación', { exact: true }).selectOption({ label: 'Correo electrónico' });
  await page.getByLabel('Asunto correo').fill('Revisión');
  await page.getByRole('region', { name: 'Vista previa del correo' }).getByText('Mañana habrá').waitFor();
  await page.getByRole('region', { name: 'Audiencia' }).getByText('de 3 contactos').waitFor();
  await check(page, `${name} form of an e-mail`);
  await page.getByRole('button', { name: 'Revisar y enviar' }).click();
  await page.getByRole('dialog', { name: 'Confirmar el envío' }).waitFor();
  await check(page, `${name} confirm`);
  await closeDialog(page);
}

async function dialogOf(page, path, button, name) {
  await open(page, path);
  await page.getByRole('button', { name: button }).first().click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^(Guardar|Reconstruir|Borrar para siempre)$/ })
    .waitFor();
  await check(page, name);
  await closeDialog(page);
}

async function clientPage(page, name) {
  const { data } = await (await page.request.get(`/api/v1/companies/${company.id}/clients`)).json();
  await open(page, `/clientes/${data.at(-1).id}`);
  await page.locator('deliveries-table tbody tr').first().waitFor();
  await check(page, `${name} the page of a client`);
}

async function records(page, name) {
  const clients = `/clientes?empresa=${company.id}`;
  await clientPage(page, name);
  await dialogOf(page, clients, /^Editar a/, `${name} client`);
  await dialogOf(page, clients, /^Borrar a/, `${name} erasing a client`);
  await dialogOf(page, '/empresas', 'Nueva empresa', `${name} company`);
  await dialogOf(page, '/usuarios', 'Nuevo usuario', `${name} user`);
  await dialogOf(page, '/usuarios', /^Editar a/, `${name} editing a user`);
  await dialogOf(page, '/proyecciones', /^Reconstruir/, `${name} rebuild`);
}

async function audit(page, name) {
  await open(page, `/auditoria?asunto=${await aDelivery(page)}`);
  await page.getByRole('button', { name: 'Ver a quién' }).first().click();
  await page.getByRole('dialog').getByRole('link', { name: 'Ver la notificación' }).waitFor();
  await check(page, `${name} to whom`);
  await closeDialog(page);
  await open(page, '/auditoria?tipo=MessageSent');
  await page.getByRole('button', { name: 'Ver acuses' }).first().click();
  await page.getByRole('dialog').locator('li').first().waitFor();
  await check(page, `${name} receipts of the audit`);
  await closeDialog(page);
}

/** The id of a delivery of the company's newest notification. */
async function aDelivery(page) {
  const first = async (path) => (await (await page.request.get(`/api/v1${path}`)).json()).data[0].id;
  return first(`/notifications/${await first(`/notifications?company=${company.id}`)}/deliveries`);
}

async function importing(page, name) {
  await open(page, `/clientes/importar?empresa=${company.id}`);
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: 'clientes.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
  await page.getByRole('button', { name: 'Revisar el archivo' }).click();
  await page.locator('import-report tbody tr').first().waitFor();
  await check(page, `${name} import report`);
  await page
    .locator('input[type="file"]')
    .setInputFiles({ name: 'propio.csv', mimeType: 'text/csv', buffer: Buffer.from('Nombre;Celular\nAna;12\n') });
  await page.getByText('Falta decir qué columna es el código').waitFor();
  await check(page, `${name} the columns of an own file`);
}

async function testMailbox(page, name) {
  await open(page, '/buzon');
  await page.locator('.phone .bubble').first().waitFor();
  await page.locator('simulator-rules summary').click();
  await check(page, `${name} phones`);
  await page.getByRole('button', { name: 'Correo electrónico' }).click();
  await page.locator('.mail').first().click();
  await page.locator('.letter').waitFor();
  await check(page, `${name} an open mail`);
}

for (const scheme of ['light', 'dark']) {
  for (const width of [1280, 360]) {
    const name = `${scheme} ${width}`;
    const asReader = () => signedIn(browser, reader.email, { scheme, width });

    describe(`${scheme} at ${width} px`, () => {
      it('the login', async () => {
        const page = await newPage(browser, { scheme, width });
        await page.goto('/');
        await page.getByRole('button', { name: 'Ingresar' }).click();
        await page.getByText('Este campo es obligatorio.').first().waitFor();
        await check(page, 'login');
        await close(page);
      });

      it('the messages and their dialogs', async () => {
        // Somebody to whom nobody has written: what others have left, and have not said to have seen, would be new too.
        const [fresh] = await people(browser, ['admin']);
        await leaveMessages(fresh);
        const page = await newPage(browser, { scheme, width });
        await enter(page, fresh.email);
        await newMessages(page, name);
        await compose(page, name);
        await shortcuts(page, name);
        await messages(page, name);
        await close(page);
      });

      it('every page', async () => {
        await leaveMessages(reader);
        const page = await asReader();
        for (const screen of SCREENS) {
          await open(page, screen);
          await check(page, screen);
        }
        await close(page);
      });

      it('what is sent to clients', async () => {
        const page = await asReader();
        await notifications(page, name);
        await decisions(page, name);
        await sendForm(page, name);
        await audit(page, name);
        await importing(page, name);
        await testMailbox(page, name);
        await close(page);
      });

      it('the dialogs of clients, companies, users and projections', async () => {
        const page = await asReader();
        await records(page, name);
        await close(page);
      });
    });
  }
}
