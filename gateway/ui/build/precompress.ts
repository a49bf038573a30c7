/** Writes beside each file of the build what the server sends in its place: `app.js.br` and `app.js.gz`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Fonts and pictures are compressed already. */
const TEXT = /\.(html|js|css|svg|webmanifest)$/;

const codings = {
  br: (text: Buffer) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  gz: (text: Buffer) => gzipSync(text, { level: 9 }),
};

export function precompress(): Plugin {
  let folder = '';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    closeBundle: () => {
      const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
      for (const file of files.filter((name) => TEXT.test(name))) compress(join(folder, file));
    },
  };
}

/** A file that does not get smaller is sent as it is. */
function compress(file: string): void {
  const text = readFileSync(file);
  for (const [ending, coded] of Object.entries(codings)) {
    const small = coded(text);
    if (small.length < text.length) writeFileSync(`${file}.${ending}`, small);
  }
}
