/** A text as SMS: encoding, parts, and the characters that force the expensive encoding (3GPP TS 23.038). */

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';
const basic = new Set(BASIC);
const extension = new Set(EXTENSION);

export const GSM_ALONE = 160;
export const GSM_PART = 153;
export const UCS2_ALONE = 70;
export const UCS2_PART = 67;

export interface SmsCount {
  encoding: 'gsm7' | 'ucs2';
  /** Septets or UTF-16 units, whichever the encoding counts. */
  units: number;
  segments: number;
  /** Units free in the last part. */
  left: number;
  /** The characters that force UCS-2, each once, in the order in which they appear. */
  forcing: string[];
}

export function countSms(text: string): SmsCount {
  const characters = [...text];
  const forcing = [...new Set(characters.filter((c) => !basic.has(c) && !extension.has(c)))];
  const gsm = forcing.length === 0;
  const sizes = characters.map((c) => (gsm ? (extension.has(c) ? 2 : 1) : c.length));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  const alone = gsm ? GSM_ALONE : UCS2_ALONE;
  const { segments, left } =
    units <= alone ? { segments: units ? 1 : 0, left: alone - units } : parts(sizes, gsm ? GSM_PART : UCS2_PART);
  return { encoding: gsm ? 'gsm7' : 'ucs2', units, segments, left, forcing };
}

/** A readable form of a character: an invisible one (a control, a space, a loose accent) is shown as its code point. */
export function legible(character: string): string {
  if (!/[\p{C}\p{Z}\p{M}]/u.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** An escape or a surrogate pair is never split between two parts. */
function parts(sizes: number[], room: number): { segments: number; left: number } {
  let segments = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > room) {
      segments++;
      used = 0;
    }
    used += size;
  }
  return { segments, left: room - used };
}

/** What stands for a character that GSM-7 lacks and that is no letter with an accent. The server has the same table. */
const REPLACED = new Map<string, string>(
  (
    [
      ['“”„‟«»″', '"'],
      ['‘’‚‛‹›´`′', "'"],
      ['‐‑‒–—―−•·‣◦', '-'],
      ['…', '...'],
      ['ª', 'a'],
      ['º°', 'o'],
      ['ł', 'l'],
      ['Ł', 'L'],
      ['đ', 'd'],
      ['Đ', 'D'],
      ['ı', 'i'],
      ['œ', 'oe'],
      ['Œ', 'OE'],
      ['¹', '1'],
      ['²', '2'],
      ['³', '3'],
      ['½', '1/2'],
      ['¼', '1/4'],
      ['¾', '3/4'],
      ['×', 'x'],
      ['±', '+/-'],
      ['®', '(R)'],
      ['©', '(C)'],
      ['™', '(TM)'],
      ['\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u3000', ' '],
      ['\u2028\u2029', '\n'],
      ['\u00ad\u200b\u2060\ufeff', ''],
    ] as const
  ).flatMap(([characters, form]) => [...characters].map((c): [string, string] => [c, form])),
);

/** «Optimizar sin tildes», as the server does it: á → a, “ → ", — → -; characters of GSM-7 (ñ, é, ü, ¿, ¡) stay. */
export function transliterate(text: string): string {
  return [...text.normalize('NFC')]
    .map((c) => (basic.has(c) || extension.has(c) ? c : (REPLACED.get(c) ?? bare(c))))
    .join('');
}

/** The letter without its accent if GSM-7 has it, else the character itself. */
function bare(character: string): string {
  const letter = character.normalize('NFD').replace(/\p{M}/gu, '');
  return [...letter].every((c) => basic.has(c)) ? letter : character;
}
