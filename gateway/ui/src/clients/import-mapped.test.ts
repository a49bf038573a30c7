/** Rules of a company's own file: no cell changes, no row is lost or read in the wrong columns, and lines stay known. */
import { describe, expect, it } from 'vitest';
import { faultOf, guessed, isOurs } from './import-columns';
import { written } from './import-mapped';
import { ownFile } from './own-file';

const HEADER = 'external_id;name;kind;contact_name;phone;email';
async function mapped(bytes: BlobPart) {
  const own = await ownFile(new Blob([bytes]));
  if (!own) throw new Error('the file needs no mapping');
  return { own, ...(await written({ ...own, meanings: guessed(own.headers) })) };
}
async function rows(bytes: BlobPart): Promise<string[]> {
  const lines = (await (await mapped(bytes)).file.text()).split('\r\n');
  return lines.slice(2, -1);
}

describe('the meaning of a column', () => {
  it('is guessed by its header, in the words of the field', () => {
    const headers = ['Código', 'Nombre', 'Teléfono 1', 'Correo', 'Contacto de emergencia', 'Tel. emergencia', 'Saldo'];
    expect(guessed(headers)).toEqual([
      'external_id',
      'name',
      'holder_phone',
      'holder_email',
      'emergency_contact_name',
      'emergency_contact_phone',
      'own',
    ]);
    expect(guessed(['Conta', 'Nome', 'Celular', 'Tipo de contato', 'Motivo', ''])).toEqual([
      'external_id',
      'name',
      'row_phone',
      'row_kind',
      'skip',
      'skip',
    ]);
  });
  it('is asked for only in a file that lacks our columns', () => {
    expect(isOurs(['External ID', 'name', 'kind', 'contact-name', 'phone', 'email', 'Saldo'])).toBe(true);
    expect(isOurs(['external_id', 'name', 'phone', 'email'])).toBe(false);
  });
  it('is needed for what the import needs', () => {
    expect(faultOf(['name', 'holder_phone'])).toBe('no_code');
    expect(faultOf(['external_id', 'own'])).toBe('no_name');
    expect(faultOf(['external_id', 'name', 'name'])).toBe('twice');
    expect(faultOf(['external_id', 'name', 'emergency_contact_phone'])).toBe('no_contact_name');
    expect(faultOf(['external_id', 'name', 'row_phone'])).toBe('no_kind');
    expect(faultOf(['external_id', 'name', 'holder_phone', 'holder_phone'])).toBeNull();
  });
});

describe('a company’s own file', () => {
  it('becomes a row for each contact, with the own columns in all of them', async () => {
    const file =
      'Código;Nombre;Teléfono 1;Teléfono 2;Contacto de emergencia;Tel. emergencia;Saldo\r\nC-1;Ana;300;301;Luis;302;$ 5\r\n';
    const { own, lines, file: made } = await mapped(file);
    expect(own.samples).toEqual([['C-1', 'Ana', '300', '301', 'Luis', '302', '$ 5']]);
    expect(await made.text()).toBe(
      `sep=;\r\n${HEADER};Saldo\r\nC-1;Ana;holder;;300;;$ 5\r\nC-1;Ana;holder;;301;;$ 5\r\nC-1;Ana;emergency_contact;Luis;302;;$ 5\r\n`,
    );
    expect(lines.slice(3)).toEqual([2, 2, 2]);
  });
  it('keeps every byte of a cell: quotes, line breaks and letters of any encoding', async () => {
    const bytes = Uint8Array.from('C\xf3digo,Nombre,Correo\n1,"Ni\xf1o, ""el""\nmayor",a@b.co\n', (c) =>
      c.charCodeAt(0),
    );
    const { own, file, lines } = await mapped(bytes);
    expect(own.headers[0]).toBe('Código');
    const text = String.fromCharCode(...new Uint8Array(await file.arrayBuffer()));
    expect(text).toContain('1,"Ni\xf1o, ""el""\nmayor",holder,,,a@b.co\r\n');
    expect(lines.slice(3, 5)).toEqual([2, 2]);
  });
  it('keeps a client whom nothing reaches, and leaves out blank rows', async () => {
    expect(await rows('Código;Nombre;Teléfono\nC-1;Ana;\n;;\nC-2;Eva;300\n')).toEqual([
      'C-1;Ana;holder;;;',
      'C-2;Eva;holder;;300;',
    ]);
  });
  it('names the lines of the original, after broken rows too', async () => {
    const { file, lines } = await mapped('Código;Nombre;Teléfono\nC-1;"Ana" x;300\n\nC-2;"Eva\nC-3;Lía;301\n');
    const text = (await file.text()).split('\r\n');
    expect(text.slice(2, -1)).toEqual(['""!C-1;Ana x;300', '""!C-2;Eva', 'C-3;Lía;holder;;301;']);
    expect(lines.slice(3, 6)).toEqual([2, 4, 5]);
  });
  it('lets the server refuse a row with too many or too few cells', async () => {
    expect(await rows('Código;Nombre;Teléfono\nC-1;Ana;300;301\nC-2;Eva\n')).toEqual([';;;;;;301', 'C-2']);
  });
  it('may be UTF-16, have another delimiter that its first line declares, or be what the server knows', async () => {
    const wide = new Uint16Array(
      [0xfeff, ...'Código\tNombre\nC-1\tAna\n'].map((c) => (typeof c === 'number' ? c : c.charCodeAt(0))),
    );
    expect(await rows(wide)).toEqual(['C-1\tAna\tholder\t\t\t']);
    expect(await rows('sep=|\nCódigo|Nombre\nC-1|Ana\n')).toEqual(['C-1|Ana|holder|||']);
    expect(await ownFile(new Blob([`${HEADER}\n`]))).toBeNull();
    expect(await ownFile(new Blob(['PK\u0003\u0004\u0000;'], { type: '' }))).toBeNull();
    expect(await ownFile(new Blob([]))).toBeNull();
  });
  it('of a hundred thousand rows is written piece by piece', async () => {
    const row = (n: number) => `C-${n};Persona número ${n};30${n};p${n}@clientes.test\n`;
    const file = `Código;Nombre;Teléfono;Correo\n${Array.from({ length: 100_000 }, (_, n) => row(n)).join('')}`;
    const { file: made, lines } = await mapped(file);
    const text = await made.text();
    expect([lines.length, lines.at(-1), lines.at(-2)]).toEqual([100_003, 100_001, 100_000]);
    expect(text.endsWith('C-99999;Persona número 99999;holder;;3099999;p99999@clientes.test\r\n')).toBe(true);
  });
});
