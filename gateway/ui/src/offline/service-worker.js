/*
 * The service worker: keeps the app's own files, so that it opens without a network. Answers of the API are never kept here:
 * what a user has seen lies sealed by the user's key (decision 0053). The build puts `VERSION` and `FILES` before this text.
 */
const NAME = 'mensajeria-';
const CACHE = NAME + VERSION;
/** Paths for programs, and links to unsubscribe: never answered from here. */
const NOT_OURS = /^\/(api|livez|readyz|metrics|u)(\/|$)/;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || NOT_OURS.test(pathname)) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (pathname.startsWith('/assets/')) event.respondWith(file(request));
});

/** A version is whole or is not there: one file that cannot be loaded fails all of it. */
async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES);
  await self.skipWaiting();
}

/** The version before stays too: pages that are open still ask for its files, which the server has no more. */
async function activate() {
  const names = (await caches.keys()).filter((name) => name.startsWith(NAME) && name !== CACHE);
  await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The newest page that can be had. */
async function page(request) {
  return fetch(request).catch(async () => (await (await caches.open(CACHE)).match('/')) ?? Response.error());
}

/** A file with a hash in its name never changes. */
async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
