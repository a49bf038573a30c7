/** Rules of the file to mend: every refused row with its reason, and nothing that would cost a client a contact. */
import { expect, it } from 'vitest';
import { toMend } from './import-mend';

const HEADER = 'external_id,name,kind,contact_name,phone,email';
const error = (line: number, detail: string) => ({ line, column: 'phone', value: '', code: 'phone', detail });

it('has the refused rows with their reasons, and the other rows of the same clients', async () => {
  const file = `${HEADER}\nC-1,Ana,holder,,12,no\nC-2,Eva,holder,,300,\nc-1,Ana,emergency_contact,"Luis, su ""tío""",301,\n`;
  const mended = await toMend(new Blob([file]), [error(2, 'No es un teléfono.'), error(2, 'No es un "correo".')]);
  expect((await mended.text()).replace('\ufeff', '')).toBe(
    `${HEADER},reason\r\nC-1,Ana,holder,,12,no,"No es un teléfono. No es un ""correo""."\r\nc-1,Ana,emergency_contact,"Luis, su ""tío""",301,,""\r\n`,
  );
  expect(new Uint8Array(await mended.arrayBuffer())[0]).toBe(0xef);
});

it('stays in the encoding of the file, and has the rows with wrong quotes last', async () => {
  const bytes = Uint8Array.from('Cuenta X;Nombre\nC-1;"Jos\xe9\nC-2;Ana Ni\xf1o\n', (c) => c.charCodeAt(0));
  const mended = await toMend(new Blob([bytes]), [error(2, 'Comillas mal puestas.'), error(3, 'Está mal.')], 0);
  expect(String.fromCharCode(...new Uint8Array(await mended.arrayBuffer()))).toBe(
    'Cuenta X;Nombre;reason\r\nC-2;Ana Ni\xf1o;"Est\xe1 mal."\r\nC-1;"Jos\xe9;"Comillas mal puestas."\r\n',
  );
});
