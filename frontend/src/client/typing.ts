/** Who is typing, or recording: one's own signals, sparingly, and the forgetting of others' in case their stop is lost. */

import type { Desk } from './desk';
import { Timer } from './timer';
import type { TypingActivity, UserTyping } from './wire';

const START_SPACING_MS = 2_000;
const SILENCE_MS = 6_000;
/** The server ends it after six seconds; this is for a stop that never came. */
const OTHERS_LAST_MS = 7_000;

export class TypingSignals {
  private told: { conversationId: string; activity: TypingActivity; at: number } | null = null;
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

  /** A key was pressed in the composer of this conversation, or a voice message is being recorded. */
  type(conversationId: string, activity: TypingActivity): void {
    if (this.told !== null && this.told.conversationId !== conversationId) this.stop();
    this.idle.set(SILENCE_MS);
    const now = Date.now();
    if (this.told?.activity === activity && now - this.told.at < START_SPACING_MS) return;
    this.told = { conversationId, activity, at: now };
    this.tell(() => this.desk.connection.command('typing_start', { conversationId, activity }));
  }

  /** Sent, left, emptied or silent. */
  stop(): void {
    this.idle.cancel();
    if (this.told === null) return;
    const { conversationId } = this.told;
    this.told = null;
    this.tell(() => this.desk.connection.command('typing_stop', { conversationId }));
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
  private tell(command: () => Promise<unknown>): void {
    if (this.desk.connection.online) void command().catch(() => undefined);
  }
}
