/** Rules of the words on screen. */
import { describe, expect, it } from 'vitest';
import { en } from './en';
import { es } from './es';
import { duration, number, plain, shortDate, t, tOr } from './index';

const named = (entry: string | { one: string; other: string }) => {
  const text = typeof entry === 'string' ? entry : entry.other;
  return [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
};

describe('words', () => {
  it('put numbers as Spanish does, four digits too', () => {
    expect(number(1284)).toBe('1.284');
    expect(t('confirm.sms', { n: 1284, segments: t('confirm.segments', { n: 1912 }), company: 'Empresa X' })).toBe(
      'Se enviarán 1.284 SMS (1.912 segmentos) a clientes de Empresa X',
    );
  });
  it('agree in number', () => {
    expect(t('inbox.deleted', { n: 1 })).toBe('Mensaje eliminado');
    expect(t('inbox.deleted', { n: 3 })).toBe('3 mensajes eliminados');
    expect(t('confirm.action.email', { n: 1 })).toBe('Enviar 1 correo');
    expect(t('confirm.action.email', { n: 1284 })).toBe('Enviar 1.284 correos');
  });
  it('of an unknown key are the fallback', () => {
    expect(tOr('event.Unknown', 'Unknown')).toBe('Unknown');
  });
  it('are found without accents and case', () => {
    expect(plain('JOSÉ Ñáñez')).toBe('jose nanez');
  });
  it('of every catalogue name the same values, and none is empty', () => {
    for (const key of Object.keys(es) as (keyof typeof es)[]) {
      expect([key, named(en[key])]).toEqual([key, named(es[key])]);
      expect(en[key]).not.toBe('');
    }
  });
  it('tell the hour today and the day before', () => {
    const now = new Date('2026-11-22T12:00:00');
    expect(shortDate(new Date('2026-11-22T08:05:00').toISOString(), now)).toBe('08:05');
    expect(shortDate(new Date('2026-11-20T08:05:00').toISOString(), now)).toBe('20 nov, 08:05');
    expect(shortDate(new Date('2025-01-02T08:05:00').toISOString(), now)).toBe('2 ene 2025');
  });
  it('tell a duration shortly', () => {
    expect([duration(0.2), duration(75), duration(3720)]).toEqual(['1 s', '1 min 15 s', '1 h 2 min']);
  });
});
