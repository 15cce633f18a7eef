/** What the test server lets people say: send, edit, delete, react, and pages of it. */

import { randomUUID } from 'node:crypto';

import { quoteOf, type Attachment, type Message, type MessageVersion, type SendMessageCommand } from '../../src/client';
import { Ledger, Refusal, room, user, type Kept } from './ledger';

const PAGE = 50;

type Said = Partial<Omit<SendMessageCommand, 'conversationId'>>;

export class Talk extends Ledger {
  /** What is uploaded, by id. */
  readonly files = new Map<string, Attachment>();
  private readonly versions = new Map<string, MessageVersion[]>();

  send(id: string, userId: string, said: string | Said, clientId: string = randomUUID()): Message {
    const body: Said = typeof said === 'string' ? { content: said, clientId } : { clientId, ...said };
    const kept = this.mine(id, userId);
    const repeated = kept.messages.find((message) => message.clientId === body.clientId && message.sender.id === userId);
    if (repeated) return structuredClone(repeated);
    if (kept.conversation.status === 'CLOSED') throw new Refusal('conversation_closed', 'the conversation is closed', 409);
    return this.append(kept, userId, this.composed(kept, userId, body));
  }

  edit(id: string, userId: string, messageId: string, content: string, mentions?: string[]): Message {
    const kept = this.mine(id, userId);
    const message = this.own(kept, userId, messageId);
    const at = message.editedAt ?? message.createdAt;
    this.versions.set(messageId, [...(this.versions.get(messageId) ?? []), { content: message.content, at }]);
    return this.changed(kept, message, userId, { content, editedAt: this.now().toISOString(), ...(mentions && { mentions }) });
  }

  history(id: string, userId: string, messageId: string): { versions: MessageVersion[] } {
    const message = this.message(this.mine(id, userId), messageId);
    return { versions: [...(this.versions.get(messageId) ?? []), { content: message.content, at: message.editedAt ?? message.createdAt }] };
  }

  erase(id: string, userId: string, messageId: string): Message {
    const kept = this.mine(id, userId);
    const message = this.own(kept, userId, messageId);
    if (message.deletedAt !== null) return structuredClone(message);
    const seq = this.record(kept, 'message_deleted', message.seq, userId);
    const nothing = { content: '', attachments: [], reactions: [], mentions: [], replyTo: null, forwarded: false };
    Object.assign(message, nothing, { updatedSeq: seq, deletedAt: this.now().toISOString() });
    this.requote(kept, message);
    for (const { userId: to } of kept.conversation.participants) {
      this.emit('message_deleted', this.deletion(kept, seq, message, userId, to), [user(to)]);
    }
    return structuredClone(message);
  }

  react(id: string, userId: string, messageId: string, emoji: string, present: boolean): Message {
    const kept = this.mine(id, userId);
    const message = this.message(kept, messageId);
    if (message.deletedAt !== null) throw new Refusal('message_deleted', 'the message is deleted', 409);
    const given = message.reactions.find((reaction) => reaction.emoji === emoji);
    if ((given?.users.some((one) => one.id === userId) ?? false) === present) return structuredClone(message);
    const { name } = this.profile(userId);
    const users = present ? [{ id: userId, name }, ...(given?.users ?? [])] : (given?.users ?? []).filter((one) => one.id !== userId);
    const rest = message.reactions.filter((reaction) => reaction !== given);
    const next = { emoji, count: users.length, users };
    return this.changed(kept, message, userId, { reactions: users.length > 0 ? [next, ...rest] : rest });
  }

  page(id: string, userId: string, query: URLSearchParams): object {
    const { messages } = this.mine(id, userId);
    const limit = Number(query.get('limit') ?? PAGE);
    const [start, end] = bounds(messages, query, limit);
    const items = structuredClone(messages.slice(start, end));
    const hasBefore = start > 0;
    return { items, hasBefore, hasAfter: end < messages.length, nextCursor: hasBefore ? String(items[0]?.seq) : null };
  }

