/** Things of the wire, for tests that need no server. */

import type { Conversation, Message, Participant } from '../src/client';

export const ME = 'me';

export function message(seq: number, more: Partial<Message> = {}): Message {
  const from = more.sender?.id ?? 'you';
  return {
    id: `m${seq}`,
    conversationId: 'c',
    seq,
    updatedSeq: seq,
    clientId: `00000000-0000-4000-8000-${String(seq).padStart(12, '0')}`,
    type: 'TEXT',
    content: `text ${seq}`,
    sender: sender(from),
    createdAt: new Date(Date.UTC(2026, 0, 1, 12, 0, seq)).toISOString(),
    attachments: [],
    replyTo: null,
    reactions: [],
    editedAt: null,
    deletedAt: null,
    ...more,
  };
}

export function sender(id: string) {
  return { id, name: id, companyName: null, country: null, avatarUrl: null };
}

export function participant(userId: string, readSeq = 0): Participant {
  return { userId, name: userId, companyName: null, country: null, avatarUrl: null, role: null, readSeq, deliveredSeq: 0 };
}

export function conversation(more: Partial<Conversation> = {}): Conversation {
  return {
    id: 'c',
    kind: 'DIRECT',
    subject: null,
    title: null,
    status: 'ACTIVE',
    seq: 0,
    epoch: 'e1',
    participants: [participant(ME), participant('you')],
    lastMessage: null,
    unread: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}
