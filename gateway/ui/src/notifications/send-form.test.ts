/** Rules of the form of a notification. */
import { describe, expect, it } from 'vitest';
import { companies } from '../store/session';
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
  it('means its times by the clock of the company', () => {
    companies.set([
      { id: 'c1', name: 'Vigía', country: 'CL', time_zone: 'America/Santiago', limits: { approval_above: null } },
    ]);
    const timed = requestOf({ ...form, schedule: '2026-12-01T09:30', expires: '2026-12-01T18:00' });
    expect(timed).toMatchObject({ schedule_at: '2026-12-01T12:30:00.000Z', expires_at: '2026-12-01T21:00:00.000Z' });
    expect(requestOf(form)).not.toHaveProperty('schedule_at');
    expect(requestOf(form)).toMatchObject({ hold_seconds: 30 });
    expect(previewOf({ ...form, schedule: '2020-01-01T00:00' })).not.toHaveProperty('schedule_at');
  });
  it('refuses a time that is past and an expiry before the beginning', () => {
    const now = Date.parse('2026-12-01T12:00:00Z');
    expect(missingIn({ ...form, schedule: '2026-12-01T08:59' }, now)).toHaveProperty('schedule');
    expect(missingIn({ ...form, schedule: '2026-12-01T09:01' }, now)).toEqual({});
    expect(missingIn({ ...form, expires: '2026-12-01T09:00' }, now)).toHaveProperty('expires');
    const both = { ...form, schedule: '2026-12-01T10:00', expires: '2026-12-01T10:00' };
    expect(Object.keys(missingIn(both, now))).toEqual(['expires']);
  });
  it('puts the server errors by their field', () => {
    expect(errorsFrom({ company_id: 'a', recipient_kind: 'b', unknown: 'c' })).toEqual({
      company: 'a',
      recipientKind: 'b',
    });
  });
});
