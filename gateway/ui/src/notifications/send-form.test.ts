/** Rules of the form of a notification. */
import { describe, expect, it } from 'vitest';
import { EMPTY_FORM, errorsFrom, missingIn, previewOf, requestOf } from './send-form';

const form = { ...EMPTY_FORM, company: 'c1', body: 'Hola' };

describe('the form of a notification', () => {
  it('says what is missing by field', () => {
    expect(Object.keys(missingIn(EMPTY_FORM))).toEqual(['company', 'body']);
    expect(Object.keys(missingIn({ ...form, channel: 'email' }))).toEqual(['subject']);
    expect(missingIn(form)).toEqual({});
  });
  it('keeps the subject but sends it only by e-mail', () => {
    const written = { ...form, subject: 'Aviso' };
    expect(requestOf(written)).not.toHaveProperty('subject');
    expect(requestOf({ ...written, channel: 'email' }).subject).toBe('Aviso');
  });
  it('refuses an SMS over its limit, counted in characters', () => {
    expect(missingIn({ ...form, body: '😀'.repeat(1600) })).toEqual({});
    expect(missingIn({ ...form, body: 'a'.repeat(1601) }).body).toContain('1.600');
  });
  it('can be previewed before a word is written', () => {
    expect(previewOf({ ...form, body: ' ', channel: 'email' })).toMatchObject({ body: '-', subject: '-' });
  });
  it('puts the server errors by their field', () => {
    expect(errorsFrom({ company_id: 'a', recipient_kind: 'b', unknown: 'c' })).toEqual({
      company: 'a',
      recipientKind: 'b',
    });
  });
});
