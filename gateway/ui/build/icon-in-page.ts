/** Writes the icon into the page, so that a first load does not ask for it. The content policy allows pictures as `data:`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'vite';

const ICON = '/favicon.svg';

export function iconInPage(): Plugin {
  let file = '';
  return {
    name: 'icon-in-page',
    configResolved: ({ publicDir }) => {
      file = resolve(publicDir, `.${ICON}`);
    },
    transformIndexHtml: (page) =>
      page.replace(ICON, `data:image/svg+xml,${encodeURIComponent(readFileSync(file, 'utf8'))}`),
  };
}
