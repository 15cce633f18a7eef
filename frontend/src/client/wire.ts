/**
 * The wire's types, and the only file from which the rest of the page imports them. It mirrors the server's
 * definitions of models, events and commands; names and optionality are the server's, not ours to improve.
 */

export type Role = 'BUYER' | 'SELLER' | 'ADMIN';
export type ConversationKind = 'DIRECT' | 'GROUP';
export type ConversationStatus = 'ACTIVE' | 'CLOSED';
export type MessageType = 'TEXT' | 'IMAGE' | 'FILE' | 'VOICE' | 'SYSTEM';

export interface Person {
  name: string | null;
  companyName: string | null;
  country: string | null;
  avatarUrl: string | null;
}

export interface Profile extends Person {
  id: string;
  role: Role | null;
}

export interface Sender extends Person {
  id: string;
}

export interface Participant extends Person {
  userId: string;
  role: Role | null;
  readSeq: number;
  deliveredSeq: number;
}

export interface Subject {
  type: string;
  id: string;
  title: string;
  url?: string | null;
  imageUrl?: string | null;
  data?: Record<string, unknown> | null;
}

/** `seq` is the place of its creation, for order and paging; `updatedSeq` of its last change, for catch-up. */
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
  attachments: Record<string, unknown>[];
  replyTo: Record<string, unknown> | null;
  reactions: Record<string, unknown>[];
  editedAt: string | null;
  deletedAt: string | null;
}

/** A conversation as one participant sees it: `unread` is that participant's count. */
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

export interface Unread {
  total: number;
  conversations: Record<string, number>;
}

export interface ConversationPage {
  items: Conversation[];
  nextCursor: string | null;
}

export interface MessagePage {
  items: Message[];
  hasBefore: boolean;
  hasAfter: boolean;
  nextCursor: string | null;
}

// Events

export interface Limits {
  maxContentChars: number;
  maxPayloadBytes: number;
  maxPage: number;
  maxResumeConversations: number;
  maxParticipants: number;
}

export interface Ready {
  userId: string;
  epoch: string;
  serverTime: string;
  limits: Limits;
  totalUnread: number;
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
  totalUnread?: number | null;
}

/** `seq` is the place of the deletion, `messageSeq` of the message; the counts are the receiving user's. */
export interface MessageDeleted {
  conversationId: string;
  seq: number;
  messageId: string;
  messageSeq: number;
  deletedBy: string;
  unread?: number | null;
  totalUnread?: number | null;
}

export interface ConversationDeleted {
  conversationId: string;
  seq: number;
  deletedBy: string;
  totalUnread?: number | null;
}

/** `unread` and `totalUnread` come only on the reader's own devices. */
export interface MessageRead {
  conversationId: string;
  userId: string;
  readSeq: number;
  unread?: number | null;
  totalUnread?: number | null;
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

/** Durable events: each takes one place in its conversation's log. */
export interface LogEvents {
  message_received: Message;
  new_message_notification: NewMessageNotification;
  conversation_created: Conversation;
  conversation_updated: ConversationUpdated;
  message_updated: Message;
  message_deleted: MessageDeleted;
  conversation_deleted: ConversationDeleted;
}

/** Everything that the server sends. */
export interface ServerEvents extends LogEvents {
  ready: Ready;
  message_read: MessageRead;
  user_typing: UserTyping;
  user_stopped_typing: UserTyping;
  auth_expiring: AuthExpiring;
  server_draining: ServerDraining;
}

export const LOG_EVENT_NAMES = [
  'message_received',
  'new_message_notification',
  'conversation_created',
  'conversation_updated',
  'message_updated',
  'message_deleted',
  'conversation_deleted',
] as const satisfies readonly (keyof LogEvents)[];

/** One durable change as the log replays it: the event that announced it, with the state as it is now. */
export interface LogEntry {
  seq: number;
  event: string;
  payload: unknown;
}

/** What a client that held some position needs to be whole again. */
export interface Catchup {
  events: LogEntry[] | null;
  reset: boolean;
  gone: boolean;
  unread: number;
  reads: Record<string, number>;
}

// Commands

export interface ErrorBody {
  code: string;
  message: string;
  retryable: boolean;
  retryAfterMs?: number | null;
}

export interface Failed {
  ok: false;
  error: ErrorBody;
}

export interface Done {
  ok: true;
}

export interface ConversationRef {
  conversationId: string;
}

export interface JoinConversation extends ConversationRef {
  afterSeq?: number | null;
}

export interface SendMessageCommand extends ConversationRef {
  clientId: string;
  content: string;
  type?: MessageType;
}

export interface MarkReadCommand extends ConversationRef {
  seq: number;
}

export interface Resume {
  epoch: string;
  conversations: Record<string, number>;
}

export interface JoinedAck extends Done {
  conversation: Conversation;
  events: LogEntry[];
  reset: boolean;
}

export interface MessageAck extends Done {
  message: Message;
}

export interface ReadAck extends Done {
  readSeq: number;
  unread: number;
  totalUnread: number;
}

export interface ResumedAck extends Done {
  epoch: string;
  conversations: Record<string, Catchup>;
  others: Conversation[];
  totalUnread: number;
  reset: boolean;
}

export interface RefreshedAck extends Done {
  expiresAt: string;
}

/** The socket's commands that the page uses: name → what it takes and what a good ack holds. */
export interface Commands {
  join_conversation: { request: JoinConversation; ack: JoinedAck };
  leave_conversation: { request: ConversationRef; ack: Done };
  send_message: { request: SendMessageCommand; ack: MessageAck };
  mark_read: { request: MarkReadCommand; ack: ReadAck };
  typing_start: { request: ConversationRef; ack: Done };
  typing_stop: { request: ConversationRef; ack: Done };
  resume: { request: Resume; ack: ResumedAck };
  refresh_token: { request: { token: string }; ack: RefreshedAck };
}

// HTTP bodies

export interface StartConversation {
  recipientId: string;
  clientId: string;
  content: string;
  subject?: Subject | null;
}

export interface CreateConversation {
  participantIds: string[];
  subject?: Subject | null;
  title?: string | null;
}

export interface ChangeConversation {
  status?: ConversationStatus;
  title?: string | null;
}

export interface Started {
  conversation: Conversation;
  message: Message;
}

export interface ReadState {
  readSeq: number;
  unread: number;
  totalUnread: number;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  retryable: boolean;
  retryAfterMs?: number | null;
  errors?: { field: string; message: string }[];
}

/** The answer of `GET /api/session`: null for nobody, which is no error. */
export interface SignedIn {
  user: Profile | null;
  demo: boolean;
}

export interface DemoPeople {
  people: Profile[];
}

export interface DemoLogin {
  token: string;
  user: Profile;
  expiresAt: string;
}

export const MAX_CONTENT_CHARS = 5_000;
