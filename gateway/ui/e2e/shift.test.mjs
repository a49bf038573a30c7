/** What a whole shift needs of the screens: many rows in view, no row that moves by itself, and a list of any length. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BASE, close, deliver, people, signedIn, startBrowser, USERS, unique, visit } from './support.mjs';

/** What the compact view must show at 1280 × 800. */
const MESSAGES_MIN = 18;
const ENTRIES_MIN = 14;
/** A short list fits on two screens; a long one is a year of a busy centre. */
const [SHORT, LONG] = [100, 100_000];
/** How much more work a click may be in the long list: what is looked through is cheap, what is drawn is the same. */
const WORK_RATIO_MAX = 2;
const CLICKS = 12;

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const rows = (page) => page.locator('inbox-row');
const row = (page, text) => rows(page).filter({ hasText: text });

/** The rows, of a table or of the inbox, that are wholly in view. */
const inView = (page, selector) =>
  page.locator(selector).evaluateAll(
    (all) =>
      all.filter((one) => {
        const { top, bottom } = one.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight;
      }).length,
  );

async function chooseCompact(page) {
  await page.locator('button.account').click();
  const choice = page.getByRole('button', { name: 'Vista compacta' });
  await choice.click();
  assert.equal(await choice.getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('Escape');
}

/** What the messages of a list that only the browser has share. */
const MADE = {
  author: { id: '01990000-0000-7000-8000-000000000001', name: 'Persona' },
  priority: 'normal',
  seen_at: '2026-01-20T00:00:00Z',
  read_at: '2026-01-20T00:00:00Z',
  acknowledged_at: null,
  acknowledge: false,
  in_reply_to: null,
};

/** Opens an inbox of any length, which the browser itself answers as one page of the API. */
async function inboxOf(browser, email, length) {
  const page = await signedIn(browser, email);
  await page.evaluate(
    ([text, total]) => {
      const item = (i) => {
        const n = String(total - i).padStart(12, '0');
        const at = new Date(Date.UTC(2026, 0, 20) - i * 300_000).toISOString();
        return {
          ...JSON.parse(text),
          id: `01990000-0000-7000-8000-${n}`,
          position: total - i,
          body: `Novedad ${i}: revise`,
          created_at: at,
        };
      };
      const data = Array.from({ length: total }, (_, i) => item(i));
      const counts = { unseen: 0, unread: 0, total };
      const answers = (url) => (/\/inbox\?/.test(url) ? { data, next: null, counts } : { position: 1 });
      const real = globalThis.fetch;
      globalThis.fetch = (request, init) =>
        /\/api\/v1\/inbox(\?|\/[0-9a-f-]{36}\/)/.test(request.url ?? request)
          ? Promise.resolve(Response.json(answers(request.url)))
          : real(request, init);
    },
    [JSON.stringify(MADE), length],
  );
  await visit(page, '/mensajes');
  await rows(page).first().waitFor();
  return page;
}

/** How many calls of functions a click on a row takes: a time would be that of the machine's other work too. */
async function callsOfClick(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  const calls = [];
  for (let i = 0; i < CLICKS; i++) {
    const link = rows(page).nth(i).getByRole('link');
    const text = await link.locator('.content').textContent();
    await page.mouse.move(0, 0);
    await session.send('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await link.evaluate((one) => one.click());
    await page.getByRole('article', { name: 'Contenido' }).locator('.body').filter({ hasText: text.trim() }).waitFor();
    const { result } = await session.send('Profiler.takePreciseCoverage');
    await session.send('Profiler.stopPreciseCoverage');
    const ours = result.filter(({ url }) => url.startsWith(BASE)).flatMap(({ functions }) => functions);
    calls.push(ours.reduce((sum, { ranges }) => sum + ranges[0].count, 0));
  }
  return calls.sort((a, b) => a - b)[CLICKS / 2];
}

describe('the compact view', () => {
  it('shows a screenful of messages and of audit entries, and is each user’s own', async () => {
    const [from, to, colleague] = await people(browser, ['operator'], ['operator', 'auditor'], ['operator']);
    const author = await signedIn(browser, from.email);
    for (let i = 0; i < 24; i++) await deliver(author, to, unique(`Novedad ${i}`));
    const page = await signedIn(browser, to.email);
    await chooseCompact(page);
    await visit(page, '/mensajes');
    await rows(page).first().waitFor();
    assert.ok((await inView(page, 'inbox-row')) >= MESSAGES_MIN);
    await page.reload();
    await rows(page).first().waitFor();
    assert.ok((await inView(page, 'inbox-row')) >= MESSAGES_MIN, 'after a reload');

    await page.locator('button.account').click();
    await page.getByRole('button', { name: 'Cerrar sesión' }).click();
    await page.getByLabel('Correo electrónico').waitFor();
    await page.context().clearCookies();
    const other = await signedIn(browser, colleague.email);
    assert.equal(await other.evaluate(() => document.documentElement.dataset.density), 'comfortable');
    await close(other);
    await close(page);
    await close(author);
  });

  it('shows a screenful of the audit', async () => {
    const page = await signedIn(browser, USERS.admin);
    await chooseCompact(page);
    await visit(page, '/auditoria?todo=1');
    await page.locator('tbody tr').nth(20).waitFor();
    assert.ok((await inView(page, 'tbody tr')) >= ENTRIES_MIN);
    await close(page);
  });
});

describe('a list of any length', () => {
  it('has a screenful of rows in the page, and a click is the same work', async () => {
    const [user] = await people(browser, ['operator']);
    const short = await inboxOf(browser, user.email, SHORT);
    const long = await inboxOf(browser, user.email, LONG);
    const [few, many] = [await rows(short).count(), await rows(long).count()];
    assert.equal(many, few);
    const [little, much] = [await callsOfClick(short), await callsOfClick(long)];
    assert.ok(little > 0, 'the calls are counted');
    assert.ok(much <= WORK_RATIO_MAX * little, `${much} calls in the long list, ${little} in the short one`);
    await close(short);
    await close(long);
  });

  it('is scrolled to its end, by the wheel and by keys', async () => {
    const [user] = await people(browser, ['operator']);
    const page = await inboxOf(browser, user.email, LONG);
    await rows(page).first().hover();
    await page.mouse.wheel(0, 40_000);
    await page.waitForFunction(() => {
      const deep = (root) =>
        [...root.querySelectorAll('*')].flatMap((one) => [one, ...(one.shadowRoot ? deep(one.shadowRoot) : [])]);
      const row = deep(document).find((one) => one.localName === 'inbox-row');
      return Number(row?.getAttribute('aria-posinset')) > 400;
    });
    await page.locator('inbox-list .scroller').evaluate((pane) => pane.scrollTo(0, pane.scrollHeight));
    await row(page, `Novedad ${LONG - 1}:`).waitFor();
    await page.keyboard.press('j');
    await row(page, 'Novedad 0:').getByRole('link').waitFor();
    assert.ok(
      await row(page, 'Novedad 0:')
        .getByRole('link')
        .evaluate((link) => link.matches(':focus')),
    );
    await close(page);
  });
});

describe('nothing jumps', () => {
  /** What moved by itself since the page was opened, as browsers count it. */
  const watchShifts = (page) =>
    page.evaluate(() => {
      globalThis.shifts = [];
      new PerformanceObserver((seen) => {
        for (const entry of seen.getEntries())
          for (const { previousRect: from, currentRect: to } of entry.sources)
            globalThis.shifts.push(
              `${[from.x, from.y, from.width, from.height]} → ${[to.x, to.y, to.width, to.height]}`,
            );
      }).observe({ type: 'layout-shift' });
    });

  it('when messages arrive: they wait behind «n nuevos ↑»', async () => {
    const [from, to] = await people(browser, ['operator'], ['operator']);
    const author = await signedIn(browser, from.email);
    const first = unique('Ya estaba');
    await deliver(author, to, first);
    const page = await signedIn(browser, to.email);
    await visit(page, '/mensajes');
    await row(page, first).waitFor();
    await watchShifts(page);
    const before = await row(page, first).boundingBox();
    const texts = [unique('Llega'), unique('Llega')];
    for (const text of texts) await deliver(author, to, text);
    const waiting = page.getByRole('button', { name: '2 nuevos' });
    await waiting.waitFor();
    assert.deepEqual(await row(page, first).boundingBox(), before);
    assert.equal(await rows(page).count(), 1);
    await waiting.click();
    await row(page, texts[1]).waitFor();
    await waiting.waitFor({ state: 'detached' });
    assert.deepEqual(await page.evaluate(() => globalThis.shifts), []);
    await close(page);
    await close(author);
  });

  it('when the connection is lost and found again', async () => {
    const [user] = await people(browser, ['operator']);
    const page = await signedIn(browser, user.email);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await watchShifts(page);
    const before = await page.locator('main').boundingBox();
    await page.context().setOffline(true);
    await page.getByText('Sin conexión con el servidor').waitFor();
    assert.deepEqual(await page.locator('main').boundingBox(), before);
    await page.context().setOffline(false);
    await page.getByText('Sin conexión con el servidor').waitFor({ state: 'detached' });
    assert.deepEqual(await page.evaluate(() => globalThis.shifts), []);
    await close(page);
  });
});

describe('a large screen', () => {
  it('has the list and the message side by side, and each scrolls by itself', async () => {
    const [from, to] = await people(browser, ['operator'], ['operator']);
    const author = await signedIn(browser, from.email);
    const text = unique('Muy largo');
    await deliver(author, to, `${text}\n${'Otra línea.\n'.repeat(200)}`);
    for (let i = 0; i < 20; i++) await deliver(author, to, unique(`Novedad ${i}`));
    const page = await signedIn(browser, to.email, { width: 1920, height: 1080 });
    await visit(page, '/mensajes');
    await rows(page).first().waitFor();
    const list = page.getByRole('region', { name: 'Recibidos' });
    const closed = await list.boundingBox();
    await row(page, text).getByRole('link').click();
    const reader = page.locator('message-reader');
    await reader.getByText(text).waitFor();
    assert.deepEqual(await list.boundingBox(), closed, 'opening a message leaves the list where it is');
    const [pane, scroller] = [await reader.boundingBox(), page.locator('inbox-list .scroller')];
    assert.ok(pane.x + pane.width > 1850, 'the width is used');
    const overflows = (one) => one.scrollHeight > one.clientHeight;
    assert.ok((await reader.evaluate(overflows)) && (await scroller.evaluate(overflows)));
    assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight));
    await close(page);
    await close(author);
  });
});
