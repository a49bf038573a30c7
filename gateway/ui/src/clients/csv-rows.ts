/**
 * Cuts a CSV file into rows of raw cells, as the server does. The bytes of a cell stay as they are, quotes included: in
 * every encoding that is not UTF-16 the delimiters are the same bytes, so that the server can find out the encoding.
 */

const [LF, CR, QUOTE, SPACE, TAB] = [10, 13, 34, 32, 9];
/** The server's bound of a row, in bytes: a longer one is an open quote. */
const ROW_MAX = 64 * 1024;
/** How much of a file is read at a time, in bytes. */
const SLICE = 1024 * 1024;
const DELIMITERS = [';', ',', '\t'];
/** Excel reads and hides a first line such as `sep=;`. */
const SEPARATOR = /^"?sep=([^\p{L}\p{N}])"?\r?\n/iu;

export interface RawRow {
  bytes: Uint8Array;
  /** Where each cell begins and ends in the bytes. */
  cells: [number, number][];
  begin: number;
  /** Where the row ends, with its line break. */
  end: number;
  /** The line of the file on which it begins; the header is line 1. */
  line: number;
  /** Its quotes are wrong: it is one line, and has no cells. */
  misquoted: boolean;
}

/** The delimiter of a file by its beginning, and the length of a line that declares it. */
export function delimiterOf(beginning: string): { delimiter: string; above: number } {
  const declared = SEPARATOR.exec(beginning);
  if (declared?.[1]) return { delimiter: declared[1], above: declared[0].length };
  const [header = ''] = beginning.replace(/"[^"]*"/g, '').split(/[\r\n]/);
  const counts = DELIMITERS.map((one) => header.split(one).length);
  return { delimiter: DELIMITERS[counts.indexOf(Math.max(...counts))] as string, above: 0 };
}

/** UTF-16 as UTF-8; any other file as it is, without the mark of UTF-8. */
export async function inBytes(file: Blob): Promise<Blob> {
  const [first, second, third] = new Uint8Array(await file.slice(0, 3).arrayBuffer());
  const wide = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : '';
  if (wide) return new Blob([new TextDecoder(wide).decode(await file.arrayBuffer())]);
  return first === 0xef && second === 0xbb && third === 0xbf ? file.slice(3) : file;
}

/** The rows of a file slice by slice, so that the page stays alive. */
export async function* rowsOf(file: Blob, delimiter: string, above = 0): AsyncGenerator<RawRow[]> {
  let rest = new Uint8Array();
  let line = above > 0 ? 2 : 1;
  for (let from = above; from < file.size || rest.length > 0; from += SLICE) {
    const slice = new Uint8Array(await file.slice(from, from + SLICE).arrayBuffer());
    const bytes = new Uint8Array(rest.length + slice.length);
    bytes.set(rest);
    bytes.set(slice, rest.length);
    const isLast = from + SLICE >= file.size;
    const rows: RawRow[] = [];
    let at = 0;
    while (at < bytes.length) {
      const row = cut(bytes, at, delimiter.charCodeAt(0), isLast);
      if (!row) break;
      rows.push({ ...row, bytes, begin: at, line });
      line += lineBreaks(bytes, at, row.end);
      at = row.end;
    }
    yield rows;
    rest = bytes.slice(at);
    if (isLast) return;
  }
}

type Cut = Pick<RawRow, 'cells' | 'end' | 'misquoted'>;

/** One row; null when the bytes end first. */
function cut(bytes: Uint8Array, from: number, delimiter: number, isLast: boolean): Cut | null {
  const cells: RawRow['cells'] = [];
  let [begins, place] = [from, 'start'];
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (place === 'quoted') {
      if (byte === QUOTE) place = 'closed';
    } else if (byte === delimiter || byte === LF || byte === CR) {
      cells.push([begins, at]);
      if (byte !== delimiter) return endOf(bytes, at, isLast, cells);
      [begins, place] = [at + 1, 'start'];
    } else if (byte === QUOTE && (place === 'start' || (place === 'closed' && bytes[at - 1] === QUOTE)))
      place = 'quoted';
    else if (byte === SPACE || byte === TAB) continue;
    else if (place === 'closed') return firstLine(bytes, from, isLast);
    else place = 'bare';
  }
  if (!isLast) return bytes.length - from > ROW_MAX ? firstLine(bytes, from, isLast) : null;
  if (place === 'quoted') return firstLine(bytes, from, isLast);
  return { cells: [...cells, [begins, bytes.length]], end: bytes.length, misquoted: false };
}

function endOf(bytes: Uint8Array, at: number, isLast: boolean, cells: RawRow['cells']): Cut | null {
  if (bytes[at] === LF) return { cells, end: at + 1, misquoted: false };
  // A last \r may be half a line break.
  if (at + 1 === bytes.length && !isLast) return null;
  return { cells, end: bytes[at + 1] === LF ? at + 2 : at + 1, misquoted: false };
}

/** The server refuses the line on which wrong quotes begin, and goes on with the next one. */
function firstLine(bytes: Uint8Array, from: number, isLast: boolean): Cut | null {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] !== LF && bytes[at] !== CR) continue;
    const found = endOf(bytes, at, isLast, []);
    return found && { ...found, misquoted: true };
  }
  return isLast ? { cells: [], end: bytes.length, misquoted: true } : null;
}

function lineBreaks(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] !== LF)) count++;
  }
  return count;
}

export const isBlank = (bytes: Uint8Array, [from, to]: [number, number]): boolean => {
  for (let at = from; at < to; at++) if (![SPACE, TAB, QUOTE].includes(bytes[at] as number)) return false;
  return true;
};

/** A cell to look at: in UTF-8 if it is, else in the encoding of Windows. The server decides on its own. */
export function shownCell(bytes: Uint8Array, [from, to]: [number, number]): string {
  const raw = bytes.subarray(from, to);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    text = new TextDecoder('windows-1252').decode(raw);
  }
  const quoted = /^\s*"([\s\S]*)"\s*$/.exec(text);
  return (quoted?.[1]?.replaceAll('""', '"') ?? text).trim();
}
