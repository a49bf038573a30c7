/** Writes a company's own file as the import takes it: a row for each contact, cells as they were. */
import { isBlank, type RawRow, rowsOf } from './csv-rows';
import { type Meaning, OURS } from './import-columns';

/** A file whose columns have a meaning. */
export interface MappedFile {
  file: Blob;
  delimiter: string;
  /** The length of a line above the header that declares the delimiter, in bytes. */
  above: number;
  meanings: readonly Meaning[];
}
export interface Written {
  file: Blob;
  /** The line of the original file on which each line of the written one has its row. */
  lines: number[];
}
/** The places of one contact's cells. Its kind is a word, or the place of a cell. */
interface ContactCells {
  kind: string | number;
  name: number | undefined;
  phone: number | undefined;
  email: number | undefined;
}

export async function written({ file, delimiter, above, meanings }: MappedFile): Promise<Written> {
  const contacts = contactsOf(meanings);
  const own = meanings.flatMap((meaning, at) => (meaning === 'own' ? [at] : []));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  // Whatever the delimiter, the server is told of it.
  const text = new ByteText(`sep=${delimiter}\r\n`);
  const lines = [0, 1];
  let header: RawRow | null = null;
  for await (const rows of rowsOf(file, delimiter, above)) {
    for (const row of rows) {
      const before = text.breaks;
      if (!header) {
        header = row;
        text.add(OURS.join(delimiter));
        for (const at of own) text.add(delimiter, row, at);
        text.add('\r\n');
      } else writeRow(text, row, { delimiter, contacts, own, meanings, width: header.cells.length });
      for (let added = before; added < text.breaks; added++) lines.push(row.line);
    }
    parts.push(text.take());
  }
  return { file: new Blob(parts, { type: 'text/csv' }), lines };
}

interface Layout {
  delimiter: string;
  contacts: ContactCells[];
  own: number[];
  meanings: readonly Meaning[];
  width: number;
}

function writeRow(text: ByteText, row: RawRow, layout: Layout): void {
  const { delimiter, contacts, own, meanings, width } = layout;
  const has = (at: number | undefined) => at !== undefined && row.cells[at] && !isBlank(row.bytes, row.cells[at]);
  if (row.misquoted) {
    text.misquoted(row);
    return;
  }
  const filledAt = row.cells.flatMap((cell, at) => (isBlank(row.bytes, cell) ? [] : [at]));
  const [first] = filledAt;
  if (first === undefined) return;
  const surplus = filledAt.find((at) => at >= width);
  const isShort = meanings.some((meaning, at) => meaning !== 'skip' && at >= row.cells.length);
  // The server must refuse a row with too many cells, or too few, as it would have in the original file.
  if (surplus !== undefined || isShort) {
    text.add(surplus === undefined ? '' : delimiter.repeat(OURS.length + own.length), row, surplus ?? first);
    text.add('\r\n');
    return;
  }
  const filled = contacts.filter(({ kind, name, phone, email }) => {
    if (typeof kind === 'number') return true;
    return has(phone) || has(email) || (kind !== 'holder' && has(name));
  });
  // A client whom nothing reaches is imported too: the report warns of it.
  const nobody: ContactCells = { kind: 'holder', name: undefined, phone: undefined, email: undefined };
  for (const { kind, name, phone, email } of filled.length > 0 ? filled : [nobody]) {
    text.add('', row, meanings.indexOf('external_id'));
    text.add(delimiter, row, meanings.indexOf('name'));
    if (typeof kind === 'string') text.add(delimiter + kind);
    else text.add(delimiter, row, kind);
    for (const at of [name, phone, email, ...own]) text.add(delimiter, row, at);
    text.add('\r\n');
  }
}

/** The contacts of a row: the second telephone of a kind belongs to its second contact, who has the last name there is. */
function contactsOf(meanings: readonly Meaning[]): ContactCells[] {
  const places = (wanted: string) => meanings.flatMap((meaning, at) => (meaning === wanted ? [at] : []));
  const [rowKind] = places('row_kind');
  const kinds: [string, string | number | undefined][] = [
    ['holder', 'holder'],
    ['emergency_contact', 'emergency_contact'],
    ['authorized_user', 'authorized_user'],
    ['row', rowKind],
  ];
  return kinds.flatMap(([prefix, kind]) => {
    if (kind === undefined) return [];
    const [names, phones, emails] = [places(`${prefix}_name`), places(`${prefix}_phone`), places(`${prefix}_email`)];
    const least = prefix === 'row' ? 1 : 0;
    const count = Math.max(least, names.length, phones.length, emails.length);
    return Array.from({ length: count }, (_, n) => ({
      kind,
      name: names[n] ?? names.at(-1),
      phone: phones[n],
      email: emails[n],
    }));
  });
}

const ENCODER = new TextEncoder();

/** Bytes that are being written, in memory that doubles. */
class ByteText {
  breaks = 0;
  private bytes = new Uint8Array(1 << 16);
  private length = 0;

  constructor(start: string) {
    this.add(start);
  }

  /** ASCII, and then a cell as it was; nothing for a cell that is not there. */
  add(ascii: string, row?: RawRow, at?: number): void {
    if (ascii) this.copy(ENCODER.encode(ascii));
    const cell = at === undefined ? undefined : row?.cells[at];
    if (row && cell) this.copy(row.bytes.subarray(...cell));
  }

  /** One line whose quotes are wrong whatever follows, so that the server refuses it alone. */
  misquoted({ bytes, begin, end }: RawRow): void {
    this.add('""!');
    this.copy(bytes.subarray(begin, end).filter((byte) => byte !== 34 && byte !== 10 && byte !== 13));
    this.add('\r\n');
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  private copy(added: Uint8Array): void {
    if (this.length + added.length > this.bytes.length) {
      const larger = new Uint8Array(2 * (this.length + added.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(added, this.length);
    this.length += added.length;
    for (const [at, byte] of added.entries()) if (byte === 10 || (byte === 13 && added[at + 1] !== 10)) this.breaks++;
  }
}
