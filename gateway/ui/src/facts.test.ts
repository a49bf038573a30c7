/** Rules of how an event is put into words. */
import { beforeEach, describe, expect, it } from 'vitest';
import { NO_LIMITS } from './companies/limits';
import { factsOf, lineOf } from './facts';
import { companies } from './store/session';

beforeEach(() => {
  companies.set([
    {
      id: '0192a000-0000-7000-8000-000000000002',
      name: 'Custodia Caribe',
      country: 'VE',
      time_zone: '',
      limits: NO_LIMITS,
    },
  ]);
});

describe('an event in words', () => {
  it('names what it knows in Spanish and leaves ids out', () => {
    const summary = { recipients: 12, priority: 'high', in_reply_to: '01a2132d-468d-7164-aba2-d87590d6d71c' };
    expect(lineOf(summary)).toBe('destinatarios: 12 · prioridad: alta');
  });
  it('reads moments as dates', () => {
    expect(lineOf({ until: '2026-11-25T14:53:25.314649078Z' })).toMatch(/^se reintenta: 25 de noviembre de 2026/);
  });
  it('has a word for every class of failure', () => {
    const classes = ['transient', 'throttled', 'permanent_address', 'permanent_content', 'policy_reputation'];
    for (const one of [...classes, 'config_auth', 'expired', 'unknown'])
      expect(lineOf({ class: one })).not.toContain(one);
  });
  it('says what the words of a cause mean, and leaves what a provider said as it is', () => {
    expect(lineOf({ phase: 'rcpt', observed: 'closed' })).toBe(
      'en qué paso: al dar el destinatario · qué se observó: El proveedor cerró la conexión',
    );
    expect(lineOf({ code: '550 5.1.1', detail: 'normal' })).toBe('código: 550 5.1.1 · detalle: normal');
  });
  it('shows a word of a cause that it does not know', () => {
    expect(lineOf({ observed: 'eclipse' })).toBe('qué se observó: eclipse');
  });
  it('counts the outcomes of many, each with its cause', () => {
    const refused = { outcome: 'failed', n: 3, class: 'permanent_address', code: '550 5.1.1', provider: 'principal' };
    const late = { outcome: 'deferred', n: 1, class: 'transient', observed: 'no_answer' };
    const outcomes = [{ outcome: 'accepted', n: 1_240, provider: 'principal' }, refused, late];
    expect(lineOf({ generation: 1, outcomes })).toBe(
      'resultados: 1.240 enviados (principal), 3 fallidos (La dirección o el número no existe, 550 5.1.1, principal), ' +
        '1 aplazado (Falla pasajera del proveedor, El proveedor no respondió a tiempo)',
    );
  });
  it('says what was found out about doubts', () => {
    expect(lineOf({ resolution: 'not_sent', n: 3 })).toBe('qué se verificó: no se envió · envíos: 3');
  });
  it('counts outcomes by a word that it does not know', () => {
    expect(lineOf({ outcomes: [{ outcome: 'eclipsed', n: 2 }] })).toBe('resultados: 2 eclipsed');
  });
  it('tells how a notification ended without what there is none of', () => {
    const totals = { accepted: 74, delivered: 0, failed: 1, suppressed: 0, in_doubt: 0, cancelled: 0 };
    expect(lineOf({ generation: 2, totals })).toBe('generación: 2 · enviados: 74 · fallido: 1');
  });
  it('says which clients were asked for and how an SMS is sent, in the audit and in the history', () => {
    const filter = { locale: 'es-CO', time_zone: null, clients: { ids: ['a', 'b'], unknown: 1 } };
    const sms = { transliterate: true, segments_max: 2 };
    const words = 'idioma: es-CO · clientes de la lista: 2 · sin tildes: sí · máximo de segmentos: 2';
    expect(lineOf({ filter, sms })).toBe(words);
    expect(lineOf({ filter: { clients: 2 } })).toBe('clientes de la lista: 2');
    expect(lineOf({ filter: { locale: null }, sms: { transliterate: false, segments_max: null } })).toBe('');
  });
  it('marks a text of which only the beginning is told', () => {
    expect(factsOf({ body: 'Mañana', truncated: true })).toEqual([
      { name: 'body', label: 'mensaje', words: 'Mañana…' },
    ]);
    expect(lineOf({ body: 'Mañana' })).toBe('mensaje: Mañana');
  });
  it('calls companies by their names', () => {
    expect(lineOf({ company: '0192a000-0000-7000-8000-000000000002' })).toBe('empresa: Custodia Caribe');
  });
  it('does not translate what a person wrote', () => {
    expect(lineOf({ body: 'normal' })).toBe('mensaje: normal');
  });
  it('says what was erased and what is hidden from this reader', () => {
    expect(lineOf({ body: { erased: true }, subject: { masked: true } })).toBe('asunto: oculto · mensaje: borrado');
  });
  it('tells of the totals only what there is', () => {
    const state = { state: 'completed', totals: { total: 75, accepted: 74, failed: 1, pending: 0 } };
    expect(lineOf(state)).toBe('estado: finalizada · total: 75 · enviados: 74 · fallido: 1');
  });
  it('sets the audience beside the rest of a state', () => {
    const state = {
      state: 'resolved',
      generation: 1,
      audience: { resolved: 80, total: 80, excluded: { no_phone: 2 } },
    };
    expect(factsOf(state).map(({ label, words }) => [label, words])).toEqual([
      ['estado', 'audiencia cerrada'],
      ['encontrados', '80'],
      ['total', '80'],
      ['quedan fuera', 'Sin teléfono 2'],
    ]);
  });
});
