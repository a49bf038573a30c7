/** One idempotency key for one content of a form: pressing twice, or again after a lost answer, sends once. */
import { Problem } from '../problem';

/** A request without an answer: it may have been executed. */
export interface Unanswered {
  body: string;
  key: string;
}
/** The storage in which an unanswered request outlives the page. */
export interface Memory {
  recall(): Unanswered | null;
  keep(unanswered: Unanswered | null): void;
}

/** Keeps nothing beyond the page. */
const PAGE: Memory = { recall: () => null, keep: () => undefined };

export class Submission {
  private last: Unanswered;
  private running = false;

  /** `newKey` makes a fresh key; an argument, so that tests can fix it. */
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
    if (body === this.last.body) return this.last.key;
    // A memory may have come back after the submission was made.
    const kept = this.memory.recall();
    this.last = kept?.body === body ? kept : { body, key: this.newKey() };
    return this.last.key;
  }
}

/** The code of a repeated request whose first attempt has not ended. */
const STILL_RUNNING = 'still_running';
/** The statuses that the server returns only after it has looked for the answer to an earlier attempt. */
const LOOKED_AT = [409, 422];

/** True when nothing was executed. A repeated request that is refused unread says nothing about the first attempt. */
export function isRefused(error: unknown, repeated: boolean): boolean {
  if (!(error instanceof Problem) || error.unknown || error.body.code === STILL_RUNNING) return false;
  return !repeated || LOOKED_AT.includes(error.status);
}