  search(userId: string, query: URLSearchParams): object {
    const q = (query.get('q') ?? '').toLowerCase();
    const hits = this.ofUser(userId).flatMap(({ conversation, messages }) => {
      const { id, kind, title, subject, participants } = conversation;
      const people = participants.map(({ userId: personId, name }) => ({ id: personId, name, companyName: null, country: null, avatarUrl: null }));
      const place = { id, kind, title, subject, participants: people, participantCount: participants.length };
      const found = messages.filter(({ content }) => content.toLowerCase().includes(q));
      return found.map((message) => {
        const start = message.content.toLowerCase().indexOf(q);
        return { message, conversation: place, highlights: [{ start, end: start + q.length }] };
      });
    });
    const start = Number(query.get('cursor') ?? 0);
    const end = start + Number(query.get('limit') ?? 20);
    return structuredClone({ items: hits.slice(start, end), nextCursor: end < hits.length ? String(end) : null });
  }

  /** The message is the next of the log; everybody hears of it once, and it takes the conversation out of archives. */
  protected append(kept: Kept, userId: string, parts: Partial<Message>): Message {
    const { id } = kept.conversation;
    const seq = this.record(kept, 'message_received', null, userId);
    const { id: senderId, name, companyName, country, avatarUrl } = this.profile(userId);
    const message: Message = {
      id: this.newId('m'),
      conversationId: id,
      seq,
      updatedSeq: seq,
      clientId: randomUUID(),
      type: 'TEXT',
      content: '',
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
      ...parts,
    };
    kept.messages.push(message);
    kept.conversation.updatedAt = message.createdAt;
    for (const [ofUser, personal] of kept.personal) kept.personal.set(ofUser, { ...personal, archived: false });
    this.emit('message_received', message, [room(id)]);
    for (const participant of kept.conversation.participants) {
      const conversation = this.seen(id, participant.userId);
      const rest = { conversationId: id, seq, conversation, totalUnread: this.totalUnread(participant.userId) };
      if (participant.userId === userId) this.emit('conversation_updated', rest, [user(userId)], [room(id)]);
      else this.emit('new_message_notification', { ...rest, message }, [user(participant.userId)], [room(id)]);
    }
    return structuredClone(message);
  }

  private composed(kept: Kept, userId: string, { clientId = randomUUID(), content = '', attachments = [], replyTo, mentions = [], forwardOf }: Said): Partial<Message> {
    const text = content.trim();
    const quoted = replyTo ? { replyTo: quoteOf(this.message(kept, replyTo)) } : {};
    if (forwardOf) {
      const source = this.message(this.mine(forwardOf.conversationId, userId), forwardOf.messageId);
      return { clientId, content: source.content, attachments: source.attachments, type: source.type, forwarded: true, ...quoted };
    }
    const carried = attachments.map((fileId) => this.file(fileId));
    if (carried.length === 0 && (text.length < 1 || text.length > 5000)) throw new Refusal('invalid', 'content: expected 1 to 5,000 characters', 422);
    return { clientId, content: text, attachments: carried, type: carried[0]?.kind ?? 'TEXT', mentions, ...quoted };
  }

  private changed(kept: Kept, message: Message, userId: string, parts: Partial<Message>): Message {
    const seq = this.record(kept, 'message_updated', message.seq, userId);
    Object.assign(message, parts, { updatedSeq: seq });
    this.requote(kept, message);
    this.emit('message_updated', structuredClone(message), [room(kept.conversation.id)]);
    this.announce(kept, seq, [room(kept.conversation.id)]);
    return structuredClone(message);
  }

  private requote({ messages }: Kept, quoted: Message): void {
    for (const message of messages) if (message.replyTo?.messageId === quoted.id) message.replyTo = quoteOf(quoted);
  }

  private file(fileId: string): Attachment {
    const file = this.files.get(fileId);
    if (file === undefined) throw new Refusal('invalid', `attachments: no such upload ${fileId}`, 422);
    return file;
  }

  private message(kept: Kept, messageId: string): Message {
    const message = kept.messages.find((candidate) => candidate.id === messageId);
    if (message === undefined) throw new Refusal('not_found', 'no such message', 404);
    return message;
  }

  private own(kept: Kept, userId: string, messageId: string): Message {
    const message = this.message(kept, messageId);
    if (message.sender.id !== userId) throw new Refusal('forbidden', 'not yours', 403);
    return message;
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
