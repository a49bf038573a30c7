/** Rules of counting and cheapening an SMS. */
import { describe, expect, it } from 'vitest';
import { countSms, legible, withoutAccents } from './sms';

describe('counting', () => {
  it('an empty text has no parts and a whole part left', () => {
    expect(countSms('')).toMatchObject({ encoding: 'gsm7', segments: 0, left: 160 });
  });
  it('160 characters of the GSM alphabet are one part, 161 are two', () => {
    expect(countSms('ñ'.repeat(160))).toMatchObject({ encoding: 'gsm7', segments: 1, left: 0 });
    expect(countSms('a'.repeat(161))).toMatchObject({ segments: 2, left: 145 });
  });
  it('one í forces Unicode: 70 are one part, 71 are two', () => {
    expect(countSms(`í${'a'.repeat(69)}`)).toMatchObject({ encoding: 'ucs2', segments: 1, left: 0, forcing: ['í'] });
    expect(countSms(`í${'a'.repeat(70)}`)).toMatchObject({ segments: 2, left: 63 });
  });
  it('é ñ ü ¿ ¡ are in the GSM alphabet, á í ó ú are not', () => {
    expect(countSms('éñü¿¡ÉÑÜ').encoding).toBe('gsm7');
    expect(countSms('áíóúÁÍÓÚ').forcing).toEqual([...'áíóúÁÍÓÚ']);
  });
  it('an extension character counts double and is never split', () => {
    expect(countSms('€').units).toBe(2);
    expect(countSms(`${'a'.repeat(152)}€${'a'.repeat(20)}`)).toMatchObject({ segments: 2, left: 153 - 22 });
  });
  it('a surrogate pair is never split', () => {
    expect(countSms(`${'a'.repeat(66)}😀${'a'.repeat(10)}`)).toMatchObject({ segments: 2, left: 67 - 12 });
  });
  it('each forcing character is named once', () => {
    expect(countSms('aquí, allí “y” —').forcing).toEqual(['í', '“', '”', '—']);
  });
});

it('a character that shows nothing by itself is named by its code point', () => {
  expect(['\u0007', '\t', '\u00a0', '\u200b', '\u0301', '\ufe0f'].map(legible)).toEqual([
    'U+0007',
    'U+0009',
    'U+00A0',
    'U+200B',
    'U+0301',
    'U+FE0F',
  ]);
  expect(['í', '—', '😀', '日'].map(legible)).toEqual(['í', '—', '😀', '日']);
});

describe('«Optimizar sin tildes»', () => {
  it('takes accents away and keeps what is cheap', () => {
    expect(withoutAccents('Mañana habrá revisión: ¿sí? Está él, ¡güey!')).toBe(
      'Mañana habra revision: ¿si? Esta él, ¡güey!',
    );
  });
  it('replaces typographic quotes, dashes and dots', () => {
    expect(withoutAccents('“Hola” — dijo… ‘ya’')).toBe('"Hola" - dijo... \'ya\'');
  });
  it('joins a letter and its loose accent first', () => {
    expect(withoutAccents('n\u0303 e\u0301 a\u0301')).toBe('ñ é a');
  });
  it('leaves what has no cheap form', () => {
    expect(withoutAccents('😀 日')).toBe('😀 日');
  });
});
