// Made from docs/socket-schema.json by `npm run types`. Do not edit.
/* eslint-disable -- the generators have a style of their own */

export type ConversationKind = 'DIRECT' | 'GROUP';
export type ConversationStatus = 'ACTIVE' | 'CLOSED';
export type Role = 'ADMIN' | 'BUYER' | 'SELLER';
export type MessageType = 'FILE' | 'IMAGE' | 'SYSTEM' | 'TEXT' | 'VOICE';

export interface SocketWire {
  commands: {
    join_conversation: {
      request: JoinConversation | string;
      ack: JoinedAck;
    };
    leave_conversation: {
      request: ConversationRef | string;
      ack: Done;
    };
    send_message: {
      request: SendMessageCommand;
      ack: MessageAck;
    };
    edit_message: {
      request: EditMessageCommand;
      ack: MessageAck;
    };
    delete_message: {
      request: DeleteMessageCommand;
      ack: MessageAck;
    };
    mark_read: {
      request: MarkReadCommand;
      ack: ReadAck;
    };
    typing_start: {
      request: ConversationRef | string;
      ack: Done;
    };
    typing_stop: {
      request: ConversationRef | string;
      ack: Done;
    };
    close_conversation: {
      request: ConversationRef | string;
      ack: ConversationAck;
    };
    reopen_conversation: {
      request: ConversationRef | string;
      ack: ConversationAck;
    };
    delete_conversation: {
      request: ConversationRef | string;
      ack: Done;
    };
    resume: {
      request: Resume;
      ack: ResumedAck;
    };
    refresh_token: {
      request: RefreshToken;
      ack: RefreshedAck;
    };
  };
  events: {
    ready: Ready;
    message_received: Message;
    new_message_notification: NewMessageNotification;
    conversation_created: Conversation;
    conversation_updated: ConversationUpdated;
    message_updated: Message;
    message_deleted: MessageDeleted;
    conversation_deleted: ConversationDeleted;
    message_read: MessageRead;
    user_typing: UserTyping;
    user_stopped_typing: UserTyping;
    auth_expiring: AuthExpiring;
    server_draining: ServerDraining;
  };
  refusal: Failed;
}
export interface JoinConversation {
  conversationId: string;
  afterSeq?: number | null;
}
/**
 * `events` holds every change after `afterSeq`, empty when none was asked for; or `reset` is true.
 */
export interface JoinedAck {
  ok: true;
  conversation: Conversation;
  events: LogEntry[];
  reset: boolean;
}
/**
 * A conversation as one participant sees it: `unread` is that participant's count.
 */
export interface Conversation {
  id: string;
  kind: ConversationKind;
  subject: Subject | null;
  title: string | null;
  status: ConversationStatus;
  seq: number;
  epoch: string;
  participants: Participant[];
  lastMessage: Message | null;
  unread: number;
  createdAt: string;
  updatedAt: string;
}
/**
 * What the conversation is about, such as a product; `type` and `id` identify it.
 */
export interface Subject {
  type: string;
  id: string;
  title: string;
  url: string | null;
  imageUrl: string | null;
  data: {
    [k: string]: unknown;
  } | null;
}
export interface Participant {
  userId: string;
  name: string | null;
  companyName: string | null;
  country: string | null;
  avatarUrl: string | null;
  role: Role | null;
  readSeq: number;
  deliveredSeq: number;
}
/**
 * `seq` is the position of its creation, for order and paging; `updatedSeq` of its last change.
 *
 * A deleted message keeps its place: `content` is empty and `deletedAt` set.
 */
export interface Message {
  id: string;
  conversationId: string;
  seq: number;
  updatedSeq: number;
  clientId: string;
  type: MessageType;
  content: string;
  sender: Sender;
  createdAt: string;
  attachments: {
    [k: string]: unknown;
  }[];
  replyTo: {
    [k: string]: unknown;
  } | null;
  reactions: {
    [k: string]: unknown;
  }[];
  editedAt: string | null;
  deletedAt: string | null;
}
export interface Sender {
  id: string;
  name: string | null;
  companyName: string | null;
  country: string | null;
  avatarUrl: string | null;
}
/**
 * One durable change at position `seq`: the event that announced it, with the state as it is now.
 *
 * `payload` is that event's type. Of a message changed more than once, each entry carries its present
 * content: what was deleted is not replayed.
 */
