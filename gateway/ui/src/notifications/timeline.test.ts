/** Rules of a delivery's timeline: it says why, and when there is another attempt. */
import { render } from 'lit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Attempt, Delivery } from '../contract';
import { t } from '../i18n';
import { STATES } from '../ui/segmented-bar';
import { againWords, statePill, timeline } from './timeline';

const deferred = (until: string): Attempt => ({
  at: '2026-11-25T14:00:00',
  provider: 'uno',
  outcome: 'deferred',
  class: 'transient',
  phase: null,
  code: null,
  observed: 'no_answer',
  detail: null,
  reference: null,
  until,
});
const delivery = (state: Delivery['state'], ...attempts: Attempt[]): Delivery => ({
  id: 'd',
  notification_id: 'n',
  company_id: 'c',
  client: { id: 'k', name: 'Marta' },
  contact: null,
  to: null,
  state,
  discarded: false,
  attempts,
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(new Date('2026-11-25T14:01:00'));
});
afterEach(() => vi.useRealTimers());

describe('a deferred delivery', () => {
  it('says why, and at which hour it is tried again', () => {
    const shown = document.createElement('div');
    render(timeline(delivery('deferred', deferred('2026-11-25T14:53:00'))), shown);
    expect(shown.textContent).toContain('El proveedor no respondió a tiempo');
    expect(shown.textContent).toContain('Se reintenta a las 14:53');
  });
  it('says the day too when that is not today', () => {
    const tried = deferred('2026-11-26T00:10:00');
    expect(againWords(delivery('deferred', tried), tried)).toBe('Se reintenta el 26 nov, 00:10');
  });
  it('says of no attempt but the last that another is to come, and of none once it is over', () => {
    const [first, last] = [deferred('2026-11-25T14:02:00'), deferred('2026-11-25T14:53:00')];
    expect(againWords(delivery('deferred', first, last), first)).toBe('');
    expect(againWords(delivery('cancelled', last), last)).toBe('');
  });
});

it('a state has the colour of its segment in the bar, which no other has', () => {
  for (const state of STATES) {
    const shown = document.createElement('div');
    render(statePill(state), shown);
    const pill = shown.querySelector<HTMLElement>('.pill');
    expect(pill?.style.getPropertyValue('--state')).toBe(`var(--state-${state})`);
  }
});

it('a doubt that a person ended says the reason, whatever the decision', () => {
  for (const outcome of ['accepted', 'delivered', 'failed']) {
    const shown = document.createElement('div');
    const detail = 'El panel del proveedor lo muestra';
    const observed = outcome === 'failed' ? 'found_unsent' : null;
    const ended = { ...deferred(''), outcome, class: null, observed, detail, until: null };
    render(timeline(delivery('accepted', ended)), shown);
    expect(shown.textContent, outcome).toContain(detail);
  }
});

it('a suppressed delivery says the reason', () => {
  const shown = document.createElement('div');
  const suppressed = { ...deferred(''), outcome: 'suppressed', class: 'erased', observed: null, until: null };
  render(timeline(delivery('suppressed', suppressed)), shown);
  expect(shown.textContent).toContain('Los datos de la persona se borraron');
});

it('a provider that left the message to another is shown before it, with its code and why', () => {
  const shown = document.createElement('div');
  const refused = {
    ...deferred(''),
    outcome: 'passed_on',
    class: 'throttled',
    code: '429',
    observed: null,
    until: null,
  };
  const taken = { ...refused, provider: 'dos', outcome: 'accepted', class: null, code: null, reference: 'SM1' };
  render(timeline(delivery('accepted', refused, taken)), shown);
  const [first, second] = [...shown.querySelectorAll('li')].map(({ textContent }) => textContent ?? '');
  expect(first).toContain('Pasado a otro proveedor');
  for (const words of ['uno', '429', t('class.throttled')]) expect(first).toContain(words);
  for (const words of ['Enviado', 'dos', 'SM1']) expect(second).toContain(words);
});
