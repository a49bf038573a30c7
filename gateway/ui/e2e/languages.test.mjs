/** The languages: chosen from the browser before the log-in, and no word on a screen that is not from the words' files. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { close, enter, newPage, startBrowser, USERS, visit } from './support.mjs';

const SCREENS = [
  '/',
  '/pendientes',
  '/mensajes',
  '/enviados',
  '/notificaciones',
  '/notificaciones/nueva',
  '/envios',
  '/en-duda',
  '/plantillas',
  '/exclusiones',
  '/clientes',
  '/clientes/importar',
  '/empresas',
  '/usuarios',
  '/auditoria',
  '/proveedores',
  '/proyecciones',
  '/buzon',
  '/no-existe',
];
/** Names that are the same in every language: languages in themselves, keys, alphabets, columns of files. */
const NAMES =
  /Español|English|Português|Ctrl|Enter|Esc|SMS|CSV|UTF-8|GMT[-+:\d]*|UTC|external_id|contact_name|[a-z]+_[a-z_]+|name|kind|phone|email|[0-9a-f]{12}/g;

describe('the language', () => {
  let browser;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  for (const [locale, title, tag] of [
    ['pt-BR', 'Entrar', 'pt-BR'],
    ['en-GB', 'Sign in', 'en'],
    ['es-CO', 'Ingresar', 'es'],
    ['fr-FR', 'Ingresar', 'es'],
  ]) {
    it(`of a browser in ${locale} is ${tag} before the log-in`, async () => {
      const page = await newPage(browser, { locale });
      await page.goto('/');
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), tag);
      await close(page);
    });
  }

  it('is chosen at the log-in, and the server answers in it', async () => {
    const page = await newPage(browser);
    await page.goto('/');
    await page.getByRole('button', { name: 'Português' }).click();
    await page.getByRole('heading', { name: 'Entrar' }).waitFor();
    const answer = page.waitForResponse((response) => response.url().endsWith('/session'));
    await page.getByLabel('E-mail').fill('ninguem@demo.test');
    await page.getByLabel('Senha').fill('not-the-password');
    await page.getByRole('button', { name: 'Entrar' }).click();
    const refused = await answer;
    assert.equal(refused.headers()['content-language'], 'pt');
    assert.equal((await refused.json()).title, 'E-mail ou senha incorretos');
    await close(page);
  });

  it('has every word of every screen in its file', async () => {
    const page = await newPage(browser);
    const data = await inPseudo(page);
    await enter(page, USERS.admin);
    const found = [];
    for (const path of SCREENS) {
      await visit(page, path);
      await page.locator('main h1').first().waitFor();
      await page.locator('loading-rows').first().waitFor({ state: 'detached' });
      const texts = await page.evaluate(shownTexts);
      found.push(...texts.filter((text) => isForeign(text, data)).map((text) => `${path}: ${text}`));
    }
    assert.deepEqual([...new Set(found)], []);
    await close(page);
  });
});

/** Puts marks around each word of the file, and gathers what the server says, which is data. */
async function inPseudo(page) {
  const data = new Set();
  await page.route(/\/assets\/es-[^/]+\.js$/, async (route) => {
    const response = await route.fetch();
    const file = await response.text();
    const [[name, words]] = Object.entries(await import(`data:text/javascript,${encodeURIComponent(file)}`));
    const body = `const words=${JSON.stringify(marked(words))};export{words as ${name}}`;
    await route.fulfill({ contentType: 'text/javascript', body });
  });
  page.on('response', async (response) => {
    if (!response.headers()['content-type']?.startsWith('application/json')) return;
    const body = await response.json().catch(() => null);
    gather(body, data);
  });
  return data;
}

function marked(value) {
  if (typeof value === 'string') return `⟦${value}⟧`;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, marked(inner)]));
}

function gather(value, data) {
  // A template's title is shown with its names in quotation marks.
  const shown = (line) => line.trim().replace(/\{\{\s*(.*?)\s*(?:\|.*?)?\}\}/g, '‹$1›');
  if (typeof value === 'string') for (const line of value.split('\n')) data.add(line.trim()).add(shown(line));
  if (value && typeof value === 'object') for (const inner of Object.values(value)) gather(inner, data);
}

/** What is left of a text without words of the file, data, names, and days: nothing with letters may be. */
function isForeign(text, data) {
  let rest = text;
  while (/⟦[^⟦⟧]*⟧/.test(rest)) rest = rest.replace(/⟦[^⟦⟧]*⟧/g, ' ');
  for (const one of [...data].sort((a, b) => b.length - a.length)) if (one) rest = rest.split(one).join(' ');
  rest = rest.replace(NAMES, ' ');
  for (const word of INTL) rest = rest.split(word).join(' ');
  return /\p{L}{3,}/u.test(rest);
}

/** Days, months, countries and zones as Intl writes them. */
const INTL = (() => {
  const days = Array.from({ length: 12 }, (_, month) => new Date(2026, month, 1 + month));
  const write = (options) => days.map((day) => new Intl.DateTimeFormat('es', options).format(day));
  const names = ['long', 'short'].flatMap((size) => [...write({ month: size }), ...write({ weekday: size })]);
  const country = new Intl.DisplayNames('es', { type: 'region' });
  const countries = ['AR', 'BO', 'BR', 'CL', 'CO', 'CR', 'EC', 'ES', 'MX', 'PA', 'PE', 'PY', 'US', 'UY', 'VE'].map(
    (code) => country.of(code),
  );
  const zones = Intl.supportedValuesOf('timeZone').flatMap((zone) => [zone, zone.replaceAll('_', ' ')]);
  return ['a las', ...names, ...countries, ...zones].sort((a, b) => b.length - a.length);
})();

/** Runs in the page: all texts and labels that a person may see or hear, in every shadow root. */
function shownTexts() {
  const texts = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) texts.push(node.textContent.trim());
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (['STYLE', 'SCRIPT', 'NOSCRIPT', 'OPTION', 'IFRAME', 'TITLE'].includes(node.tagName)) return;
      for (const name of ['aria-label', 'placeholder', 'title', 'alt']) {
        const value = node.getAttribute(name)?.trim();
        if (value) texts.push(value);
      }
      if (node.shadowRoot) walk(node.shadowRoot);
    }
    for (const child of node.childNodes) walk(child);
  };
  walk(document.body);
  return texts;
}
