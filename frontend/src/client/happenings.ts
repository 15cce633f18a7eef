/** Everything that changes the state, as events: what the server said, and what happened on this side. */

import type { ConnectionStatus, Outgoing, OutgoingFile, PageMode, PersonalChange, ReadyFile, Unkept } from './model';
import type {
  Catchup,
  Conversation,
  ConversationPage,
  LogEntry,
  Message,
  MessagePage,
  MessageRef,
  Personal,
  Presence,
  Quote,
  ReadState,
  ServerEvents,
  UserSettings,
} from './wire';

type Named<Events> = { [Name in keyof Events]: { type: Name; payload: Events[Name] } }[keyof Events];

/** What the server said. */
export type ServerEvent = Named<Omit<ServerEvents, 'auth_expiring' | 'server_draining'>>;

/** What a person gives to be sent. */
export interface ToSend {
  clientId: string;
  conversationId: string;
  content: string;
  at: string;
  replyTo?: Quote | null;
  mentions?: readonly string[];
  attachments?: readonly OutgoingFile[];
  forwardOf?: MessageRef | null;
  saving?: boolean;
}

/** What happened on this side: requests, their answers, and the person's own doing. */
export type LocalEvent =
  | { type: 'identified'; userId: string }
  | { type: 'clock'; aheadMs: number }
  | { type: 'connection'; status: ConnectionStatus; reason?: string | null }
  | { type: 'list_requested'; archived?: boolean }
  | { type: 'list_loaded'; page: ConversationPage; archived?: boolean }
  | { type: 'list_failed'; error: string; archived?: boolean }
  | { type: 'conversations_found'; conversations: readonly Conversation[] }
  | { type: 'conversation_loaded'; conversation: Conversation; anew?: boolean }
  | { type: 'conversation_unavailable'; conversationId: string }
  | { type: 'page_requested'; conversationId: string; mode: PageMode }
  | { type: 'page_loaded'; conversationId: string; mode: PageMode; page: MessagePage }
  | { type: 'page_failed'; conversationId: string; error: string }
  | { type: 'page_forgiven'; conversationId: string }
  | { type: 'thread_left'; conversationId: string; keep: number }
  /** The window became too long: what is around `seq` is kept, or its end. */
  | { type: 'thread_cut'; conversationId: string; seq: number | null }
  | { type: 'log_read'; conversationId: string; entries: readonly LogEntry[] }
  | { type: 'caught_up'; conversationId: string; after: number; catchup: Catchup }
  | { type: 'restarted'; epoch: string; totalUnread: number }
  | { type: 'resumed'; others: readonly Conversation[]; elsewhere: number | null }
  | { type: 'read'; conversationId: string; seq: number }
  | { type: 'read_confirmed'; conversationId: string; read: ReadState }
  | ({ type: 'send' } & ToSend)
  | { type: 'upload_ready'; uploadId: string; attachment: ReadyFile }
  | { type: 'upload_failed'; uploadId: string; error: { code: string; message: string } }
  | { type: 'sending'; clientId: string }
  /** No answer, or “later, please”: then with the reason. */
  | { type: 'unanswered'; clientId: string; error?: { code: string; message: string } | null }
  | { type: 'confirmed'; clientId: string; message: Message }
  | { type: 'failed'; clientId: string; error: { code: string; message: string } }
  | { type: 'retry'; clientId: string }
  | { type: 'discard'; clientId: string }
  | { type: 'outbox_restored'; outbox: readonly Outgoing[] }
  /** As the tab that sends it has it. */
  | { type: 'outbox_told'; outgoing: Outgoing }
  | { type: 'outbox_saved'; clientId: string }
  | { type: 'unkept'; what: Unkept }
  | { type: 'reacting'; conversationId: string; messageId: string; emoji: string; present: boolean }
  /** `message` is null where the server refused. */
  | { type: 'reacted'; messageId: string; emoji: string; message: Message | null }
  | { type: 'delete_requested'; conversationId: string; messageId: string; dueAt: number }
  /** Undone, refused or done: then `message` is what is left of it. */
  | { type: 'delete_settled'; messageId: string; message: Message | null }
  | { type: 'keeping'; conversationId: string; token: string; at: string; change: PersonalChange }
  /** `personal` is null where the server refused. */
  | { type: 'kept'; conversationId: string; token: string; personal: Personal | null }
  | { type: 'presences'; presences: readonly Presence[] }
  | { type: 'settings'; settings: UserSettings };

export type StateEvent = ServerEvent | LocalEvent;
