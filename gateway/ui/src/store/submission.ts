/** One idempotency key for one form as it stands: pressing twice, or again after a lost answer, sends once. */
import { Problem } from '../problem';

/** A request whose answer never came: it may have been carried out. */
export interface Unanswered {
  body: string;
  key: string;
}
/** Where an unanswered request outlives the page. */
export interface Memory {
  recall(): Unanswered | null;
  keep(unanswered: Unanswered | null): void;
}

/** Forgets with the page. */
const PAGE: Memory = { recall: () => null, keep: () => undefined };

export class Submission {
  private last: Unanswered;
  private running = false;

  /** `newKey` makes a fresh key; handed in so that tests can know it. */
  constructor(
    private readonly newKey: () => string = () => crypto.randomUUID(),
    private readonly memory: Memory = PAGE,
  ) {
    this.last = memory.recall() ?? { body: '', key: '' };
  }

  get busy(): boolean {
    return this.running;
  }

  /** Runs `send` unless it is already running; a changed body is another submission. */
  async once<B, T>(body: B, send: (body: B, key: string) => Promise<T>): Promise<T | undefined> {
    if (this.running) return undefined;
    this.running = true;
    let repeated = false;
    try {
      const key = this.keyFor(JSON.stringify(body));
      repeated = this.memory.recall()?.key === key;
      this.memory.keep(this.last);
      const answer = await send(body, key);
      this.last = { body: '', key: '' };
      this.memory.keep(null);
      return answer;
    } catch (error) {
      if (isRefused(error, repeated)) this.memory.keep(null);
      throw error;
    } finally {
      this.running = false;
    }
  }

  private keyFor(body: string): string {
    if (body !== this.last.body) this.last = { body, key: this.newKey() };
    return this.last.key;
  }
}

/** The first attempt with this key has not ended. */
const STILL_RUNNING = 'still_running';
/** What the server says only after it has looked for an answer to an earlier attempt. */
const LOOKED_AT = [409, 422];

/** True when nothing was carried out. A repeat that is turned away unread says nothing about the first attempt. */
export function isRefused(error: unknown, repeated: boolean): boolean {
  if (!(error instanceof Problem) || error.unknown || error.body.code === STILL_RUNNING) return false;
  return !repeated || LOOKED_AT.includes(error.status);
}
