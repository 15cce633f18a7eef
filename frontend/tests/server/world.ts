/**
 * What a messaging server keeps and does, in memory and after the wire contract: conversations with a log without
 * holes, read marks, catch-up. Events go to `emit`; whoever carries them decides who gets them.
 */

import { randomUUID } from 'node:crypto';

import type { Catchup, Conversation, LogEntry, Message, MessageType, Participant, Profile, Subject } from '../../src/client/wire';
import { catchup, NOTHING_PERSONAL, participant } from '../make';

const PAGE = 50;
const MAX_CATCHUP = 500;

/** What any request may carry; which of it does, the sender decides. */
export interface Body {
  conversationId: string;
  afterSeq: number | null;
  content: string;
  clientId: string;
  seq: number;
  epoch: string;
  conversations: Record<string, number>;
  participantIds: string[];
  status: Conversation['status'];
  recipientId: string;
  subject: Subject | null;
}

interface Kept {
  conversation: Omit<Conversation, 'unread' | 'lastMessage' | 'epoch'>;
  messages: Message[];
  log: { seq: number; event: string; messageSeq: number | null; by: string }[];
}

export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly retryable = false,
  ) {
    super(message);
  }
}

type Emit = (event: string, payload: unknown, to: string[], except?: string[]) => void;

export class World {
  readonly people = new Map<string, Profile>();
  readonly kept = new Map<string, Kept>();
  epoch: string = randomUUID();
  now = () => new Date();
  private ids = 0;

  constructor(
    private readonly emit: Emit,
    private readonly emptyRoom: (name: string) => void = () => undefined,
  ) {}

  person(id: string, name: string, more: Partial<Profile> = {}): Profile {
    const profile: Profile = { id, name, companyName: null, country: null, avatarUrl: null, role: null, ...more };
    this.people.set(id, profile);
    return profile;
  }

  create(participantIds: string[], more: { subject?: Subject | null; title?: string | null } = {}): string {
    const id = `c${String((this.ids += 1)).padStart(6, '0')}`;
    const at = this.now().toISOString();
    this.kept.set(id, {
      conversation: {
        id,
        kind: participantIds.length > 2 ? 'GROUP' : 'DIRECT',
        subject: more.subject ?? null,
        title: more.title ?? null,
        status: 'ACTIVE',
        seq: 0,
        participants: participantIds.map((userId) => this.participant(userId)),
        createdAt: at,
        updatedAt: at,
        personal: NOTHING_PERSONAL,
        historyVisible: false,
      },
      messages: [],
      log: [],
    });
    for (const userId of participantIds) this.emit('conversation_created', this.seen(id, userId), [user(userId)]);
    return id;
  }

  send(id: string, userId: string, content: string, clientId: string = randomUUID(), type: MessageType = 'TEXT'): Message {
    const kept = this.mine(id, userId);
    const repeated = kept.messages.find((message) => message.clientId === clientId && message.sender.id === userId);
    if (repeated) return repeated;
    if (kept.conversation.status === 'CLOSED') throw new Refusal('conversation_closed', 'the conversation is closed', 409);
    const text = content.trim();
    if (text.length < 1 || text.length > 5000) throw new Refusal('invalid', 'content: expected 1 to 5,000 characters', 422);
    const seq = (kept.conversation.seq += 1);
    const { id: senderId, name, companyName, country, avatarUrl } = this.profile(userId);
    const message: Message = {
      id: `m${String((this.ids += 1)).padStart(8, '0')}`,
      conversationId: id,
      seq,
      updatedSeq: seq,
      clientId,
      type,
      content: text,
      sender: { id: senderId, name, companyName, country, avatarUrl },
      createdAt: this.now().toISOString(),
      attachments: [],
      replyTo: null,
      reactions: [],
      mentions: [],
      forwarded: false,
      system: null,
      editedAt: null,
      deletedAt: null,
    };
    kept.messages.push(message);
    kept.conversation.updatedAt = message.createdAt;
    kept.log.push({ seq, event: 'message_received', messageSeq: seq, by: userId });
    this.emit('message_received', message, [room(id)]);
    for (const participant of kept.conversation.participants) {
      const conversation = this.seen(id, participant.userId);
      const totalUnread = this.totalUnread(participant.userId);
      const rest = { conversationId: id, seq, conversation, totalUnread };
      if (participant.userId === userId) this.emit('conversation_updated', rest, [user(userId)], [room(id)]);
      else this.emit('new_message_notification', { ...rest, message }, [user(participant.userId)], [room(id)]);
    }
    return message;
  }

  edit(id: string, userId: string, messageId: string, content: string): Message {
    const kept = this.mine(id, userId);
    const message = this.own(kept, userId, messageId);
    const seq = (kept.conversation.seq += 1);
    Object.assign(message, { content, updatedSeq: seq, editedAt: this.now().toISOString() });
    kept.log.push({ seq, event: 'message_updated', messageSeq: message.seq, by: userId });
    this.emit('message_updated', { ...message }, [room(id)]);
    this.announce(kept, seq, [room(id)]);
    return { ...message };
  }

