/** How the web app is built, served while developing, and tested. */
import { defineConfig } from 'vitest/config';
import { iconInPage } from './build/icon-in-page.ts';
import { precompress } from './build/precompress.ts';
import { serviceWorker } from './build/service-worker.ts';

/** The shell: what every screen may need, and all that it needs itself. */
const SHELL =
  /node_modules|\/src\/(main|ui\/|store\/|app\/(?!home-page)|offline\/|messages\/(receipts|to-whom)|[^/]+\.ts$)/;
/** What the screens about sending share, and no other screen needs. */
const SENDING =
  /\/src\/(notifications|deliveries|providers|companies|clients|templates|suppressions|users|simulator)\//;

export default defineConfig({
  plugins: [iconInPage(), serviceWorker(), precompress()],
  build: {
    target: 'es2023',
    // light-dark() must reach the browser as written.
    cssTarget: ['chrome125', 'firefox126', 'safari17.5'],
    // Nothing becomes a data: URL, so the page's policy can stay closed.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // A first load asks for few files: the shell with all that the screens share, one screen, and one language.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'shell', test: SHELL, priority: 2, includeDependenciesRecursively: true },
            { name: 'sending', test: SENDING, minShareCount: 2, includeDependenciesRecursively: false },
          ],
        },
      },
      preserveEntrySignatures: false,
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080' } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/test-setup.ts'],
    // Only a test that hangs is ended: a busy machine is slower than the usual five seconds.
    testTimeout: 60_000,
  },
});
