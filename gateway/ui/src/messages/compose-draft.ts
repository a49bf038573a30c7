/** The draft of «Crear mensaje»: kept, sealed, until it is sent. */
import { SealedDraft } from '../store/sealed-draft';
import type { Memory, Unanswered } from '../store/submission';
import type { Choice } from './recipients';

export interface Composed {
  chosen: Choice[];
  body: string;
  high: boolean;
  acknowledge: boolean;
}
interface ComposeDraft {
  written: Composed;
  /** A send whose answer was lost: the same text sent again has the same key, also after a crash. */
  unanswered: Unanswered | null;
}

export const EMPTY: Composed = { chosen: [], body: '', high: false, acknowledge: false };

export const isSame = (one: Composed, other: Composed): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Chosen options alone are nothing that was written. */
export const isEmpty = ({ chosen, body }: Composed): boolean => chosen.length === 0 && !body.trim();

export const composeDraft = new SealedDraft<ComposeDraft>(
  'compose',
  { written: EMPTY, unanswered: null },
  {
    pack: (draft) => (isEmpty(draft.written) && !draft.unanswered ? null : draft),
    unpack: (kept) => kept,
  },
);

export const composeMemory: Memory = {
  recall: () => composeDraft.get().unanswered,
  keep: (unanswered) => composeDraft.update((now) => ({ ...now, unanswered })),
};
