/**
 * The other tabs of one person in one browser: words between them, and knowing when one of them ends. A tab holds the
 * lock of its name as long as it lives, so whoever gets that lock knows that the tab is gone, crashed ones too.
 */

import { newClientId } from '../clientId';
import type { Outgoing } from '../model';
import type { Message } from '../wire';

/** `tab` sends the message; `stuck`: it would, and is not connected. `epoch`: in which store it is. */
export type Word =
  | { say: 'told'; outgoing: Outgoing; tab: string; stuck: boolean }
  | { say: 'stored'; clientId: string; message: Message; epoch: string | null }
  | { say: 'gone'; clientId: string }
  | { say: 'connected'; tab: string }
  | { say: 'signed_out' };

export type Channel = Pick<BroadcastChannel, 'postMessage' | 'close' | 'onmessage'>;
export type Locks = Pick<LockManager, 'request'>;

export interface TabsOptions {
  /** Null: this is the only tab. */
  channel?: ((name: string) => Channel) | null;
  /** Null: nobody can tell whether another tab lives. */
  locks?: Locks | null;
}

/** Changed whenever the words change, so that pages of two versions do not mistake each other. */
const CHANNEL = 'stockent.outbox.1';

export class Tabs {
  readonly name = newClientId();
  readonly locks: Locks | null;
  private readonly makeChannel: ((name: string) => Channel) | null;
  private readonly ended = new AbortController();
  private readonly watched = new Set<string>();
  private channel: Channel | null = null;
  private release: () => void = () => undefined;

  constructor({ channel = browserChannel(), locks = browserLocks() }: TabsOptions = {}) {
    this.makeChannel = channel;
    this.locks = locks;
  }

  /** Begin to live for this person. Call once. */
  open(userId: string, onWord: (word: Word) => void): void {
    this.channel = this.makeChannel?.(`${CHANNEL}/${userId}`) ?? null;
    if (this.channel) this.channel.onmessage = ({ data }: MessageEvent<Word>) => onWord(data);
    void this.hold(this.name, () => new Promise<void>((resolve) => (this.release = resolve)));
  }

  tell(word: Word): void {
    try {
      this.channel?.postMessage(word);
    } catch {
      // What cannot be cloned, or a channel that just closed: the others hear of it from the server.
    }
  }

  /** Call `onGone` once that tab has ended. While it runs, no other tab does the same. */
  watch(name: string, onGone: () => Promise<void>): void {
    if (name === this.name || this.watched.has(name)) return;
    this.watched.add(name);
    void this.hold(name, onGone).finally(() => this.watched.delete(name));
  }

  close(): void {
    this.ended.abort();
    this.release();
    this.channel?.close();
    this.channel = null;
  }

  private async hold(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await this.locks?.request(`stockent.tab/${name}`, { signal: this.ended.signal }, act);
    } catch {
      // Closed while it waited, or forbidden here.
    }
  }
}

function browserChannel(): ((name: string) => Channel) | null {
  return typeof window === 'undefined' || typeof BroadcastChannel === 'undefined' ? null : (name) => new BroadcastChannel(name);
}

/** Absent outside secure contexts. */
function browserLocks(): Locks | null {
  return typeof window === 'undefined' ? null : ((navigator as { locks?: LockManager }).locks ?? null);
}
