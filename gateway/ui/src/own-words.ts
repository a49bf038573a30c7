/** What the program itself says of a send, in the reader's language. What a provider said stays as it is. */
import { t } from './i18n';
import type { Key } from './i18n/es';

/** The dispatcher's codes for what no provider named. */
const CODES: Record<string, Key> = {
  connect: 'code.connect',
  tls: 'code.tls',
  config: 'code.config',
  closed: 'code.closed',
  timeout: 'code.timeout',
  protocol: 'code.protocol',
  content: 'code.content',
  expired: 'class.expired',
};

/** Where in the dialogue with a mail server something happened. */
const PHASES: Record<string, Key> = {
  connecting: 'phase.connect',
  'the greeting': 'phase.greeting',
  authentication: 'phase.auth',
  MAIL: 'phase.mail',
  RCPT: 'phase.rcpt',
  DATA: 'phase.data',
  'the end of the message': 'phase.end',
};

/** The dispatcher's sentences; what was seen last of a send in doubt ends with its code. */
const SENTENCES: [RegExp, Key][] = [
  [/^the dispatcher stopped before the provider's answer$/, 'said.stopped'],
  [/^the provider did not answer \(timeout\)$/, 'code.timeout'],
  [/^the provider did not answer \(closed\)$/, 'code.closed'],
  [
    /^an answer that says neither that there is a message nor that it was refused \(http (?<status>\d+)\)$/,
    'said.unclear',
  ],
  [/^the request cannot be built$/, 'said.no_request'],
  [/^no connection to the provider$/, 'code.connect'],
  [/^the connection failed at (?<phase>.+?)(?: \(\w+\))?$/, 'said.connection_failed'],
  [/^no answer in time at (?<phase>.+?)(?: \(\w+\))?$/, 'said.too_slow'],
  [/^an unexpected (?<status>\d+) at (?<phase>.+?)(?: \(\w+\))?$/, 'said.unexpected'],
  [/^the server ended the connection$/, 'code.closed'],
  [/^the server cannot take this address \(SMTPUTF8\)$/, 'said.international'],
  [/^not an e-mail address$/, 'said.no_address'],
  [/^the mail (?:cannot be built|is not text)$/, 'code.content'],
  [/^the (?:subject|recipient's name|body) has a (?:line break|carriage return) or NUL$/, 'said.control'],
  [/^the notification's content cannot be read$/, 'said.unreadable'],
  [/^the server did not speak SMTP at (?<phase>.+?)(?: \(\w+\))?$/, 'said.not_smtp'],
  [/^the server did not end its reply at (?<phase>.+?)(?: \(\w+\))?$/, 'said.endless'],
  [/^the server said something that was not asked at (?<phase>.+?)(?: \(\w+\))?$/, 'said.unasked'],
  [/^the server's words repeat what it was told$/, 'said.repeats'],
  [/^the server offers no log-in that we know /, 'said.no_login'],
  [/^something was said in clear after STARTTLS: /, 'said.in_between'],
  [/^this machine's certificates cannot be read: /, 'said.certificates'],
  [/^the host in url is no name for TLS$/, 'said.host'],
  [/^the server offers no TLS, and a password is not sent in clear over a network: /, 'said.no_tls'],
  [/^the server offers no TLS, and nothing is to be sent to it without: /, 'said.tls_required'],
  [/^the server offered TLS before and offers none now: /, 'said.tls_gone'],
  [/^the server's certificate comes from no authority that is trusted: /, 'said.untrusted'],
  [/^the server's certificate is for another name than the host in url: /, 'said.other_name'],
  [/^the server's certificate has expired: /, 'said.expired'],
  [/^the server's certificate .+: add it there /, 'said.unpinned'],
  [/^the server's certificate cannot be used: /, 'said.bad_certificate'],
  [/^TLS (?:cannot be agreed|failed): /, 'said.tls_failed'],
  [/^the name has no address$/, 'said.no_host'],
  [/^the time to send it was over$/, 'class.expired'],
];

/** What a code of the program's own means; nothing for a provider's. */
export function ownCode(code: string): string | null {
  const key = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  return key ? t(key) : null;
}

/** A detail as it is shown. */
export function detailWords(detail: string): string {
  for (const [pattern, key] of SENTENCES) {
    const found = pattern.exec(detail);
    if (found) return t(key, { ...found.groups, phase: phaseWords(found.groups?.phase ?? '') });
  }
  return detail;
}

function phaseWords(phase: string): string {
  const key = Object.hasOwn(PHASES, phase) ? PHASES[phase] : undefined;
  return key ? t(key) : phase;
}
