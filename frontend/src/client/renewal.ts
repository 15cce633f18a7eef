/** Gets a new token in time and gives it to the server, so that the connection lives on. */

import type { Connection } from './connection';
import { isAuthError } from './errors';
import { Timer } from './timer';

/** The server warns a minute ahead; within it there is time for so many attempts. */
const MAX_ATTEMPTS = 4;
const RETRY_MS = 10_000;

export class Renewal {
  private attempts = 0;
  private readonly again = new Timer(() => {
    void this.attempt();
  });
  private closed = false;

  constructor(
    private readonly connection: Pick<Connection, 'command'>,
    private readonly refreshToken: () => Promise<string | null>,
    private readonly retryMs = RETRY_MS,
  ) {}

  /** The token expires soon. */
  begin(): void {
    this.attempts = 0;
    void this.attempt();
  }

  close(): void {
    this.closed = true;
    this.again.close();
  }

  /** Where there is no new token, the server ends the connection and the next one is refused: then the person is asked. */
  private async attempt(): Promise<void> {
    this.attempts += 1;
    try {
      const token = await this.refreshToken();
      if (token !== null && !this.closed) await this.connection.command('refresh_token', { token });
    } catch (error) {
      if (!isAuthError(error) && this.attempts < MAX_ATTEMPTS) this.again.set(this.retryMs);
    }
  }
}
