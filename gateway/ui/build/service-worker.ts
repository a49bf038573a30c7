/** Writes the service worker with the names of the files of this build, which make its version. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';

const SOURCE = 'src/offline/service-worker.js';

export function serviceWorker(): Plugin {
  let root = '';
  return {
    name: 'service-worker',
    apply: 'build',
    configResolved: (config) => {
      root = config.root;
    },
    // Only now the names of the files are final.
    writeBundle({ dir = '' }) {
      const source = readFileSync(resolve(root, SOURCE), 'utf8');
      const assets = readdirSync(resolve(dir, 'assets')).sort();
      const files = ['/', ...assets.map((name) => `/assets/${name}`)];
      const whole = JSON.stringify([files, source, readFileSync(resolve(dir, 'index.html'), 'utf8')]);
      const version = createHash('sha256').update(whole).digest('hex').slice(0, 16);
      const head = `const VERSION = ${JSON.stringify(version)};\nconst FILES = ${JSON.stringify(files)};\n`;
      writeFileSync(resolve(dir, 'sw.js'), head + source);
    },
  };
}
