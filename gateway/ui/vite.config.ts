/** How the web app is built, served while developing, and tested. */
import { defineConfig } from 'vitest/config';
import { precompress } from './build/precompress.ts';

export default defineConfig({
  plugins: [precompress()],
  build: {
    target: 'es2023',
    // light-dark() must reach the browser as written.
    cssTarget: ['chrome125', 'firefox126', 'safari17.5'],
    // Nothing becomes a data: URL, so the page's policy can stay closed.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
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
