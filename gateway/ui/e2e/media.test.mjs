/** Other ways to look: on paper, in forced colours, at 400 %, and without motion. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { close, deliver, people, signedIn, startBrowser, USERS, unique, visit } from './support.mjs';

/** 1280×800 at 400 %. */
const ZOOMED = { width: 320, height: 200 };

describe('a screen in other media', () => {
  let browser;
  let reader;
  let message;
  let text;
  before(async () => {
    browser = await startBrowser();
    [reader] = await people(browser, ['admin']);
    const admin = await signedIn(browser, USERS.admin);
    text = unique('Se revisó la bodega y todo quedó cerrado');
    message = (await deliver(admin, reader, text)).id;
    await close(admin);
  });
  after(() => browser.close());

  it('on paper is the message, the audit or the list, without what is pressed, dark ink on light', async () => {
    const page = await signedIn(browser, reader.email, { scheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    for (const path of [`/mensajes/${message}`, '/auditoria', '/notificaciones']) {
      await visit(page, path);
      await page.locator('main h1').first().waitFor({ state: 'attached' });
      await page.locator('loading-rows').first().waitFor({ state: 'detached' });
      for (const part of ['.rail', '.topbar', '.bottom', 'toast-stack', 'app-nav'])
        assert.equal(await page.locator(`app-shell ${part}:visible`).count(), 0, `${path} ${part}`);
      assert.equal(await page.locator('main .button:visible, main .icon-button:visible').count(), 0, path);
      const colours = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(colours, 'rgb(245, 246, 244)', path);
    }
    await visit(page, `/mensajes/${message}`);
    await page.locator('message-reader', { hasText: text }).waitFor();
    assert.equal(await page.locator('inbox-row:visible').count(), 0, 'the list is not on the paper of a message');
    await close(page);
  });

  it('in forced colours shows where one is, and which filter holds', async () => {
    const page = await signedIn(browser, reader.email, { media: { forcedColors: 'active' } });
    await visit(page, '/mensajes');
    await page.locator('inbox-row').first().waitFor();
    const border = (locator, side) => locator.evaluate((node, name) => getComputedStyle(node)[name], side);
    const current = page.locator('.rail app-nav a[aria-current="page"]');
    assert.notEqual(await border(current, 'borderInlineStartWidth'), '0px');
    const [pressed, other] = [
      page.locator('main .tabs [aria-pressed="true"]'),
      page.locator('main .tabs [aria-pressed="false"]').first(),
    ];
    assert.equal(await border(pressed, 'borderTopWidth'), '2px');
    assert.notEqual(await border(other, 'borderTopWidth'), '2px');
    await close(page);
  });

  it('at 400 % begins with its content, and is not wider than the window', async () => {
    const page = await signedIn(browser, reader.email, ZOOMED);
    for (const path of ['/', '/pendientes', '/mensajes', '/notificaciones', '/auditoria', '/clientes', '/usuarios']) {
      await visit(page, path);
      const heading = page.locator('main h1').first();
      await heading.waitFor();
      await page.locator('loading-rows').first().waitFor({ state: 'detached' });
      const seen = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        covered: [
          ...document
            .querySelector('mensajeria-app')
            .shadowRoot.querySelector('app-shell')
            .shadowRoot.querySelectorAll('.topbar, .bottom'),
        ].filter((bar) => ['sticky', 'fixed'].includes(getComputedStyle(bar).position)).length,
      }));
      assert.deepEqual(seen, { wide: 0, covered: 0 }, path);
      const box = await heading.boundingBox();
      assert.ok(
        box.y >= 0 && box.y + box.height <= ZOOMED.height,
        `${path}: the heading is in view: ${JSON.stringify(box)}`,
      );
    }
    await close(page);
  });

  it('moves nothing for people who asked for no motion', async () => {
    const page = await signedIn(browser, reader.email);
    const longest = await page.evaluate(() => {
      const seconds = (value) => Math.max(...value.split(',').map((part) => Number.parseFloat(part)));
      const walk = (node) => {
        const style = node instanceof Element ? getComputedStyle(node) : null;
        const own = style ? Math.max(seconds(style.transitionDuration), seconds(style.animationDuration)) : 0;
        return Math.max(own, ...[...(node.shadowRoot?.children ?? []), ...node.children].map(walk));
      };
      return walk(document.body);
    });
    assert.ok(longest <= 0.001, `${longest} s`);
    await close(page);
  });
});
