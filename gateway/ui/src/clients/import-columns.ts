/** What a column of a company's own file means, guessed by its header, and what a mapping lacks. */
import { plain } from '../i18n';

/** The columns of the import's own file. */
export const OURS = ['external_id', 'name', 'kind', 'contact_name', 'phone', 'email'] as const;
/** `row_…`: of the contact that the row is about, whose kind the row says. */
export const MEANINGS = [
  'skip',
  'own',
  'external_id',
  'name',
  'holder_phone',
  'holder_email',
  'emergency_contact_name',
  'emergency_contact_phone',
  'emergency_contact_email',
  'authorized_user_name',
  'authorized_user_phone',
  'authorized_user_email',
  'row_kind',
  'row_name',
  'row_phone',
  'row_email',
] as const;
export type Meaning = (typeof MEANINGS)[number];
/** What is wrong with a mapping. */
export type MappingFault = 'no_code' | 'no_name' | 'twice' | 'no_contact_name' | 'no_kind';

/** The most columns of its own that a client may have. */
const OWN_MAX = 20;
const CODE =
  /^(external id|codigo( de(l)? cliente)?|cod( cliente)?|cuenta|no cuenta|numero de cuenta|abonado|n abonado|id( cliente)?|client code|account|conta|codigo do cliente)$/;
const NAME =
  /^(name|nombre(s)?( completo)?( del cliente| cliente)?|cliente|razon social|titular|nome( completo)?|client( name)?)$/;
const CONTACT_NAME = /^(contact name|nombre (del )?contacto|contacto|nome do contato|contato)$/;
const KIND = /^(kind|tipo( de contacto)?|tipo contacto|parentesco|tipo de contato)$/;
const PHONE = /(^| )(phone|telefono|tel|celular|movil|cel|whatsapp|telefone|mobile|fone)( |$)/;
const EMAIL = /(^| )(email|e mail|correo|mail)( |$)/;
const EMERGENCY = /(^| )(emergencia|emergency|emerg)( |$)/;
const AUTHORIZED = /(^| )(autorizado|authorized|authorised)( |$)/;
const REASON = /^(reason|motivo)$/;

const words = (header: string): string =>
  plain(header)
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();

/** Whether the server knows the file as it is. */
export function isOurs(headers: string[]): boolean {
  const known = headers.map((header) => words(header).replaceAll(' ', '_'));
  return OURS.every((column) => known.includes(column));
}

/** A guess for each column; one that the guess does not know stays with the client as its own, as in a file of ours. */
export function guessed(headers: string[]): Meaning[] {
  const named = headers.map(words);
  const hasKind = named.some((one) => KIND.test(one));
  const taken = new Set<Meaning>();
  let own = 0;
  return named.map((header) => {
    const meaning = guess(header, hasKind);
    const isOnce = !/phone|email/.test(meaning);
    if (meaning !== 'own' && meaning !== 'skip' && !(isOnce && taken.has(meaning))) {
      taken.add(meaning);
      return meaning;
    }
    return header && meaning !== 'skip' && own++ < OWN_MAX ? 'own' : 'skip';
  });
}

function guess(header: string, hasKind: boolean): Meaning {
  if (!header || REASON.test(header)) return 'skip';
  if (CODE.test(header)) return 'external_id';
  if (NAME.test(header)) return 'name';
  if (KIND.test(header)) return 'row_kind';
  const of = EMERGENCY.test(header) ? 'emergency_contact' : AUTHORIZED.test(header) ? 'authorized_user' : '';
  if (EMAIL.test(header)) return of ? `${of}_email` : hasKind ? 'row_email' : 'holder_email';
  if (PHONE.test(header)) return of ? `${of}_phone` : hasKind ? 'row_phone' : 'holder_phone';
  if (of) return `${of}_name`;
  return hasKind && CONTACT_NAME.test(header) ? 'row_name' : 'own';
}

/** The first thing that a mapping lacks; null when the file can be read by it. */
export function faultOf(meanings: readonly Meaning[]): MappingFault | null {
  const has = (one: Meaning) => meanings.includes(one);
  const times = (one: Meaning) => meanings.filter((meaning) => meaning === one).length;
  if (!has('external_id')) return 'no_code';
  if (!has('name')) return 'no_name';
  if ((['external_id', 'name', 'row_kind'] as const).some((one) => times(one) > 1)) return 'twice';
  const isUnnamed = (['emergency_contact', 'authorized_user'] as const).some(
    (kind) => (has(`${kind}_phone`) || has(`${kind}_email`)) && !has(`${kind}_name`),
  );
  if (isUnnamed) return 'no_contact_name';
  const ofRow = has('row_name') || has('row_phone') || has('row_email');
  return ofRow && !has('row_kind') ? 'no_kind' : null;
}
