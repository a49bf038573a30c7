/** Rules of the sentences about the causes of deliveries' states. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Attempt, FailureCause } from '../contract';
import { en } from '../i18n/en';
import { es } from '../i18n/es';
import { causeOf, causesOf, remarksOf } from './causes';

const attempt = (some: Partial<Attempt>): Attempt => ({
  at: '',
  provider: 'p',
  outcome: 'failed',
  class: null,
  phase: null,
  code: null,
  observed: null,
  detail: null,
  reference: null,
  until: null,
  ...some,
});
const cause = (outcome: string, some: Partial<FailureCause>): FailureCause => ({
  outcome,
  class: '',
  phase: '',
  code: '',
  observed: '',
  count: 1,
  ...some,
});

describe('the cause of an attempt', () => {
  it('comes from the class, whatever the code', () => {
    const of = (code: string, failure: string, some: Partial<Attempt> = {}) =>
      causeOf(attempt({ code, class: failure, phase: 'rcpt', ...some }));
    const blacklisted = '550 Your IP is blacklisted';
    expect(of('550', 'unknown', { detail: blacklisted })).toBe(blacklisted);
    expect(of('550', 'unknown')).toBe('Causa desconocida (al dar el destinatario)');
    expect(of('550 5.4.5', 'throttled')).toBe('El proveedor pidió ir más despacio');
    expect(of('550 5.7.1', 'policy_reputation')).toBe('El destino rechazó el mensaje o al remitente');
    expect(of('550 5.1.1', 'permanent_address')).toBe('La dirección o el número no existe');
    expect(of('552', 'transient')).toBe('Falla pasajera del proveedor');
    expect(of('552 5.2.2', 'transient', { observed: 'mailbox_full' })).toBe(
      'El buzón está lleno (al dar el destinatario)',
    );
    expect(of('552 5.3.4', 'permanent_content')).toBe('El contenido fue rechazado');
    expect(of('550 5.1.8', 'config_auth')).toBe('El proveedor rechazó nuestras credenciales o nuestra configuración');
  });
  it('of an SMS comes from the class too, and from what the code says beyond it', () => {
    const of = (code: string, failure: string, observed: string | null = null) =>
      causeOf(attempt({ code, class: failure, phase: 'http', observed }));
    expect(of('21211', 'permanent_address')).toBe('La dirección o el número no existe');
    expect(of('21211', 'config_auth')).toBe('El proveedor rechazó nuestras credenciales o nuestra configuración');
    expect(of('30003', 'transient', 'phone_unreachable')).toBe(
      'El teléfono estaba apagado o sin cobertura (en la solicitud HTTP)',
    );
    expect(of('30007', 'policy_reputation', 'carrier_blocked')).toMatch(/^El operador bloqueó el mensaje/);
    expect(of('21408', 'policy_reputation')).toBe('El destino rechazó el mensaje o al remitente');
  });
  it('that is not known is the text of the provider', () => {
    expect(causeOf(attempt({ code: '999', detail: 'strange' }))).toBe('strange');
    expect(causeOf(attempt({}))).toBe('Causa desconocida');
  });
  it('in doubt is that nobody knows, and what was seen last stands beside in words', () => {
    const doubt = attempt({ outcome: 'in_doubt', phase: 'reply', observed: 'closed' });
    expect(causeOf(doubt)).toBe('No se sabe si llegó');
    expect(remarksOf(doubt)).toEqual(['p', 'El proveedor cerró la conexión (al terminar el texto)']);
  });
  it('of a person who must not be told is the reason', () => {
    const erased = attempt({ outcome: 'suppressed', provider: null, class: 'erased' });
    expect([causeOf(erased), remarksOf(erased)]).toEqual(['Los datos de la persona se borraron', []]);
  });
  it('that our side has seen is said once, with where it was seen', () => {
    const away = attempt({ class: 'transient', phase: 'connect', observed: 'unreachable', detail: 'os error 111' });
    expect(causeOf(away)).toBe('No hubo conexión con el proveedor (al conectar)');
    expect(remarksOf(away)).toEqual(['p', 'os error 111']);
  });
  it('of a word that is not known here is the word itself', () => {
    expect(causeOf(attempt({ phase: 'orbit', observed: 'eclipse' }))).toBe('eclipse (orbit)');
    expect(causeOf(attempt({ class: 'brand_new' }))).toBe('brand_new');
    expect(causeOf(attempt({ class: 'brand_new', detail: '5.9.9 No' }))).toBe('brand_new: 5.9.9 No');
  });
  it('keeps what the provider said as it is', () => {
    const refused = attempt({
      class: 'permanent_address',
      code: '550 5.1.1',
      detail: '5.1.1 No such user',
      reference: 'r',
    });
    expect(remarksOf(refused)).toEqual(['p', '550 5.1.1', '5.1.1 No such user', 'r']);
  });
});

describe('causes', () => {
  it('come most frequent first, each in its words', () => {
    expect(
      causesOf([
        cause('failed', { class: 'permanent_address', code: '21211', count: 1 }),
        cause('failed', { class: 'policy_reputation', observed: 'carrier_blocked', code: '30007', count: 2 }),
      ]),
    ).toMatchObject([
      {
        outcome: 'failed',
        causes: [
          { code: '30007', words: 'El operador bloqueó el mensaje', count: 2 },
          { code: '21211', words: 'La dirección o el número no existe', count: 1 },
        ],
      },
    ]);
  });
  it('of what did not fail are not among the failures', () => {
    const mixed = causesOf([
      cause('deferred', { class: 'transient', observed: 'no_answer', count: 9 }),
      cause('suppressed', { class: 'erased', count: 4 }),
      cause('failed', { class: 'permanent_address', count: 2 }),
      cause('in_doubt', { count: 3 }),
      cause('accepted', { count: 50 }),
    ]);
    expect(
      mixed.map(({ outcome, causes }) => [outcome, causes.map(({ words, count }) => `${words} ${count}`)]),
    ).toEqual([
      ['failed', ['La dirección o el número no existe 2']],
      ['in_doubt', [expect.stringMatching(/^No se sabe si llegó: .*Abra cada destinatario.* 3$/)]],
      ['deferred', ['El proveedor no respondió a tiempo 9']],
      ['suppressed', ['Los datos de la persona se borraron 4']],
    ]);
  });
});

describe('the words of events', () => {
  const rust = readFileSync('../../domain/src/deliveries/cause.rs', 'utf8');
  const wordsOf = (name: string): string[] => {
    const list = new RegExp(`\\n    ${name} \\{([^}]*)\\}`).exec(rust)?.[1] ?? '';
    return [...list.matchAll(/= "(\w+)"/g)].map((one) => one[1] as string);
  };
  it.each([
    ['FailureClass', 'class'],
    ['Phase', 'phase'],
    ['Observation', 'observed'],
    ['SuppressionReason', 'class'],
  ])('of %s have sentences in both languages', (name, key) => {
    const words = wordsOf(name);
    expect(words.length).toBeGreaterThan(1);
    for (const catalogue of [es, en]) expect(words.filter((word) => !(`${key}.${word}` in catalogue))).toEqual([]);
  });
});
