/** What every browser test needs: a browser, a running Mensajería, and the demo users. */
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export const BASE = required('MENSAJERIA_URL').replace(/\/$/, '');
const PASSWORD = required('MENSAJERIA_DEMO_PASSWORD');
/** Nothing on a screen may take longer than this. */
const WAIT_MS = 10_000;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const USERS = {
  admin: 'admin@demo.test',
  operator: 'operador@demo.test',
  notifier: 'notificador@demo.test',
  auditor: 'auditor@demo.test',
};

function required(name) {
  const value = process.env[name];
  assert.ok(value, `${name} must be set: the tests run against a running \`mensajeria dev\``);
  return value;
}

export const startBrowser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });

/** A signed-in page of its own, which fails its test on any error of a script or of the content policy. */
export async function signedIn(browser, email, options = {}) {
  const page = await newPage(browser, options);
  const { newest } = await enter(page, email);
  if (newest.length > 0) await putNewsAside(page);
  return page;
}

export async function newPage(browser, { width = 1280, height = 800, scheme = 'light' } = {}) {
  const context = await browser.newContext({
    baseURL: BASE,
    colorScheme: scheme,
    locale: 'es-CO',
    // Colours are judged and clicks land when nothing moves.
    reducedMotion: 'reduce',
    viewport: { width, height },
  });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) page.faults.push(message.text());
  });
  return page;
}

/** Fills in the login and gives the first look at the inbox, as the app got it. */
export async function enter(page, email) {
  await page.goto('/');
  await page.getByLabel('Correo electrónico').fill(email);
  await page.getByLabel('Contraseña').fill(PASSWORD);
  const summary = page.waitForResponse((response) => response.url().endsWith('/inbox/summary'));
  await page.getByRole('button', { name: 'Ingresar' }).click();
  const first = await (await summary).json();
  await page.locator('app-shell').waitFor();
  return first;
}

/** The dialog of new messages, when there are any, would stand before everything else. */
async function putNewsAside(page) {
  const dialog = page.getByRole('dialog', { name: /mensajes? nuevos?/ });
  await dialog.getByRole('button', { name: 'Cerrar' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Goes to a page of the app as its links do, without entering again. */
export async function visit(page, path) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
}

/** Asks the API as the person of the page. */
export async function api(page, path, { method = 'GET', body, key } = {}) {
  const answer = await page.evaluate(
    async ([url, init]) => {
      const response = await fetch(url, init);
      return { status: response.status, body: await response.json().catch(() => null) };
    },
    [
      `/api/v1${path}`,
      {
        method,
        headers: { 'content-type': 'application/json', ...(key ? { 'Idempotency-Key': key } : {}) },
        body: body ? JSON.stringify(body) : undefined,
      },
    ],
  );
  assert.ok(answer.status < 300, `${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Words that no other test of no other run has written. */
export const unique = (words) => `${words} ${Math.random().toString(36).slice(2, 10)}`;

/** Closes the page after having seen that nothing went wrong behind it. */
export async function close(page) {
  const { faults } = page;
  await page.context().close();
  assert.deepEqual(faults, []);
}
