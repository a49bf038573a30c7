/** Rules of grouping failures by cause. */
import { describe, expect, it } from 'vitest';
import type { Attempt } from '../contract';
import { causeOf, causesOf } from './causes';

const attempt = (some: Partial<Attempt>): Attempt => ({
  at: '',
  provider: 'p',
  outcome: 'failed',
  class: null,
  code: null,
  detail: null,
  reference: null,
  ...some,
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
  it('come most frequent first, each in its words', () => {
    const cause = (code: string, count: number) => ({ outcome: 'failed', class: 'unknown', code, count });
    expect(causesOf([cause('21211', 1), cause('30007', 2)])).toEqual([
      { code: '30007', words: 'El operador bloqueó el mensaje', count: 2 },
      { code: '21211', words: 'El número no es válido', count: 1 },
    ]);
  });
  it('without a code speak by their class', () => {
    expect(causesOf([{ outcome: 'failed', class: 'permanent_address', code: '', count: 3 }])[0]?.words).toBe(
      'La dirección no existe',
    );
  });
});
