/** The app without a network: it opens to what was last seen, says how old that is, and forgets it at the log-out. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { close, deliver, people, signedIn, startBrowser, USERS, unique } from './support.mjs';

const BANNER = /^Sin conexión · visto a las \d\d:\d\d$/;

describe('without a network', () => {
  let browser;
  let reader;
  let text;
  before(async () => {
    browser = await startBrowser();
    [reader] = await people(browser, ['operator']);
    const admin = await signedIn(browser, USERS.admin);
    text = unique('Ronda sin novedad');
    await deliver(admin, reader, text);
    await close(admin);
  });
  after(() => browser.close());

  it('the app can be installed', async () => {
    const page = await signedIn(browser, reader.email, { offline: true });
    await workerIsReady(page);
    const protocol = await page.context().newCDPSession(page);
    const { errors, url } = await protocol.send('Page.getAppManifest');
    assert.deepEqual([errors, new URL(url).pathname], [[], '/app.webmanifest']);
    const { installabilityErrors } = await protocol.send('Page.getInstallabilityErrors');
    // A window without a profile on the disk installs nothing, whatever the app.
    assert.deepEqual(
      installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'),
      [],
    );
    await close(page);
  });

  it('the inbox opens as it was last seen, with its age, and goes on when the network is back', async () => {
    const page = await seenInbox();
    await page.context().setOffline(true);
    await page.goto('/mensajes');
    await page.locator('inbox-row', { hasText: text }).waitFor();
    await page.getByRole('status').filter({ hasText: BANNER }).waitFor();
    await page.context().setOffline(false);
    await page.getByRole('status').filter({ hasText: BANNER }).waitFor({ state: 'detached' });
    await page.locator('inbox-row', { hasText: text }).waitFor();
    await close(page);
  });

  it('nothing that a person wrote lies in the browser in plain form, nor any answer in a cache', async () => {
    const page = await seenInbox();
    const kept = await page.evaluate(async () => {
      const requests = [];
      for (const name of await caches.keys()) requests.push(...(await (await caches.open(name)).keys()));
      return { paths: requests.map(({ url }) => new URL(url).pathname), storage: JSON.stringify({ ...localStorage }) };
    });
    assert.ok(kept.paths.includes('/'), 'the page is kept');
    assert.deepEqual(
      kept.paths.filter((path) => path !== '/' && !path.startsWith('/assets/')),
      [],
    );
    assert.ok(!kept.storage.includes(text) && !kept.storage.includes(reader.email));
    await close(page);
  });

  it('after the log-out nothing of it is left', async () => {
    const page = await seenInbox();
    await page.getByRole('button', { name: reader.name }).click();
    await page.getByRole('button', { name: 'Cerrar sesión' }).click();
    await page.getByRole('heading', { name: 'Ingresar' }).waitFor();
    const left = await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('seen')));
    assert.deepEqual(left, []);
    await page.context().setOffline(true);
    await page.goto('/mensajes');
    await page.getByText('El servidor no responde').waitFor();
    assert.equal(await page.getByText(text).count(), 0);
    await page.context().setOffline(false);
    await close(page);
  });

  it('a new version takes over, and an open page says so and goes on', async () => {
    const page = await seenInbox();
    // The same worker under another address is a new one to the browser.
    await page.evaluate(() => navigator.serviceWorker.register('/sw.js?next'));
    const notice = page.getByRole('status').filter({ hasText: 'Hay una versión nueva.' });
    await notice.waitFor();
    await page.locator('inbox-row', { hasText: text }).waitFor();
    await notice.getByRole('button', { name: 'Usarla ahora' }).click();
    await notice.waitFor({ state: 'detached' });
    await page.locator('inbox-row', { hasText: text }).waitFor();
    await close(page);
  });

  /** The inbox of the reader, with its files and its first page kept. */
  async function seenInbox() {
    const page = await signedIn(browser, reader.email, { offline: true });
    await workerIsReady(page);
    await page.goto('/mensajes');
    await page.locator('inbox-row', { hasText: text }).waitFor();
    const isKept = (path) => Object.keys(localStorage).some((key) => key.endsWith(`seen:${path}`));
    for (const path of ['/me', '/inbox?state=all']) await page.waitForFunction(isKept, path);
    return page;
  }
});

/** The worker is there, with all its files, and answers for the page. */
async function workerIsReady(page) {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}
