/** Rules of grouping failures by cause. */
import { describe, expect, it } from 'vitest';
import type { Attempt, Delivery } from '../contract';
import { causeOf, causesOf, wordsFor } from './causes';

const attempt = (some: Partial<Attempt>): Attempt => ({
  at: '',
  provider: 'p',
  outcome: 'failed',
  code: null,
  detail: null,
  reference: null,
  ...some,
});
const failed = (code: string): Delivery => ({
  id: code,
  client: { id: 'c', name: 'C' },
  contact: null,
  to: null,
  state: 'failed',
  attempts: [attempt({ code })],
});

describe('causes', () => {
  it('speak in words, with the code beside', () => {
    expect(causeOf(attempt({ code: '550 5.1.1' }))).toBe('La dirección no existe');
    expect(causeOf(attempt({ code: '552', detail: '5.2.2 over quota' }))).toBe('Buzón lleno');
    expect(causeOf(attempt({ code: '21211' }))).toBe('El número no es válido');
    expect(causeOf(attempt({ code: '550 5.7.1' }))).toBe('El servidor de destino rechazó al remitente');
  });
  it('fall back to the class, then to the text of the provider', () => {
    expect(causeOf(attempt({ code: '999', class: 'config_auth' }))).toBe('El proveedor rechazó nuestras credenciales');
    expect(causeOf(attempt({ code: '999', detail: 'strange' }))).toBe('strange');
    expect(causeOf(undefined)).toBe('Causa desconocida');
  });
  it('are grouped and the most frequent comes first', () => {
    const causes = causesOf([failed('21211'), failed('30007'), failed('30007')]);
    expect(causes.map((cause) => [cause.code, cause.count])).toEqual([
      ['30007', 2],
      ['21211', 1],
    ]);
  });
  it('take the groups of the server as they come', () => {
    expect(wordsFor([{ outcome: 'failed', class: 'permanent_address', code: '', count: 3 }])[0]).toMatchObject({
      words: 'La dirección no existe',
      count: 3,
    });
  });
});
