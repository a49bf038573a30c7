/** The program's own words reach the screen in the reader's language: all that the dispatcher can say is known here. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { detailWords, ownCode } from './own-words';

/** A source of the dispatcher without its tests. */
const rust = (path: string): string =>
  (readFileSync(`../../dispatcher/src/${path}`, 'utf8').split('#[cfg(test)]')[0] as string).replace(/\\\n\s*/g, '');
const found = (source: string, pattern: RegExp): string[] => [...source.matchAll(pattern)].map((one) => one[1] ?? '');

const SPOKEN = [
  'provider/sms/mod.rs',
  'provider/sms/answer.rs',
  'provider/email/reply.rs',
  'provider/email/auth.rs',
  'provider/email/connection.rs',
  'provider/email/opening.rs',
  'provider/email/message.rs',
  'provider/email/stream.rs',
  'queue/owners.rs',
  'queue/withdraw.rs',
  'worker/send.rs',
];
/** A sentence of ours as it is given to a failure or a doubt. */
const SENTENCE =
  /(?:Failure::new\([^");]*|impossible\((?:&format!\()?|reply::refused\(Phase::Auth, reply\.code, |unprotected\(\s*(?:&format!\()?|NotFound, |(?:text|detail)(?: =|:) (?:&?format!\()?)"([^"]+)"/g;
/** What goes wrong with TLS is said with what to do about it, and what breaks a dialogue with where it did. */
const TLS = /(?:\(\s*|format!\()"((?:the server's certificate|TLS) [^"]+)"/g;
const BROKEN = /transient\(code::\w+, "([^"]+)"/g;
/** A doubt's sentence ends with its code. */
const DOUBTS: Record<string, string> = {
  'the provider did not answer': ' (closed)',
  'an answer that says neither that there is a message nor that it was refused': ' (http 502)',
};
const phases = found(rust('provider/email/reply.rs'), /Self::\w+ => "([^"]+)"/g);
const said = (sentence: string): string =>
  sentence
    .replace('{status}', '299')
    .replace('{what}', 'the subject')
    .replace('{}', phases[0] as string) + (DOUBTS[sentence] ?? '');

describe('what the dispatcher says', () => {
  it('as a code has words', () => {
    const codes = found(rust('provider/failure.rs'), /pub const \w+: &str = "(\w+)"/g);
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => ownCode(code) === null)).toEqual([]);
  });
  it('as a sentence has words', () => {
    const ofTls = found(rust('provider/email/stream.rs'), TLS).map((what) => `${what}: add it there if needed`);
    const broken = found(rust('provider/email/reply.rs'), BROKEN).map((what) => `${what} at {}`);
    const plain = SPOKEN.flatMap((path) => found(rust(path), SENTENCE)).filter(
      (sentence) => sentence !== '{what} at {}',
    );
    expect([ofTls.length, broken.length]).toEqual([6, 4]);
    const sentences = [...plain, ...ofTls, ...broken];
    expect(sentences.length).toBeGreaterThan(15);
    expect(sentences.filter((sentence) => detailWords(said(sentence)) === said(sentence))).toEqual([]);
  });
  it('names every phase of a dialogue in words', () => {
    expect(phases.length).toBeGreaterThan(5);
    for (const phase of phases) expect(detailWords(`no answer in time at ${phase} (timeout)`)).not.toContain(phase);
  });
  it('keeps its numbers', () => {
    expect(detailWords(said('an answer that says neither that there is a message nor that it was refused'))).toBe(
      'La respuesta del proveedor no dice ni que tomó el mensaje ni que lo rechazó (HTTP 502)',
    );
  });
});

it('what a provider said stays as it is', () => {
  expect(detailWords('5.1.1 No such user here')).toBe('5.1.1 No such user here');
  expect(ownCode('550 5.1.1')).toBeNull();
  expect(ownCode('constructor')).toBeNull();
});