export interface LogEntry {
  seq: number;
  event: string;
  payload: unknown;
}
export interface ConversationRef {
  conversationId: string;
}
export interface Done {
  ok: true;
}
export interface SendMessageCommand {
  conversationId: string;
  /**
   * A UUID made by the client, the same on every retry of this send.
   */
  clientId: string;
  content: string;
  type?: MessageType;
}
export interface MessageAck {
  ok: true;
  message: Message;
}
export interface EditMessageCommand {
  conversationId: string;
  messageId: string;
  content: string;
}
export interface DeleteMessageCommand {
  conversationId: string;
  messageId: string;
}
export interface MarkReadCommand {
  conversationId: string;
  seq: number;
}
export interface ReadAck {
  ok: true;
  readSeq: number;
  unread: number;
  totalUnread: number;
}
export interface ConversationAck {
  ok: true;
  conversation: Conversation;
}
export interface Resume {
  epoch: string;
  conversations: {
    [k: string]: number;
  };
}
/**
 * `others`: my newest conversations that the client did not name; none made meanwhile is missed.
 */
export interface ResumedAck {
  ok: true;
  epoch: string;
  conversations: {
    [k: string]: Catchup;
  };
  others: Conversation[];
  totalUnread: number;
  reset: boolean;
}
/**
 * What a client that held position n needs to be whole again: either every event after n, or `reset`.
 *
 * `reset`: the gap is too long or the epoch changed: fetch the conversation anew. `gone`: deleted, or not
 * (any more) yours; the two look the same. `reads` and `unread` are as of now.
 */
export interface Catchup {
  events: LogEntry[] | null;
  reset: boolean;
  gone: boolean;
  unread: number;
  reads: {
    [k: string]: number;
  };
}
export interface RefreshToken {
  token: string;
}
export interface RefreshedAck {
  ok: true;
  expiresAt: string;
}
export interface Ready {
  userId: string;
  epoch: string;
  serverTime: string;
  limits: Limits;
  totalUnread: number;
}
/**
 * Told to the client in `ready`, so that it need not guess.
 */
export interface Limits {
  maxContentChars: number;
  maxPayloadBytes: number;
  maxPage: number;
  maxResumeConversations: number;
  maxParticipants: number;
}
export interface NewMessageNotification {
  conversationId: string;
  seq: number;
  message: Message;
  conversation: Conversation;
  totalUnread: number;
}
export interface ConversationUpdated {
  conversationId: string;
  seq: number;
  conversation: Conversation;
  totalUnread: number | null;
}
/**
 * `seq` is the position of the deletion, `messageSeq` of the message; counts are the receiver's.
 */
export interface MessageDeleted {
  conversationId: string;
  seq: number;
  messageId: string;
  messageSeq: number;
  deletedBy: string;
  unread: number | null;
  totalUnread: number | null;
}
export interface ConversationDeleted {
  conversationId: string;
  seq: number;
  deletedBy: string;
  totalUnread: number | null;
}
/**
 * `unread` and `totalUnread` only on the reader's own devices.
 */
export interface MessageRead {
  conversationId: string;
  userId: string;
  readSeq: number;
  unread: number | null;
  totalUnread: number | null;
}
export interface UserTyping {
  conversationId: string;
  userId: string;
  name: string | null;
}
export interface AuthExpiring {
  expiresAt: string;
}
export interface ServerDraining {
  reconnectInMs: number;
}
export interface Failed {
  error: ErrorBody;
  ok: false;
}
export interface ErrorBody {
  code: string;
  message: string;
  retryable: boolean;
  retryAfterMs: number | null;
}
