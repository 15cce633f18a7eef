/**
 * Requests that are repeated until the server has answered for good: on silence, on a lost connection, and on a few
 * "later, please". What is asked must be idempotent.
 */

import { backoffMs } from './backoff';
import { isUnknownOutcome, toMessagingError, type MessagingError } from './errors';
import { Timer } from './timer';

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 15_000;
const MAX_ATTEMPTS = 6;

export class Errands {
  private readonly pauses = new Set<{ timer: Timer; wake: () => void }>();
  private closed = false;

  constructor(private readonly retryMs = RETRY_MS) {}

  /** Settles with the answer, or with the refusal. Whoever waits when this is closed waits for ever. */
  async run<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await ask();
      } catch (error) {
        const failure = toMessagingError(error);
        if (!mayRepeat(failure, attempt)) throw failure;
        await this.pause(failure.retryAfterMs ?? backoffMs(attempt, this.retryMs, RETRY_MAX_MS));
      }
    }
  }

  /** The connection is back: nobody need wait longer. */
  onReady(): void {
    for (const { wake } of [...this.pauses]) wake();
  }

  close(): void {
    this.closed = true;
    for (const { timer } of this.pauses) timer.close();
    this.pauses.clear();
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.closed) return;
      const wake = () => {
        pause.timer.close();
        this.pauses.delete(pause);
        resolve();
      };
      const pause = { timer: new Timer(wake), wake };
      this.pauses.add(pause);
      pause.timer.set(ms);
    });
  }
}

function mayRepeat(error: MessagingError, attempt: number): boolean {
  return isUnknownOutcome(error) || error.code.startsWith('auth_') || (error.retryable && attempt + 1 < MAX_ATTEMPTS);
}
