/** Shows a change before the server has accepted it, and visibly reverts it after a refusal. */
import { sentence } from '../problem';
import { toastFailure } from './toasts';

interface Change<T> {
  apply(): void;
  commit(): Promise<T>;
  rollback(): void;
  /** The beginning of the notice when it fails: «No se pudo eliminar». */
  failure: string;
}

/** True once the server has agreed. */
export async function optimistic<T>(change: Change<T>): Promise<boolean> {
  change.apply();
  try {
    await change.commit();
    return true;
  } catch (error) {
    change.rollback();
    toastFailure(`${change.failure}. ${sentence(error)}`);
    return false;
  }
}
