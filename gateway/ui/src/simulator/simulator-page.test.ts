/** Rules of showing messages as phones. */
import { describe, expect, it } from 'vitest';
import type { SimulatedMessage } from '../contract';
import { byPhone } from './simulator-page';

const sms = (id: string, to: string): SimulatedMessage => ({
  id,
  to,
  channel: 'sms',
  from: 'x',
  subject: null,
  body: '',
  unsubscribe: null,
  received_at: '',
  outcome: 'accepted',
  code: null,
});

describe('phones', () => {
  it('come by their newest message, and show the oldest first', () => {
    const phones = byPhone([sms('4', 'b'), sms('3', 'a'), sms('2', 'b'), sms('1', 'a')]);
    expect(phones.map(([to, all]) => [to, all.map((one) => one.id)])).toEqual([
      ['b', ['2', '4']],
      ['a', ['1', '3']],
    ]);
  });
});
