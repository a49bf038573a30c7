/** Rules of the form of a notification. */
import { describe, expect, it } from 'vitest';
import { NO_LIMITS } from '../companies/limits';
import type { Template } from '../contract';
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
    companies.set([{ id: 'c1', name: 'Vigía', country: 'CL', time_zone: 'America/Santiago', limits: NO_LIMITS }]);
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
    expect(errorsFrom({ 'filter.external_ids.3': 'a', segments_max: 'b' })).toEqual({ clients: 'a', segmentsMax: 'b' });
  });
  it('sends a filter and the choices of an SMS only where they are made', () => {
    expect(requestOf(form)).not.toHaveProperty('filter');
    expect(requestOf(form)).not.toHaveProperty('transliterate');
    const chosen = { ...form, locale: 'es-CO', clients: 'A-1\nA-2', transliterate: true, segmentsMax: '2' };
    expect(requestOf(chosen)).toMatchObject({
      filter: { locale: 'es-CO', external_ids: ['A-1', 'A-2'] },
      transliterate: true,
      segments_max: 2,
    });
    expect(requestOf({ ...chosen, channel: 'email' })).not.toHaveProperty('segments_max');
  });
  it('refuses a list of more ids than a request takes', () => {
    const clients = Array.from({ length: 10_001 }, (_, i) => `A-${i}`).join('\n');
    expect(missingIn({ ...form, clients }).clients).toContain('10.000');
  });
  it('sends a template with its variables, in place of subject and text', () => {
    const variables = [
      { name: 'dia', default: null, sample: 'lunes' },
      { name: 'nota', default: 'x', sample: null },
    ];
    const template = { id: 't1', variables } as Template;
    const chosen = { ...form, channel: 'email' as const, template, variables: { dia: '', nota: '', otra: 'y' } };
    expect(missingIn(chosen)).toHaveProperty(['variables.dia']);
    expect(missingIn(chosen)).not.toHaveProperty('subject');
    expect(previewOf(chosen).variables).toEqual({ dia: 'lunes', nota: 'x' });
    const written = requestOf({ ...chosen, variables: { dia: 'martes' } });
    expect(written).toMatchObject({ template_id: 't1', variables: { dia: 'martes' } });
    expect(written).not.toHaveProperty('body');
    expect(errorsFrom({ 'variables.dia': 'a', template_id: 'b' })).toEqual({ 'variables.dia': 'a', template: 'b' });
  });
});
