/** A value that is asked for again and again while its element is on the page. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { sentence } from '../problem';

export class Polled<T> implements ReactiveController {
  /** None until the first answer. */
  value: T | null = null;
  /** Why the last request failed; the value stays. */
  failure = '';
  private timer?: ReturnType<typeof setTimeout>;
  private connected = false;

  /** `pause` gives the time until the next request, in milliseconds. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ask: () => Promise<T>,
    private readonly pause: (value: T | null) => number,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.connected = true;
    void this.look();
  }

  hostDisconnected(): void {
    this.connected = false;
    clearTimeout(this.timer);
  }

  /** Asks now, and goes on from there. */
  async look(): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.value = await this.ask();
      this.failure = '';
    } catch (error) {
      this.failure = sentence(error);
    }
    if (!this.connected) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), this.pause(this.value));
    this.host.requestUpdate();
  }
}
