/** Tells the server how far one has read: at once, then at most once a second, always the farthest mark. */

import type { Desk } from './desk';
import { toMessagingError } from './errors';
import { readSeqOf } from './marks';
import { Timer } from './timer';

const SPACING_MS = 1_000;

export class ReadMarks {
  private readonly marks = new Map<string, number>();
  private readonly next = new Timer(() => {
    this.flush();
  });
  private closed = false;

  constructor(private readonly desk: Desk) {}

  close(): void {
    this.closed = true;
    this.next.close();
  }

  /** What was seen counts as read here at once; the server's counts follow. Seeing again ends the being marked as unread. */
  mark(conversationId: string, seq: number): void {
    const { conversations, me } = this.desk.store.get();
    const conversation = conversations[conversationId];
    if (conversation === undefined || (seq <= readSeqOf(conversation, me) && !conversation.personal.markedUnread)) return;
    this.desk.dispatch({ type: 'read', conversationId, seq });
    this.marks.set(conversationId, Math.max(seq, this.marks.get(conversationId) ?? 0));
    if (!this.next.pending) this.flush();
  }

  onReady(): void {
    this.flush();
  }

  private flush(): void {
    if (this.marks.size === 0 || !this.desk.connection.online) return;
    for (const [conversationId, seq] of this.marks) void this.tell(conversationId, seq);
    this.marks.clear();
    this.next.set(SPACING_MS);
  }

  private async tell(conversationId: string, seq: number): Promise<void> {
    try {
      const read = await this.desk.connection.command('mark_read', { conversationId, seq });
      if (!this.closed) this.desk.dispatch({ type: 'read_confirmed', conversationId, read });
    } catch (error) {
      if (this.closed || !toMessagingError(error).retryable) return;
      this.marks.set(conversationId, Math.max(seq, this.marks.get(conversationId) ?? 0));
      if (!this.next.pending) this.next.set(SPACING_MS);
    }
  }
}
