/** Whose presence is looked at: counted, told to the server as one list when it changes, and again after a reconnect. */

import type { Desk } from './desk';
import { toMessagingError } from './errors';
import { Timer } from './timer';
import type { ActiveStatus } from './wire';

const SETTLE_MS = 50;
const RETRY_MS = 2_000;
/** As many as the server lets one socket watch; those asked for last go first. */
const MAX_WATCHED = 200;

export class PresenceWatch {
  private readonly watched = new Map<string, number>();
  private toldIds = '';
  private status: ActiveStatus = 'online';
  private readonly settle = new Timer(() => {
    void this.tell();
  });

  constructor(private readonly desk: Desk) {}

  close(): void {
    this.settle.close();
  }

  /** Returns the way out. */
  watch(userIds: readonly string[]): () => void {
    const ids = [...new Set(userIds)];
    for (const id of ids) this.count(id, 1);
    this.settle.set(SETTLE_MS);
    let left = false;
    return () => {
      if (!left) for (const id of ids) this.count(id, -1);
      left = true;
      this.settle.set(SETTLE_MS);
    };
  }

  /** What I am: the server takes every new socket for online. */
  say(status: ActiveStatus): void {
    this.status = status;
    if (this.desk.connection.online) void this.desk.connection.command('set_presence', { status }).catch(() => undefined);
  }

  onReady(): void {
    this.toldIds = '';
    if (this.status !== 'online') this.say(this.status);
    if (this.watched.size > 0) this.settle.set(SETTLE_MS);
  }

  private count(id: string, by: number): void {
    const count = (this.watched.get(id) ?? 0) + by;
    this.watched.delete(id);
    if (count > 0) this.watched.set(id, count);
  }

  private async tell(): Promise<void> {
    const userIds = [...this.watched.keys()].slice(-MAX_WATCHED).sort();
    const ids = userIds.join(' ');
    if (ids === this.toldIds || !this.desk.connection.online) return;
    this.toldIds = ids;
    try {
      const { presences } = await this.desk.connection.command('watch_presence', { userIds });
      if (this.toldIds === ids) this.desk.dispatch({ type: 'presences', presences });
    } catch (error) {
      if (this.toldIds !== ids) return;
      this.toldIds = '';
      if (toMessagingError(error).retryable) this.settle.set(RETRY_MS);
    }
  }
}
