/** What every browser test needs: a browser, a running Mensajería, its demo users, and people of the test's own. */
import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

export const BASE = required('MENSAJERIA_URL').replace(/\/$/, '');
const PASSWORD = required('MENSAJERIA_DEMO_PASSWORD');
/** How long something may take to appear on a screen. Long, because the machine may be busy: how fast it is says no test. */
const WAIT_MS = 30_000;
/** A run of the simulator over a company's clients. */
export const RUN_MS = 120_000;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
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

/** `CHROMIUM`, or the first browser of the family on the `PATH`. */
function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(runs);
  assert.ok(found, `no browser: set CHROMIUM, or put one of ${NAMES.join(', ')} on the PATH`);
  return found;
}

function runs(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export const startBrowser = () => chromium.launch({ executablePath: executable(), args: FLAGS });

/** A signed-in page of its own, which fails its test on any error of a script or of the content policy. */
export async function signedIn(browser, email, options = {}) {
  const page = await newPage(browser, options);
  const { newest } = await enter(page, email);
  if (newest.length > 0) await putNewsAside(page);
  return page;
}

export async function newPage(
  browser,
  { width = 1280, height = 800, scheme = 'light', locale = 'es-CO', cookies = [], offline = false, media = {} } = {},
) {
  const context = await browser.newContext({
    baseURL: BASE,
    colorScheme: scheme,
    locale,
    // A service worker would answer before the test's own routes: only the tests of the app without a network want it.
    serviceWorkers: offline ? 'allow' : 'block',
    ...media,
    // Colours are judged and clicks land when nothing moves.
    reducedMotion: 'reduce',
    viewport: { width, height },
  });
  context.setDefaultTimeout(WAIT_MS);
  await context.addCookies(cookies);
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
  // By their types: the words may be of any language.
  await page.locator('login-form input[type="email"]').fill(email);
  await page.locator('login-form input[type="password"]').fill(PASSWORD);
  const told = page.waitForResponse((response) => response.url().endsWith('/api/v1/me') && response.ok());
  const summary = page.waitForResponse((response) => response.url().endsWith('/inbox/summary')).catch(() => null);
  await page.locator('login-form button[type="submit"]').click();
  const { counts } = await (await told).json();
  await page.locator('app-shell').waitFor();
  // With nothing unseen the app does not ask for it.
  return counts.unseen > 0 ? await (await summary).json() : { counts, newest: [] };
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

const post = (page, path, body) => api(page, path, { method: 'POST', key: crypto.randomUUID(), body });

/** Words that no other test of no other run has written. */
export const unique = (words) => `${words} ${crypto.randomUUID().slice(0, 8)}`;

/** New people, one for each set of roles: what they have received and sent is only what the test made. */
export async function people(browser, ...sets) {
  const admin = await signedIn(browser, USERS.admin);
  const made = [];
  for (const roles of sets) {
    const name = unique('Prueba');
    const email = `${name.replace(' ', '.').toLowerCase()}@demo.test`;
    const { id } = await post(admin, '/users', { name, email, password: PASSWORD, roles, companies: [] });
    made.push({ id, name, email });
  }
  await close(admin);
  return made;
}

/** A company of the test's own with one client per address, holders all. */
export async function companyWith(page, addresses, name = unique('Empresa')) {
  const { id } = await post(page, '/companies', { name, country: 'CO', time_zone: 'America/Bogota' });
  for (const [i, address] of addresses.entries()) {
    const client = `Cliente ${i + 1}`;
    const contacts = [{ kind: 'holder', name: client, phone: null, email: null, ...address }];
    await post(page, `/companies/${id}/clients`, { name: client, external_id: `E-${i + 1}`, contacts });
  }
  return { id, name };
}

/** Writes by the API, for what only needs a message to be there: for whoever enters after this, it is. */
export async function deliver(page, to, body, more = {}) {
  const sent = await post(page, '/messages', {
    recipients: [to.id],
    roles: [],
    company: null,
    body,
    priority: 'normal',
    acknowledge: false,
    in_reply_to: null,
    ...more,
  });
  // Only its author is promised to find it at once. The answer comes when the view of the inboxes has it, for others too.
  await api(page, `/messages/${sent.id}`);
  return sent;
}

/** Sends by the API and waits for the last recipient, on the notification's own page. */
export async function notify(page, company, request) {
  const body = { company_id: company.id, recipient_kind: 'holder', category: 'service', ...request };
  const { id } = await post(page, '/notifications', body);
  await visit(page, `/notificaciones/${id}`);
  await page.locator('.title .pill', { hasText: /^Finalizada/ }).waitFor({ timeout: RUN_MS });
  return id;
}

/** Closes the page after having seen that nothing went wrong behind it. */
export async function close(page) {
  const { faults } = page;
  await page.context().close();
  assert.deepEqual(faults, []);
}
