/** One idempotency key for one form as it stands: pressing twice, or again after a lost answer, sends once. */
export class Submission {
  private body = '';
  private key = '';
  private running = false;

  /** `newKey` makes a fresh key; handed in so that tests can know it. */
  constructor(private readonly newKey: () => string = () => crypto.randomUUID()) {}

  get busy(): boolean {
    return this.running;
  }

  /** Runs `send` unless it is already running; a changed body is another submission. */
  async once<B, T>(body: B, send: (body: B, key: string) => Promise<T>): Promise<T | undefined> {
    if (this.running) return undefined;
    this.running = true;
    try {
      const answer = await send(body, this.keyFor(JSON.stringify(body)));
      this.body = '';
      return answer;
    } finally {
      this.running = false;
    }
  }

  private keyFor(body: string): string {
    if (body !== this.body) {
      this.body = body;
      this.key = this.newKey();
    }
    return this.key;
  }
}
