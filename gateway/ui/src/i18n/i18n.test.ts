/** Rules of the words on screen. */
import { afterEach, describe, expect, it } from 'vitest';
import { en } from './en';
import { type Catalogue, es, type Key } from './es';
import { countryName, duration, longDate, number, plain, preferred, shortDate, t, tOr, useLanguage } from './index';
import { pt } from './pt';

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
const forms = (entry: Catalogue[Key]) => (typeof entry === 'string' ? [entry] : [entry.one, entry.other]);
const keys = Object.keys(es) as Key[];
const others: [string, Catalogue][] = [
  ['en', en],
  ['pt', pt],
];

afterEach(() => useLanguage('es'));

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

describe.each(others)('the catalogue of %s', (_, catalogue) => {
  it('has the keys of the Spanish one', () => {
    expect(Object.keys(catalogue).sort()).toEqual([...keys].sort());
  });
  it('names the same values', () => {
    const named = (entry: Catalogue[Key]) => placeholders(forms(entry).at(-1) ?? '');
    for (const key of keys) expect([key, named(catalogue[key])]).toEqual([key, named(es[key])]);
  });
  it('agrees in number where Spanish does and the number is shown', () => {
    const counted = keys.filter(
      (key) => forms(es[key]).length === 2 && placeholders(forms(es[key])[1] ?? '').includes('n'),
    );
    expect(counted.filter((key) => typeof catalogue[key] === 'string')).toEqual([]);
  });
  it('has no empty text, and none with spaces around it', () => {
    for (const key of keys) for (const text of forms(catalogue[key])) expect([key, text.trim()]).toEqual([key, text]);
    expect(keys.filter((key) => forms(catalogue[key]).includes(''))).toEqual([]);
  });
  it('is translated', () => {
    const same = keys.filter(
      (key) => forms(catalogue[key]).join() === forms(es[key]).join() && / /.test(forms(es[key]).join()),
    );
    expect(same.length).toBeLessThan(keys.length / 20);
  });
});

describe('the language', () => {
  it('is the first that the browser prefers and the app speaks, in any region', () => {
    expect(preferred(['pt-BR', 'en'])).toBe('pt');
    expect(preferred(['fr-FR', 'en-GB', 'es'])).toBe('en');
    expect(preferred(['es-419'])).toBe('es');
    expect(preferred(['fr', 'de'])).toBe('es');
    expect(preferred([])).toBe('es');
  });
  it('decides plurals, numbers, days and countries', async () => {
    await useLanguage('pt');
    expect([t('pending.messages', { n: 1 }), t('pending.messages', { n: 1284 })]).toEqual([
      '1 mensagem',
      '1.284 mensagens',
    ]);
    // Portuguese counts nothing like one.
    expect(t('pending.messages', { n: 0 })).toBe('0 mensagem');
    expect(longDate('2026-12-01T15:00:00Z')).toContain('de dezembro de 2026');
    expect(countryName('BR')).toBe('Brasil');
    expect(document.documentElement.lang).toBe('pt-BR');
    await useLanguage('en');
    expect([t('pending.messages', { n: 0 }), number(1284)]).toEqual(['0 messages', '1,284']);
  });
});