  erase(id: string, userId: string, messageId: string): Message {
    const kept = this.mine(id, userId);
    const message = this.own(kept, userId, messageId);
    const seq = (kept.conversation.seq += 1);
    Object.assign(message, { content: '', updatedSeq: seq, deletedAt: this.now().toISOString() });
    kept.log.push({ seq, event: 'message_deleted', messageSeq: message.seq, by: userId });
    for (const { userId: to } of kept.conversation.participants) {
      this.emit('message_deleted', this.deletion(kept, seq, message, userId, to), [user(to)]);
    }
    return { ...message };
  }

  setStatus(id: string, userId: string, status: Conversation['status']): Conversation {
    const kept = this.mine(id, userId);
    if (kept.conversation.status !== status) {
      kept.conversation.status = status;
      const seq = (kept.conversation.seq += 1);
      kept.log.push({ seq, event: 'conversation_updated', messageSeq: null, by: userId });
      this.announce(kept, seq);
    }
    return this.seen(id, userId);
  }

  remove(id: string, userId: string): void {
    const { conversation } = this.mine(id, userId);
    this.kept.delete(id);
    for (const { userId: to } of conversation.participants) {
      const gone = { conversationId: id, seq: conversation.seq + 1, deletedBy: userId, totalUnread: this.totalUnread(to) };
      this.emit('conversation_deleted', gone, [user(to)]);
    }
    this.emptyRoom(room(id));
  }

  markRead(id: string, userId: string, seq: number): { readSeq: number; unread: number; totalUnread: number } {
    const kept = this.mine(id, userId);
    const me = kept.conversation.participants.find((participant) => participant.userId === userId);
    if (me === undefined) throw new Refusal('not_found', 'no such conversation', 404);
    const readSeq = Math.max(me.readSeq, Math.min(seq, kept.conversation.seq));
    const moved = readSeq > me.readSeq;
    me.readSeq = readSeq;
    const counts = { unread: this.unread(kept, userId), totalUnread: this.totalUnread(userId) };
    if (moved) {
      const mark = { conversationId: id, userId, readSeq };
      const others = kept.conversation.participants.filter((participant) => participant.userId !== userId);
      this.emit('message_read', mark, others.map((other) => user(other.userId)));
      this.emit('message_read', { ...mark, ...counts }, [user(userId)]);
    }
    return { readSeq, ...counts };
  }

  seen(id: string, userId: string): Conversation {
    const kept = this.mine(id, userId);
    const { conversation, messages } = kept;
    const lastMessage = messages.at(-1) ?? null;
    return structuredClone({ ...conversation, epoch: this.epoch, lastMessage, unread: this.unread(kept, userId) });
  }

  page(id: string, userId: string, query: URLSearchParams): object {
    const { messages } = this.mine(id, userId);
    const limit = Number(query.get('limit') ?? PAGE);
    const [start, end] = bounds(messages, query, limit);
    const items = structuredClone(messages.slice(start, end));
    const hasBefore = start > 0;
    return { items, hasBefore, hasAfter: end < messages.length, nextCursor: hasBefore ? String(items[0]?.seq) : null };
  }

  catchUp(id: string, userId: string, after: number): Catchup {
    const kept = this.kept.get(id);
    if (!kept?.conversation.participants.some((participant) => participant.userId === userId)) {
      return catchup({ events: null, gone: true });
    }
    const { seq } = kept.conversation;
    const reset = after > seq || seq - after > MAX_CATCHUP;
    const reads = Object.fromEntries(kept.conversation.participants.map((participant) => [participant.userId, participant.readSeq]));
    const events = reset ? null : kept.log.filter((entry) => entry.seq > after).map((entry) => this.entry(kept, entry, userId));
    return catchup({ events, reset, unread: this.unread(kept, userId), reads });
  }

  typing(event: string, userId: string, conversationId: string): object {
    this.mine(conversationId, userId);
    this.emit(event, { conversationId, userId, name: this.profile(userId).name }, [room(conversationId)], [user(userId)]);
    return {};
  }

  resume(userId: string, { epoch, conversations }: Body): object {
    const reset = epoch !== this.epoch;
    const caught = Object.entries(reset ? {} : conversations).map(([id, seq]) => [id, this.catchUp(id, userId, seq)] as const);
    const others = this.list(userId).filter((conversation) => !(conversation.id in conversations)).slice(0, 50);
    return { epoch: this.epoch, conversations: Object.fromEntries(caught), others, totalUnread: this.totalUnread(userId), reset };
  }

