/** The draft of «Enviar Notificaciones Clientes»: kept, sealed, until it is sent. */
import { SealedDraft } from '../store/sealed-draft';
import { EMPTY_FORM, type SendForm } from './send-form';

/** A form with nothing but choices is nothing that was written. */
const isWritten = ({ body, subject, template, clients }: SendForm): boolean =>
  Boolean(body.trim() || subject.trim() || template || clients.trim());

export const sendDraft = new SealedDraft<SendForm>('send', EMPTY_FORM, {
  pack: (form) => (isWritten(form) ? form : null),
  // Fields that the form has got since are empty.
  unpack: (kept) => ({ ...EMPTY_FORM, ...kept }),
});
