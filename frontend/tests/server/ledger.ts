/** What the test server keeps: people, conversations, their logs, and how each person sees them. */

import { randomUUID } from 'node:crypto';

import type { Conversation, LogEntry, Message, Participant, Personal, Profile, UserSettings } from '../../src/client/wire';
import { NOTHING_PERSONAL, participant } from '../make';

export interface Kept {
  conversation: Omit<Conversation, 'unread' | 'lastMessage' | 'epoch' | 'personal'>;
  messages: Message[];
  log: { seq: number; event: string; messageSeq: number | null; by: string }[];
  personal: Map<string, Personal>;
  /** Of those who keep it for themselves, how far they read. */
  secretReads: Map<string, number>;
}

export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly retryable = false,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}

export type Emit = (event: string, payload: unknown, to: string[], except?: string[]) => void;

export class Ledger {
  readonly people = new Map<string, Profile>();
  readonly kept = new Map<string, Kept>();
  readonly settings = new Map<string, UserSettings>();
  epoch: string = randomUUID();
  now = () => new Date();
  private ids = 0;

  constructor(
    protected readonly emit: Emit,
    protected readonly emptyRoom: (name: string, userId?: string) => void = () => undefined,
  ) {}

  person(id: string, name: string, more: Partial<Profile> = {}): Profile {
    const profile: Profile = { id, name, companyName: null, country: null, avatarUrl: null, role: null, ...more };
    this.people.set(id, profile);
    return profile;
  }

  profile(userId: string): Profile {
    const profile = this.people.get(userId);
    if (profile === undefined) throw new Refusal('not_found', 'no such user', 404);
    return profile;
  }

  settingsOf(userId: string): UserSettings {
    return this.settings.get(userId) ?? { sharePresence: true, sendReadReceipts: true };
  }

  /** The conversation as one of its people sees it. */
  seen(id: string, userId: string): Conversation {
    const kept = this.mine(id, userId);
    const { conversation, messages, personal, secretReads } = kept;
    const participants = conversation.participants.map((one) => (one.userId === userId ? { ...one, readSeq: secretReads.get(userId) ?? one.readSeq } : one));
    return structuredClone({
      ...conversation,
      participants,
      epoch: this.epoch,
      lastMessage: messages.at(-1) ?? null,
      unread: this.unread(kept, userId),
      personal: personal.get(userId) ?? NOTHING_PERSONAL,
    });
  }

  ofUser(userId: string): Kept[] {
    return [...this.kept.values()].filter(({ conversation }) => conversation.participants.some((one) => one.userId === userId));
  }

  totalUnread(userId: string): number {
    return this.ofUser(userId).reduce((sum, kept) => sum + this.unread(kept, userId), 0);
  }

  isMine(id: string, userId: string): boolean {
    return this.kept.get(id)?.conversation.participants.some((one) => one.userId === userId) ?? false;
  }

  protected mine(id: string, userId: string): Kept {
    const kept = this.kept.get(id);
    if (kept === undefined || !this.isMine(id, userId)) throw new Refusal('not_found', 'no such conversation', 404);
    return kept;
  }

  protected newId(prefix: string): string {
    return `${prefix}${String((this.ids += 1)).padStart(8, '0')}`;
  }

  protected participant(userId: string, more: Partial<Participant> = {}): Participant {
    const { id: _, ...profile } = this.profile(userId);
    return participant(userId, 0, { ...profile, ...more });
  }

  protected readSeqOf({ conversation, secretReads }: Kept, userId: string): number {
    return secretReads.get(userId) ?? conversation.participants.find((one) => one.userId === userId)?.readSeq ?? 0;
  }

  protected unread(kept: Kept, userId: string): number {
    const readSeq = this.readSeqOf(kept, userId);
    const counts = ({ seq, sender, deletedAt, type }: Message) => seq > readSeq && sender.id !== userId && deletedAt === null && type !== 'SYSTEM';
    return kept.messages.filter(counts).length;
  }

  /** Take the next place in the log. */
  protected record(kept: Kept, event: string, messageSeq: number | null, by: string): number {
    const seq = (kept.conversation.seq += 1);
    kept.log.push({ seq, event, messageSeq: event === 'message_received' ? seq : messageSeq, by });
    return seq;
  }

  protected entry(kept: Kept, entry: Kept['log'][number], userId: string): LogEntry {
    const message = kept.messages.find((candidate) => candidate.seq === entry.messageSeq);
    const { seq, event } = entry;
    if (event === 'conversation_updated' || message === undefined) {
      const conversation = this.seen(kept.conversation.id, userId);
      return { seq, event, payload: { conversationId: conversation.id, seq, conversation, totalUnread: null } };
    }
    if (event !== 'message_deleted') return { seq, event, payload: structuredClone(message) };
    return { seq, event, payload: this.deletion(kept, seq, message, entry.by, null) };
  }

  protected deletion(kept: Kept, seq: number, message: Message, deletedBy: string, to: string | null): object {
    const counts = to === null ? { unread: null, totalUnread: null } : { unread: this.unread(kept, to), totalUnread: this.totalUnread(to) };
    return { conversationId: kept.conversation.id, seq, messageId: message.id, messageSeq: message.seq, deletedBy, ...counts };
  }

  protected announce(kept: Kept, seq: number, except: string[] = [], exceptUsers: readonly string[] = []): void {
    for (const { userId } of kept.conversation.participants) {
      if (exceptUsers.includes(userId)) continue;
      const conversation = this.seen(kept.conversation.id, userId);
      const update = { conversationId: conversation.id, seq, conversation, totalUnread: this.totalUnread(userId) };
      this.emit('conversation_updated', update, [user(userId)], except);
    }
  }
}

export function room(id: string): string {
  return `conversation:${id}`;
}

export function user(id: string): string {
  return `user:${id}`;
}

export function watchers(id: string): string {
  return `presence:${id}`;
}
