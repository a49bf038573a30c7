/** What tells of unread messages while another window is in front: the title and the icon of the tab. */
import { number } from '../i18n';
/** With a dot large enough for a tab's sixteen pixels. */
import UNREAD from './favicon-unread.svg?inline';

let plain: string | undefined;

/** The icon that the page came with. */
export function plainIcon(): string {
  plain ??= link()?.getAttribute('href') ?? '';
  return plain;
}

const link = () => document.querySelector<HTMLLinkElement>('link[rel="icon"]');

/** Shows a title, and before it the exact number of unread messages, if any. */
export function markWindow(title: string, unread: number): void {
  document.title = unread > 0 ? `(${number(unread)}) ${title}` : title;
  const icon = link();
  const [read, dotted] = [plainIcon(), UNREAD];
  const href = unread > 0 ? dotted : read;
  // The same address again would make some browsers load the icon again.
  if (icon && icon.getAttribute('href') !== href) icon.href = href;
}
