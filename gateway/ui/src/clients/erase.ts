/** Erases a client after the user has confirmed it. */
import { eraseClient } from '../api';
import type { Client } from '../contract';
import { t } from '../i18n';
import { sentence } from '../problem';
import { toast, toastFailure } from '../store/toasts';
import { confirmed } from '../ui/confirm-dialog';

/** Whether the client was erased; a failure is told to the user. */
export async function eraseOnceConfirmed({ id, name }: Client): Promise<boolean> {
  const agreed = await confirmed({
    heading: t('clients.erase_heading', { name }),
    text: t('clients.erase_text'),
    action: t('clients.erase_action'),
    danger: true,
  });
  if (!agreed) return false;
  try {
    await eraseClient(id);
    toast({ text: t('clients.erased') });
    return true;
  } catch (error) {
    toastFailure(sentence(error));
    return false;
  }
}
