/** People whose name the server does not have: erased, or not known yet. */
import { t } from './i18n';

/** The author of messages that nobody wrote. */
const SYSTEM = '00000000-0000-0000-0000-000000000000';

/** The same answer, with a text in place of every missing name. */
export function named<T>(answer: T): T {
  if (Array.isArray(answer)) return answer.map(named) as T;
  if (answer === null || typeof answer !== 'object') return answer;
  const copy = Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, named(value)]));
  if ('id' in copy && copy.name === null) copy.name = t(copy.id === SYSTEM ? 'person.system' : 'person.unknown');
  return copy as T;
}
