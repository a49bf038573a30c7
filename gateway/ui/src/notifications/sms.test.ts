/** Rules of counting and cheapening an SMS. */
import { SegmentedMessage } from 'sms-segments-calculator';
import { describe, expect, it } from 'vitest';
import vectors from '../../../../domain/vectors/sms.json';
import { countSms, legible, transliterate } from './sms';

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
    expect(transliterate('Mañana habrá revisión: ¿sí? Está él, ¡güey!')).toBe(
      'Mañana habra revision: ¿si? Esta él, ¡güey!',
    );
  });
  it('replaces typographic quotes, dashes and dots', () => {
    expect(transliterate('“Hola” — dijo… ‘ya’')).toBe('"Hola" - dijo... \'ya\'');
  });
  it('joins a letter and its loose accent first', () => {
    expect(transliterate('n\u0303 e\u0301 a\u0301')).toBe('ñ é a');
  });
  it('leaves what has no cheap form', () => {
    expect(transliterate('😀 日')).toBe('😀 日');
  });
});

it('the vectors that the server is held to', () => {
  for (const { text, forcing, transliterated, ...count } of vectors) {
    expect(countSms(text), text).toEqual({ ...count, forcing: [...forcing] });
    expect(transliterate(text), text).toBe(transliterated);
  }
});

it('an independent implementation counts random texts alike', () => {
  const letters = [...'abcdefgh ñé¿ \n€[]{}~|^\\áíóú“”—…😀日'];
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  for (let round = 0; round < 1_000; round++) {
    // Half of the texts stay in the alphabet of GSM.
    const kinds = round % 2 ? letters.length : 23;
    const text = Array.from({ length: next(400) }, () => letters[next(kinds)]).join('');
    const theirs = new SegmentedMessage(text, 'auto');
    const encoding = theirs.encodingName === 'GSM-7' ? 'gsm7' : 'ucs2';
    const segments = text ? theirs.segmentsCount : 0;
    expect(countSms(text), JSON.stringify(text)).toMatchObject({ encoding, segments });
  }
});
