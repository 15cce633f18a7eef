/**
 * Tells the server what has come to this device: at most once a second, for all conversations together, only forward,
 * and only what is held without a hole.
 */

import type { Desk } from './desk';
import { toMessagingError } from './errors';
import { participantOf } from './marks';
import type { State } from './model';
import { Timer } from './timer';
import type { Conversation } from './wire';

const SPACING_MS = 1_000;
/** As many as the server takes at once. */
const MAX_AT_ONCE = 500;

export class DeliveryMarks {
  /** What came and is not told yet, and what was told. */
  private readonly news = new Map<string, number>();
  private readonly told = new Map<string, number>();
  private readonly next = new Timer(() => {
    void this.flush();
  });
  private readonly unsubscribe: () => void;
  private seen: State['conversations'] = {};
  private epoch: string | null = null;
  private telling = false;

  constructor(
    private readonly desk: Desk,
    private readonly spacingMs = SPACING_MS,
  ) {
    this.unsubscribe = desk.store.subscribe(() => {
      this.look();
    });
  }

  close(): void {
    this.unsubscribe();
    this.next.close();
  }

  onReady(): void {
    this.soon();
  }

  private look(): void {
    const { conversations, epoch } = this.desk.store.get();
    if (epoch !== this.epoch) this.begin(epoch);
    if (conversations === this.seen) return;
    for (const conversation of Object.values(conversations)) {
      if (this.seen[conversation.id] !== conversation) this.note(conversation);
    }
    this.seen = conversations;
    this.soon();
  }

  /** Positions of another life of the store mean nothing. */
  private begin(epoch: string | null): void {
    if (this.epoch !== null) {
      this.news.clear();
      this.told.clear();
    }
    this.epoch = epoch;
  }

  private note(conversation: Conversation): void {
    const { me } = this.desk.store.get();
    const { id, lastMessage } = conversation;
    if (lastMessage === null || lastMessage.sender.id === me) return;
    const mine = participantOf(conversation, me);
    const known = Math.max(this.told.get(id) ?? 0, mine?.deliveredSeq ?? 0, mine?.readSeq ?? 0);
    if (lastMessage.seq > known) this.news.set(id, lastMessage.seq);
  }

  private soon(): void {
    if (this.news.size > 0 && !this.next.pending && !this.telling && this.desk.connection.online) this.next.set(this.spacingMs);
  }

  private async flush(): Promise<void> {
    const marks = this.due();
    if (marks.length === 0 || !this.desk.connection.online) return;
    for (const [id] of marks) this.news.delete(id);
    this.telling = true;
    try {
      await this.desk.connection.command('mark_delivered', { conversations: Object.fromEntries(marks) });
      for (const [id, seq] of marks) this.told.set(id, Math.max(seq, this.told.get(id) ?? 0));
    } catch (error) {
      if (toMessagingError(error).retryable) for (const [id, seq] of marks) this.news.set(id, Math.max(seq, this.news.get(id) ?? 0));
    }
    this.telling = false;
    this.soon();
  }

  /** What is behind a gap waits until the gap is closed. */
  private due(): [string, number][] {
    const { positions } = this.desk.store.get();
    return [...this.news].filter(([id, seq]) => (positions[id]?.seq ?? 0) >= seq).slice(0, MAX_AT_ONCE);
  }
}