  list(userId: string): Conversation[] {
    const mine = [...this.kept.values()].filter(({ conversation }) => conversation.participants.some((p) => p.userId === userId));
    const seen = mine.map(({ conversation }) => this.seen(conversation.id, userId));
    return seen.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  }

  start(userId: string, body: Body): object {
    const { recipientId } = body;
    const subject = (body.subject as Subject | undefined) ?? null;
    this.profile(recipientId);
    const same = this.list(userId).find(
      ({ participants, subject: other }) => participants.some((p) => p.userId === recipientId) && participants.length === 2 && other?.id === subject?.id,
    );
    const id = same?.id ?? this.create([userId, recipientId], { subject });
    const message = this.send(id, userId, body.content, body.clientId);
    return { conversation: this.seen(id, userId), message };
  }

  listPage(userId: string, query: URLSearchParams): object {
    const q = query.get('q')?.toLowerCase() ?? '';
    const all = this.list(userId).filter((conversation) => JSON.stringify([conversation.subject?.title, conversation.participants]).toLowerCase().includes(q));
    const start = Number(query.get('cursor') ?? 0);
    const end = start + Number(query.get('limit') ?? PAGE);
    return { items: all.slice(start, end), nextCursor: end < all.length ? String(end) : null };
  }

  private mine(id: string, userId: string): Kept {
    const kept = this.kept.get(id);
    if (!kept?.conversation.participants.some((participant) => participant.userId === userId)) {
      throw new Refusal('not_found', 'no such conversation', 404);
    }
    return kept;
  }

  private own(kept: Kept, userId: string, messageId: string): Message {
    const message = kept.messages.find((candidate) => candidate.id === messageId);
    if (message === undefined) throw new Refusal('not_found', 'no such message', 404);
    if (message.sender.id !== userId) throw new Refusal('forbidden', 'not yours', 403);
    return message;
  }

  profile(userId: string): Profile {
    const profile = this.people.get(userId);
    if (profile === undefined) throw new Refusal('not_found', 'no such user', 404);
    return profile;
  }

  private participant(userId: string): Participant {
    const { id: _, ...profile } = this.profile(userId);
    return participant(userId, 0, profile);
  }

  private unread({ conversation, messages }: Kept, userId: string): number {
    const readSeq = conversation.participants.find((participant) => participant.userId === userId)?.readSeq ?? 0;
    return messages.filter((message) => message.seq > readSeq && message.sender.id !== userId && message.deletedAt === null).length;
  }

  totalUnread(userId: string): number {
    const mine = [...this.kept.values()].filter(({ conversation }) => conversation.participants.some((p) => p.userId === userId));
    return mine.reduce((sum, kept) => sum + this.unread(kept, userId), 0);
  }

  private entry(kept: Kept, entry: Kept['log'][number], userId: string): LogEntry {
    const message = kept.messages.find((candidate) => candidate.seq === entry.messageSeq);
    const { seq, event } = entry;
    if (event === 'conversation_updated' || message === undefined) {
      const conversation = this.seen(kept.conversation.id, userId);
      return { seq, event, payload: { conversationId: conversation.id, seq, conversation } };
    }
    const payload = event === 'message_deleted' ? this.deletion(kept, seq, message, entry.by, userId) : structuredClone(message);
    return { seq, event, payload };
  }

  private deletion(kept: Kept, seq: number, message: Message, deletedBy: string, to: string): object {
    const counts = { unread: this.unread(kept, to), totalUnread: this.totalUnread(to) };
    return { conversationId: kept.conversation.id, seq, messageId: message.id, messageSeq: message.seq, deletedBy, ...counts };
  }

  private announce(kept: Kept, seq: number, except: string[] = []): void {
    for (const { userId } of kept.conversation.participants) {
      const conversation = this.seen(kept.conversation.id, userId);
      const update = { conversationId: conversation.id, seq, conversation, totalUnread: this.totalUnread(userId) };
      this.emit('conversation_updated', update, [user(userId)], except);
    }
  }

}

function bounds(messages: Message[], query: URLSearchParams, limit: number): [number, number] {
  const indexFrom = (seq: number): number => {
    const index = messages.findIndex((message) => message.seq >= seq);
    return index === -1 ? messages.length : index;
  };
  const before = query.get('before');
  const after = query.get('after');
  const around = query.get('around');
  if (before !== null) return [Math.max(0, indexFrom(Number(before)) - limit), indexFrom(Number(before))];
  if (after !== null) return [indexFrom(Number(after) + 1), Math.min(messages.length, indexFrom(Number(after) + 1) + limit)];
  if (around === null) return [Math.max(0, messages.length - limit), messages.length];
  const start = Math.max(0, indexFrom(Number(around)) - Math.floor(limit / 2));
  return [start, Math.min(messages.length, start + limit)];
}

export function room(id: string): string {
  return `conversation:${id}`;
}

export function user(id: string): string {
  return `user:${id}`;
}
