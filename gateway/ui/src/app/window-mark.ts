/** What tells of unread messages while another window is in front: the title and the icon of the tab. */
import { number } from '../i18n';

const PLAIN = '/favicon.svg';
/** With a dot large enough for a tab's sixteen pixels. */
const UNREAD = '/favicon-unread.svg';

/** Shows a title, and before it the exact number of unread messages, if any. */
export function markWindow(title: string, unread: number): void {
  document.title = unread > 0 ? `(${number(unread)}) ${title}` : title;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const href = unread > 0 ? UNREAD : PLAIN;
  // The same address again would make some browsers load the icon again.
  if (icon && icon.getAttribute('href') !== href) icon.href = href;
}
