/** The rules of the simulator's addresses; a test compares them with its own table. */
import type { Channel } from '../contract';
import type { Key } from '../i18n/es';

export interface SimulatorRule {
  channel: Channel;
  /** The local part of an e-mail address, or the ending of a number. */
  pattern: string;
  /** The code of its refusal, as a provider gives it. */
  code: string;
  does: Key;
}

const rule = (channel: Channel, pattern: string, does: Key, code = ''): SimulatorRule => ({
  channel,
  pattern,
  code,
  does,
});

export const RULES: SimulatorRule[] = [
  rule('email', 'rebota', 'simulator.rule.rebota', '550 5.1.1'),
  rule('email', 'ocupado', 'simulator.rule.ocupado', '451 4.3.2'),
  rule('email', 'gris', 'simulator.rule.gris', '451 4.7.1'),
  rule('email', 'lleno', 'simulator.rule.lleno', '452 4.2.2'),
  rule('email', 'spam', 'simulator.rule.spam', '554 5.6.0'),
  rule('email', 'lento', 'simulator.rule.lento'),
  rule('email', 'corta', 'simulator.rule.corta'),
  rule('email', 'pierde', 'simulator.rule.pierde'),
  rule('sms', '0001', 'simulator.rule.0001', '21211'),
  rule('sms', '0002', 'simulator.rule.0002', '20429'),
  rule('sms', '0003', 'simulator.rule.0003'),
  rule('sms', '0004', 'simulator.rule.0004'),
  rule('sms', '0005', 'simulator.rule.0005', '21610'),
  rule('sms', '0006', 'simulator.rule.0006'),
  rule('sms', '0007', 'simulator.rule.0007', '30003'),
  rule('sms', '0008', 'simulator.rule.0008', '30005'),
  rule('sms', '0009', 'simulator.rule.0009', '30006'),
];
