/** A live stream that reconnects by itself and resumes after the last event. */
import { readEvents, type ServerEvent } from './sse';

/** The first pause before a reconnection; it doubles up to the longest. */
export const RETRY_MIN_MS = 500;
export const RETRY_MAX_MS = 15_000;
/** Silence for this long means a dead connection: the server's heartbeat is more frequent. */
export const SILENCE_MAX_MS = 60_000;

export type Connection = 'connecting' | 'open' | 'lost' | 'closed';
type Open = (lastEventId: string | null, signal: AbortSignal) => Promise<Response>;

export interface LiveHandlers {
  event(event: ServerEvent): void;
  connection(state: Connection): void;
}

export class LiveStream {
  lastEventId: string | null = null;
  private abort?: AbortController;
  private wake?: () => void;
  private failures = 0;
  private stopped = false;

  constructor(
    private readonly open: Open,
    private readonly on: LiveHandlers,
  ) {}

  /** Runs until stopped. A permanent refusal (logged out, not found) ends it. */
  async run(): Promise<void> {
    while (!this.stopped) {
      if (await this.step()) break;
      if (this.stopped) break;
      this.on.connection('lost');
      await this.pause();
    }
    this.on.connection('closed');
  }

  stop(): void {
    this.stopped = true;
    this.abort?.abort();
    this.wake?.();
  }

  /** Reconnects at once when the network is back. */
  hurry(): void {
    this.wake?.();
  }

  /** One connection, from opening to its end; true when a reconnection makes no sense. */
  private async step(): Promise<boolean> {
    const abort = new AbortController();
    this.abort = abort;
    let watchdog = setTimeout(() => abort.abort(), SILENCE_MAX_MS);
    try {
      this.on.connection('connecting');
      const response = await this.open(this.lastEventId, abort.signal);
      this.on.connection('open');
      for await (const event of readEvents(response.body as ReadableStream<Uint8Array>)) {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), SILENCE_MAX_MS);
        this.failures = 0;
        if (event) this.take(event);
      }
    } catch (error) {
      const status = (error as { status?: number }).status;
      return status === 401 || status === 403 || status === 404;
    } finally {
      clearTimeout(watchdog);
    }
    return false;
  }

  private take(event: ServerEvent): void {
    // After a reset the old position is invalid; the reset's own id, if any, is the new one.
    if (event.event === 'reset') this.lastEventId = null;
    if (event.id) this.lastEventId = event.id;
    this.on.event(event);
  }

  private pause(): Promise<void> {
    const wait = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.failures++);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
