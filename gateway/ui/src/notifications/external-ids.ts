/** Lists of external ids, as people paste them or as a CSV file has them. */

/** The most that a request takes. */
export const EXTERNAL_IDS_MAX = 10_000;

/** The header of the column that is read of a file with several columns. */
const COLUMN = 'external_id';

/**
 * The ids of a list, each once: the column `external_id` if the first line names it, otherwise everything between line
 * breaks, tabs, commas and semicolons.
 */
export function externalIdsIn(text: string): string[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const delimiter = /;/.test(lines[0] ?? '') ? ';' : ',';
  const column = cells(lines[0] ?? '', delimiter).indexOf(COLUMN);
  const found =
    column < 0
      ? lines.flatMap((line) => line.split(/[\t,;]/).map(unquoted))
      : lines.slice(1).map((line) => cells(line, delimiter)[column] ?? '');
  return [...new Set(found.map((id) => id.trim()).filter((id) => id !== ''))];
}

/** The cells of a line of CSV. A quoted cell may have the delimiter in it. */
function cells(line: string, delimiter: ',' | ';'): string[] {
  const cell = delimiter === ',' ? /("(?:[^"]|"")*"|[^,]*)(?:,|$)/g : /("(?:[^"]|"")*"|[^;]*)(?:;|$)/g;
  return [...line.matchAll(cell)].map((match) => unquoted(match[1] ?? ''));
}

const unquoted = (cell: string): string =>
  cell
    .trim()
    .replace(/^"(.*)"$/s, '$1')
    .replaceAll('""', '"');
