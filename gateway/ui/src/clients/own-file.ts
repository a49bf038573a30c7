/** A file as its company has it: its first rows, and the import of it by what its columns mean. */
import { importClients } from '../api';
import type { ImportReport } from '../contract';
import { delimiterOf, inBytes, rowsOf, shownCell } from './csv-rows';
import { isOurs } from './import-columns';
import { type MappedFile, written } from './import-mapped';

/** The first rows that are shown. */
const SAMPLES = 3;
/** How much of the file is read to see its first rows, in bytes. */
const BEGINNING = 64 * 1024;

export interface OwnFile extends Omit<MappedFile, 'meanings'> {
  headers: string[];
  samples: string[][];
}

/** A file whose columns a person has to name; null when it is as the server wants it, or is no table that can be read here. */
export async function ownFile(chosen: Blob): Promise<OwnFile | null> {
  const beginning = await chosen.slice(0, BEGINNING).arrayBuffer();
  const isWide = [0xff, 0xfe].includes(new Uint8Array(beginning)[0] ?? 0);
  // A workbook or a picture: the server says what to do with it.
  if (!isWide && new Uint8Array(beginning).includes(0)) return null;
  const file = await inBytes(chosen);
  const { delimiter, above } = delimiterOf(await file.slice(0, BEGINNING).text());
  for await (const rows of rowsOf(file.slice(0, BEGINNING), delimiter, above)) {
    const [header, ...others] = rows;
    if (!header || header.misquoted || header.cells.length < 2) return null;
    const headers = header.cells.map((cell) => shownCell(header.bytes, cell));
    if (isOurs(headers)) return null;
    const whole = others.filter((row) => !row.misquoted).slice(0, SAMPLES);
    const samples = whole.map(({ bytes, cells }) => cells.map((cell) => shownCell(bytes, cell)));
    return { file, delimiter, above, headers, samples };
  }
  return null;
}

/** Imports it. The report names the lines of the company's own file. */
export async function importMapped(company: string, mapped: MappedFile, dryRun: boolean): Promise<ImportReport> {
  const { file, lines } = await written(mapped);
  const report = await importClients(company, file, dryRun);
  const inOwn = <T extends { line: number }>(rows: T[]) =>
    rows.map((row) => ({ ...row, line: lines[row.line] ?? row.line }));
  return { ...report, errors: inOwn(report.errors), warnings: inOwn(report.warnings ?? []) };
}
