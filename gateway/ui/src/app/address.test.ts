/** Rules of what the address may ask for. */
import { describe, expect, it } from 'vitest';
import { asText, fromAddress, isDay, isId, isText, TEXT_MAX } from './address';

const says = (search: string) => ({ path: '/', query: new URLSearchParams(search) });

describe('an address', () => {
  it('gives what fits, and nothing else', () => {
    expect(fromAddress('empresa', isId, says('?empresa=0192a000-0000-7000-8000-000000000001'))).toMatch(/^0192a000/);
    for (const junk of ['', '?empresa=', '?empresa=zzz', '?empresa=0192a000'])
      expect(fromAddress('empresa', isId, says(junk))).toBe('');
  });
  it('names days that exist, of years that can be asked for', () => {
    expect(['1970-01-01', '2026-11-30', '2028-02-29', '9998-12-31'].filter(isDay)).toHaveLength(4);
    const none = ['ayer', '2026-02-30', '2026-11-31', '2026-13-01', '1969-12-31', '9999-12-31', '12026-01-01'];
    expect([...none, '-000001-01-01', '+010000-01-01', '2026-1-1', ''].filter(isDay)).toEqual([]);
  });
  it('holds words without control characters, no more than the server reads', () => {
    expect(isText('José Ñáñez')).toBe(true);
    expect([new URLSearchParams('q=%00').get('q') as string, 'a'.repeat(TEXT_MAX + 1)].filter(isText)).toEqual([]);
  });
  it('takes what was pasted from a table', () => {
    expect(asText('Ana\tPérez')).toBe('Ana Pérez');
    expect(isText(asText('Ana\tPérez'))).toBe(true);
  });
});
