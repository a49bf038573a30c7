/** A draft that is kept sealed while it is written, and comes back when its user logs in again. */
import { session } from './session';
import { Store } from './store';
import { beforeClosing, seal, sealedAs, unseal, vault } from './vault';

/** How long typing must pause before the draft is kept, in milliseconds: a crash loses less than this. */
export const KEEP_AFTER_MS = 250;

/** How a draft is kept: `pack` gives what is worth keeping, or null; `unpack` what the page works with. */
export interface Packing<T, P> {
  pack(value: T): P | null;
  unpack(packed: P): T;
}

export class SealedDraft<T, P = T> extends Store<T> {
  private timer?: ReturnType<typeof setTimeout>;
  /** What came back from the vault, while nobody has changed it. */
  private restored: T | null = null;

  constructor(
    private readonly name: string,
    private readonly empty: T,
    private readonly packing: Packing<T, P>,
  ) {
    super(empty);
    this.watch(() => this.keepSoon());
    vault.watch((open) => open && void this.restore());
    // The draft's file may come after the vault was opened.
    if (vault.get()) void this.restore();
    session.watch(({ status }) => status !== 'in' && this.leave());
    beforeClosing(() => this.keep());
    window.addEventListener('storage', (event) => this.followTabs(event));
  }

  /** What is being written already has precedence over what was kept. */
  private async restore(): Promise<void> {
    const kept = await unseal<P>(this.name);
    if (kept === null || !vault.get() || this.packing.pack(this.get()) !== null) return;
    const restored = this.packing.unpack(kept);
    this.set(restored);
    this.restored = restored;
  }

  /** Sent or given up in another tab: the same draft here must not be sent again. */
  private followTabs({ key, newValue }: StorageEvent): void {
    const open = vault.get();
    if (!open || newValue !== null || key !== sealedAs(open.user, this.name)) return;
    if (this.restored && this.get() === this.restored) this.set(this.empty);
  }

  private keepSoon(): void {
    clearTimeout(this.timer);
    if (vault.get()) this.timer = setTimeout(() => void this.keep(), KEEP_AFTER_MS);
  }

  private keep(): Promise<void> {
    clearTimeout(this.timer);
    return seal(this.name, this.packing.pack(this.get()));
  }

  /** The page forgets the draft of a user who has left; the sealed one stays. */
  private leave(): void {
    this.set(this.empty);
    clearTimeout(this.timer);
  }
}
