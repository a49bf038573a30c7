/** How the HTML of a mail is shown in a frame of a page. */

/**
 * The HTML without its style sheets, its own and those that it links, such as fonts of another server: the content policy of
 * our pages blocks them in frames too. What they say is for narrow screens and for mail programs; the look of the base
 * layout is in attributes, which stay.
 */
export const framed = (html: string): string => html.replace(/<style\b[\s\S]*?<\/style\s*>|<link\b[^>]*>/gi, '');
