/** To whom a message went, in one line: «usted, Marta y 9 más». */
import type { Addressed } from '../contract';
import { list, t } from '../i18n';
import { me } from '../store/session';

/** The reader is «usted», and comes first. */
export function toWhom({ to, recipient_count }: Addressed): string {
  const mine = (id: string) => id === me()?.id;
  const first = [...to].sort((a, b) => Number(mine(b.id)) - Number(mine(a.id)));
  const names = first.map(({ id, name }) => (mine(id) ? t('to.you') : name));
  const rest = recipient_count - to.length;
  return list(rest > 0 ? [...names, t('to.more', { n: rest })] : names);
}
