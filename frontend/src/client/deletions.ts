/** Deleting one's messages with a few seconds to think better of it. Only then the server is told, and until it answers. */

import type { Desk } from './desk';
import type { Errands } from './errands';
import { Timer } from './timer';

export const UNDO_MS = 5_000;

interface Request {
  conversationId: string;
  timer: Timer;
  done: Promise<boolean>;
  settle: (told: Promise<boolean>) => void;
}

export class Deletions {
  /** Those that can still be undone. */
  private readonly waiting = new Map<string, Request>();

  constructor(
    private readonly desk: Desk,
    private readonly errands: Errands,
    private readonly undoMs = UNDO_MS,
  ) {}

  /** True once it is deleted, false if that was undone; rejects with the server's refusal. */
  request(conversationId: string, messageId: string): Promise<boolean> {
    const before = this.waiting.get(messageId);
    if (before !== undefined) return before.done;
    this.desk.dispatch({ type: 'delete_requested', conversationId, messageId, dueAt: Date.now() + this.undoMs });
    let settle: Request['settle'] = () => undefined;
    const done = new Promise<boolean>((resolve) => (settle = resolve));
    const timer = new Timer(() => {
      this.go(messageId);
    });
    this.waiting.set(messageId, { conversationId, timer, done, settle });
    timer.set(this.undoMs);
    return done;
  }

  /** False where it is too late for that. */
  undo(messageId: string): boolean {
    const request = this.take(messageId);
    if (request === undefined) return false;
    this.desk.dispatch({ type: 'delete_settled', messageId, message: null });
    request.settle(Promise.resolve(false));
    return true;
  }

  /** Whoever leaves means it: nobody is there to undo it. */
  flush(): void {
    for (const messageId of [...this.waiting.keys()]) this.go(messageId);
  }

  private go(messageId: string): void {
    const request = this.take(messageId);
    request?.settle(this.tell(request.conversationId, messageId));
  }

  private async tell(conversationId: string, messageId: string): Promise<boolean> {
    try {
      const message = await this.errands.run(() => this.desk.api.deleteMessage(conversationId, messageId));
      this.desk.dispatch({ type: 'delete_settled', messageId, message });
      return true;
    } catch (error) {
      this.desk.dispatch({ type: 'delete_settled', messageId, message: null });
      throw error;
    }
  }

  private take(messageId: string): Request | undefined {
    const request = this.waiting.get(messageId);
    request?.timer.close();
    this.waiting.delete(messageId);
    return request;
  }
}
