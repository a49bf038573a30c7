/** The draft of «Enviar Notificaciones Clientes»: kept while other pages are open, deleted with the session. */
import { session } from '../store/session';
import { Store } from '../store/store';
import { EMPTY_FORM, type SendForm } from './send-form';

export const sendDraft = new Store<SendForm>(EMPTY_FORM);

session.watch(({ status }) => {
  if (status !== 'in') sendDraft.set(EMPTY_FORM);
});
