/** Things of the wire, for tests that need no server. */

import type { Catchup, Conversation, Limits, Message, MessageRead, Outgoing, Participant, Personal, Ready } from '../src/client';

export const ME = 'me';

export const NOTHING_PERSONAL: Personal = { pinnedAt: null, mutedUntil: null, archived: false, markedUnread: false };

export const LIMITS: Limits = {
  maxContentChars: 5000,
  maxPayloadBytes: 1e6,
  maxPage: 200,
  maxResumeConversations: 500,
  maxParticipants: 100,
  maxAttachments: 10,
  maxAttachmentBytes: 25 * 1024 * 1024,
  maxVoiceMs: 600_000,
  editWindowMs: 900_000,
  deleteWindowMs: 86_400_000,
};

export function readyPayload(more: Partial<Ready> = {}): Ready {
  return { userId: ME, epoch: 'e1', serverTime: '', limits: LIMITS, settings: { sharePresence: true, sendReadReceipts: true }, totalUnread: 0, ...more };
}

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
    mentions: [],
    forwarded: false,
    system: null,
    editedAt: null,
    deletedAt: null,
    ...more,
  };
}

export function sender(id: string) {
  return { id, name: id, companyName: null, country: null, avatarUrl: null };
}

export function participant(userId: string, readSeq = 0, more: Partial<Participant> = {}): Participant {
  return {
    userId,
    name: userId,
    companyName: null,
    country: null,
    avatarUrl: null,
    role: null,
    readSeq,
    deliveredSeq: 0,
    readAt: null,
    deliveredAt: null,
    groupRole: null,
    ...more,
  };
}

export function read(userId: string, readSeq: number, more: Partial<MessageRead> = {}): MessageRead {
  return { conversationId: 'c', userId, readSeq, readAt: null, unread: null, totalUnread: null, ...more };
}

export function catchup(more: Partial<Catchup> = {}): Catchup {
  return { events: [], reset: false, gone: false, unread: 0, reads: {}, marks: {}, personal: NOTHING_PERSONAL, ...more };
}

export function outgoing(more: Partial<Outgoing> = {}): Outgoing {
  return {
    clientId: 'x',
    conversationId: 'c',
    content: 'hello',
    createdAt: '2026-01-01T00:00:00.000Z',
    status: 'waiting',
    attempts: 0,
    error: null,
    replyTo: null,
    mentions: [],
    attachments: [],
    forwardOf: null,
    tab: null,
    saving: false,
    ...more,
  };
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
    personal: NOTHING_PERSONAL,
    historyVisible: false,
    ...more,
  };
}
