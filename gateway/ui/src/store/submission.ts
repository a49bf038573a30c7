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
    try {
      const key = this.keyFor(JSON.stringify(body));
      this.memory.keep(this.last);
      const answer = await send(body, key);
      this.last = { body: '', key: '' };
      this.memory.keep(null);
      return answer;
    } catch (error) {
      if (isRefusal(error)) this.memory.keep(null);
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

/** The server said no: nothing was carried out, and its answer is not kept. */
const isRefusal = (error: unknown): boolean => error instanceof Problem && !error.unknown;
