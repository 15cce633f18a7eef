/** Who is typing: one's own signals, sparingly, and the forgetting of others' in case their stop is lost. */

import type { Desk } from './desk';
import { Timer } from './timer';
import type { UserTyping } from './wire';

const START_SPACING_MS = 2_000;
const IDLE_MS = 4_000;
/** The server ends it after six seconds; this is for a stop that never came. */
const OTHERS_LAST_MS = 7_000;

export class TypingSignals {
  private typingIn: string | null = null;
  private startedAt = 0;
  private readonly idle = new Timer(() => {
    this.stop();
  });
  private readonly others = new Map<string, Timer>();

  constructor(private readonly desk: Desk) {}

  close(): void {
    this.idle.close();
    for (const timer of this.others.values()) timer.close();
    this.others.clear();
  }

  /** A key was pressed in the composer of this conversation. */
  type(conversationId: string): void {
    if (this.typingIn !== conversationId) this.stop();
    this.idle.set(IDLE_MS);
    const now = Date.now();
    if (this.typingIn === conversationId && now - this.startedAt < START_SPACING_MS) return;
    this.typingIn = conversationId;
    this.startedAt = now;
    this.tell('typing_start', conversationId);
  }

  /** Sent, left, emptied or idle. */
  stop(): void {
    this.idle.cancel();
    if (this.typingIn === null) return;
    this.tell('typing_stop', this.typingIn);
    this.typingIn = null;
  }

  onOthersTyping(event: UserTyping): void {
    const key = `${event.conversationId} ${event.userId}`;
    const timer = this.others.get(key) ?? this.forgetting(key, event);
    timer.set(OTHERS_LAST_MS);
  }

  private forgetting(key: string, event: UserTyping): Timer {
    const timer = new Timer(() => {
      this.others.delete(key);
      this.desk.dispatch({ type: 'user_stopped_typing', payload: event });
    });
    this.others.set(key, timer);
    return timer;
  }

  /** Nobody is told of a failure: the signal is worth nothing a moment later. */
  private tell(name: 'typing_start' | 'typing_stop', conversationId: string): void {
    if (this.desk.connection.online) void this.desk.connection.command(name, { conversationId }).catch(() => undefined);
  }
}
