/**
 * What the client knows, as plain immutable values, and the events that change it. The shapes only: how an event
 * changes them is in `state.ts`, `log.ts` and `thread.ts`.
 */

import type {
  Catchup,
  Conversation,
  ConversationPage,
  LogEntry,
  Message,
  MessageDeleted,
  MessagePage,
  ReadState,
  ServerEvents,
} from './wire';

export type ConnectionStatus = 'idle' | 'connecting' | 'online' | 'reconnecting' | 'offline' | 'refused';

/** `refused`: the server wants another token. `offline`: the device has no network. */
export interface ConnectionState {
  status: ConnectionStatus;
  reason: string | null;
}

export interface ListState {
  status: 'idle' | 'loading' | 'loaded' | 'failed';
  cursor: string | null;
  error: string | null;
}

export type PageMode = 'replace' | 'before' | 'after';

/**
 * A contiguous window of one conversation's messages, by `seq`.
 *
 * `missed` keeps what happened while a page is on its way, because the page may have been read before it.
 */
export interface Thread {
  messages: readonly Message[];
  hasBefore: boolean;
  hasAfter: boolean;
  loaded: boolean;
  loading: PageMode | null;
  error: string | null;
  missed: readonly Change[];
}

/** One change of a thread. */
export type Change =
  | { kind: 'created'; message: Message }
  | { kind: 'updated'; message: Message }
  | { kind: 'deleted'; deletion: MessageDeleted };

/** One place in a conversation's log, however it was learned. `whole` may be newer than `seq`, never older. */
export interface Step {
  conversationId: string;
  seq: number;
  change: Change | null;
  whole: Conversation | null;
  unread: number | null;
  totalUnread: number | null;
  /** It may be an edit of any message: only the log knows which. */
  opaque: boolean;
}

/**
 * How far a conversation's log is held without a hole. Steps that came early wait in `ahead`; `behind` says that a
 * catch-up is needed.
 */
export interface Position {
  seq: number;
  ahead: readonly Step[];
  behind: boolean;
}

export type OutgoingStatus = 'waiting' | 'sending' | 'sent' | 'failed';

/** A message of mine that is not in the thread yet. */
export interface Outgoing {
  clientId: string;
  conversationId: string;
  content: string;
  createdAt: string;
  status: OutgoingStatus;
  attempts: number;
  error: { code: string; message: string } | null;
}

export interface Typist {
  userId: string;
  name: string | null;
}

export type GoneReason = 'deleted' | 'unavailable';

export interface State {
  me: string | null;
  epoch: string | null;
  connection: ConnectionState;
  list: ListState;
  conversations: Readonly<Record<string, Conversation>>;
  positions: Readonly<Record<string, Position>>;
  threads: Readonly<Record<string, Thread>>;
  outbox: readonly Outgoing[];
  typing: Readonly<Record<string, readonly Typist[]>>;
  gone: Readonly<Record<string, { reason: GoneReason; by: string | null }>>;
  /** Unread messages of conversations that are not held. */
  elsewhere: number;
  totalUnread: number;
}

type Named<Events> = { [Name in keyof Events]: { type: Name; payload: Events[Name] } }[keyof Events];

/** What the server said. */
export type ServerEvent = Named<Omit<ServerEvents, 'auth_expiring' | 'server_draining'>>;

/** What happened on this side: requests, their answers, and the person's own doing. */
export type LocalEvent =
  | { type: 'identified'; userId: string }
  | { type: 'connection'; status: ConnectionStatus; reason?: string | null }
  | { type: 'list_requested' }
  | { type: 'list_loaded'; page: ConversationPage }
  | { type: 'list_failed'; error: string }
  | { type: 'conversations_found'; conversations: readonly Conversation[] }
  | { type: 'conversation_loaded'; conversation: Conversation; anew?: boolean }
  | { type: 'conversation_unavailable'; conversationId: string }
  | { type: 'page_requested'; conversationId: string; mode: PageMode }
  | { type: 'page_loaded'; conversationId: string; mode: PageMode; page: MessagePage }
  | { type: 'page_failed'; conversationId: string; error: string }
  | { type: 'page_forgiven'; conversationId: string }
  | { type: 'thread_left'; conversationId: string; keep: number }
  | { type: 'log_read'; conversationId: string; entries: readonly LogEntry[] }
  | { type: 'caught_up'; conversationId: string; after: number; catchup: Catchup }
  | { type: 'restarted'; epoch: string; totalUnread: number }
  | { type: 'resumed'; others: readonly Conversation[]; elsewhere: number | null }
  | { type: 'read'; conversationId: string; seq: number }
  | { type: 'read_confirmed'; conversationId: string; read: ReadState }
  | { type: 'send'; clientId: string; conversationId: string; content: string; at: string }
  | { type: 'sending'; clientId: string }
  | { type: 'unanswered'; clientId: string }
  | { type: 'confirmed'; clientId: string; message: Message }
  | { type: 'failed'; clientId: string; error: { code: string; message: string } }
  | { type: 'retry'; clientId: string }
  | { type: 'discard'; clientId: string }
  | { type: 'outbox_restored'; outbox: readonly Outgoing[] };

export type StateEvent = ServerEvent | LocalEvent;

export function initialState(userId: string | null = null): State {
  return {
    me: userId,
    epoch: null,
    connection: { status: 'idle', reason: null },
    list: { status: 'idle', cursor: null, error: null },
    conversations: {},
    positions: {},
    threads: {},
    outbox: [],
    typing: {},
    gone: {},
    elsewhere: 0,
    totalUnread: 0,
  };
}
