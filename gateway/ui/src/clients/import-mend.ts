/** The refused rows of a file with their reasons, to mend and to import again. */
import type { ImportError } from '../contract';
import { delimiterOf, inBytes, type RawRow, rowsOf, shownCell } from './csv-rows';
import { guessed } from './import-columns';

/** The column that the import knows for reasons, and does not read. */
const REASON = 'reason';
/** How much of the file is read to find its delimiter, in bytes. */
const BEGINNING = 64 * 1024;
const LAST_LATIN = 0xff;

/**
 * The rows of every client with a refused row, the good ones too: an import takes the rows of a client for all of the
 * client's contacts. `code` is the place of the client's code, where the header does not say it.
 */
export async function toMend(chosen: Blob, errors: ImportError[], code?: number): Promise<Blob> {
  const file = await inBytes(chosen);
  const { delimiter, above } = delimiterOf(await file.slice(0, BEGINNING).text());
  const reasons = reasonsByLine(errors);
  const rows = () => rowsOf(file, delimiter, above);
  const { codes, place } = await codesOf(rows(), reasons, code);
  const [kept, last]: [Line[], Line[]] = [[], []];
  let header: RawRow | null = null;
  for await (const slice of rows()) {
    for (const row of slice) {
      const reason = reasons.get(row.line) ?? '';
      if (!header) {
        header = row;
        kept.push({ row, reason: REASON });
        // A quote that stays open would take the rows behind it along.
      } else if (row.misquoted) reason && last.push({ row, reason });
      else if (reason || codes.has(codeOf(row, place))) kept.push({ row, reason });
    }
  }
  return encoded([...kept, ...last], delimiter, above > 0 ? `sep=${delimiter}\r\n` : '');
}

interface Line {
  row: RawRow;
  reason: string;
}

function reasonsByLine(errors: ImportError[]): Map<number, string> {
  const reasons = new Map<number, string>();
  for (const { line, detail } of errors) reasons.set(line, [reasons.get(line), detail].filter(Boolean).join(' '));
  return reasons;
}

/** The codes of the clients with a refused row. */
async function codesOf(slices: AsyncGenerator<RawRow[]>, reasons: Map<number, string>, code?: number) {
  const codes = new Set<string>();
  let place = code;
  for await (const rows of slices) {
    const [header] = rows;
    place ??= header ? guessed(header.cells.map((cell) => shownCell(header.bytes, cell))).indexOf('external_id') : -1;
    for (const row of rows) if (reasons.has(row.line) && !row.misquoted) codes.add(codeOf(row, place));
  }
  codes.delete('');
  return { codes, place: place ?? -1 };
}

function codeOf({ bytes, cells }: RawRow, place: number): string {
  const cell = cells[place];
  return cell ? shownCell(bytes, cell).toLowerCase() : '';
}

/** In UTF-8 with its mark if all rows are, else in the encoding of Windows: the reasons must not mix the two. */
function encoded(lines: Line[], delimiter: string, above: string): Blob {
  const raw = lines.map(({ row }) => row.bytes.slice(row.begin, row.cells.at(-1)?.[1] ?? endOfLine(row)));
  const isUtf8 = raw.every(isValidUtf8);
  const written = (text: string) => (isUtf8 ? new TextEncoder().encode(text) : latin(text));
  const parts = lines.flatMap(({ reason }, at) => {
    const quoted = reason === REASON ? reason : `"${reason.replaceAll('"', '""')}"`;
    return [raw[at] as Uint8Array<ArrayBuffer>, written(`${delimiter}${quoted}\r\n`)];
  });
  return new Blob([isUtf8 ? '\ufeff' : '', above, ...parts], { type: 'text/csv' });
}

function endOfLine({ bytes, begin, end }: RawRow): number {
  let at = end;
  while (at > begin && [10, 13].includes(bytes[at - 1] as number)) at--;
  return at;
}

function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const latin = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (c) => (c.charCodeAt(0) <= LAST_LATIN ? c.charCodeAt(0) : 63));
