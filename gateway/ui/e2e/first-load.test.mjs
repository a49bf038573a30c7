/** The first load: how much comes over the wire, and in how many requests, for an inbox that no cache knows. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BASE, close, deliver, newPage, people, signedIn, startBrowser, USERS } from './support.mjs';

/** Bytes on the wire, with headers. */
const BYTES_MAX = 150_000;
const REQUESTS_MAX = 12;
/** Enough messages that the first answer is a full page. */
const MESSAGES = 30;

describe('the first load of the inbox', () => {
  let browser;
  let reader;
  before(async () => {
    browser = await startBrowser();
    [reader] = await people(browser, ['operator']);
    const admin = await signedIn(browser, USERS.admin);
    for (let n = 0; n < MESSAGES; n++) await deliver(admin, reader, `Novedad ${n} de la ronda de las ${n % 24}`);
    await close(admin);
  });
  after(() => browser.close());

  it('is small, in few requests, and asks no other host', async () => {
    const page = await newPage(browser, { cookies: await cookiesOf(browser, reader) });
    const wire = await watchWire(page);
    // What waits for the reader is asked for last.
    const last = page.waitForResponse((response) => response.url().includes('state=pending'));
    await page.goto('/mensajes');
    await page.locator('inbox-row').first().waitFor();
    await (await last).finished();
    const asked = wire.requests();
    const report = asked.map(({ url, bytes }) => `${String(bytes).padStart(7)} ${url}`).join('\n');
    assert.ok(asked.length <= REQUESTS_MAX, `${asked.length} requests:\n${report}`);
    const bytes = asked.reduce((sum, request) => sum + request.bytes, 0);
    assert.ok(bytes <= BYTES_MAX, `${bytes} bytes:\n${report}`);
    assert.ok(bytes > 10_000, `the wire was watched:\n${report}`);
    assert.deepEqual(
      asked.filter(({ url }) => !url.startsWith(BASE)),
      [],
    );
    const plain = asked.filter(({ url, coding, bytes: size }) => !coding && size > 4_096 && !/\.woff2$/.test(url));
    assert.deepEqual(plain, [], 'what is text and not small comes compressed');
    await close(page);
  });

  it('loads the words of one language', async () => {
    const page = await newPage(browser, { cookies: await cookiesOf(browser, reader) });
    const words = [];
    page.on('request', (request) => {
      const name = /\/assets\/(es|en|pt)-[^/]+\.js$/.exec(request.url())?.[1];
      if (name) words.push(name);
    });
    await page.goto('/mensajes');
    await page.locator('inbox-row').first().waitFor();
    assert.deepEqual(words, ['es']);
    await close(page);
  });
});

/** The session of a person, for a browser that has nothing else. */
async function cookiesOf(browser, person) {
  const page = await signedIn(browser, person.email);
  const cookies = await page.context().cookies();
  await close(page);
  return cookies;
}

/** Counts, by the browser's own protocol, what the page asks for. */
async function watchWire(page) {
  const protocol = await page.context().newCDPSession(page);
  await protocol.send('Network.enable');
  const found = new Map();
  protocol.on('Network.requestWillBeSent', ({ requestId, request }) => {
    // A report that a message was seen follows the load, and the icon is in the page.
    const isLoad = request.method === 'GET' && !request.url.startsWith('data:');
    if (isLoad) found.set(requestId, { url: request.url, bytes: 0, coding: null });
  });
  protocol.on('Network.responseReceived', ({ requestId, response }) => {
    const one = found.get(requestId);
    if (one) one.coding = response.headers['content-encoding'] ?? response.headers['Content-Encoding'] ?? null;
  });
  protocol.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const one = found.get(requestId);
    if (one) one.bytes = encodedDataLength;
  });
  return { requests: () => [...found.values()] };
}
