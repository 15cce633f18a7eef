/**
 * What the client knows, as plain immutable values. The shapes only: what changes them is in `happenings.ts`, and how in
 * `state.ts` and the files beside it.
 */

import type {
  TypingActivity,
  Attachment,
  Conversation,
  Limits,
  Message,
  MessageDeleted,
  MessageRef,
  Personal,
  Presence,
  Quote,
  UserSettings,
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

/** What the server keeps of a file, from whoever carried it there. */
export type ReadyFile = Omit<Attachment, 'waveform'> & { waveform: readonly number[] | null };

/** A file of a message of mine: ready, or still an upload of this page, which knows its progress. */
export interface OutgoingFile {
  uploadId: string | null;
  attachment: ReadyFile | null;
  name: string;
  sizeBytes: number;
  voice: boolean;
}

/** A message of mine that is not in the thread yet. What `forwardOf` names brings content and attachments by itself. */
export interface Outgoing {
  clientId: string;
  conversationId: string;
  content: string;
  createdAt: string;
  status: OutgoingStatus;
  attempts: number;
  error: { code: string; message: string } | null;
  replyTo: Quote | null;
  mentions: readonly string[];
  attachments: readonly OutgoingFile[];
  forwardOf: MessageRef | null;
  /** The other tab of mine that sends it; null: this one does. */
  tab: string | null;
  /** Not yet where a crash would leave it. */
  saving: boolean;
}

export interface Typist {
  userId: string;
  name: string | null;
  activity: TypingActivity;
}

/** A reaction of mine, given or taken back, that the server has not answered yet. */
export interface Reacting {
  conversationId: string;
  messageId: string;
  emoji: string;
  present: boolean;
}

/** A message of mine that is deleted at `dueAt` (by the clock of here), unless that is undone. */
export interface Deleting {
  conversationId: string;
  dueAt: number;
}

export interface PersonalChange {
  pinned?: boolean;
  archived?: boolean;
  markedUnread?: boolean;
  /** RFC 3339, or null to hear of it again. */
  mutedUntil?: string | null;
}

/** How I keep a conversation: as the server last said, and what it has not answered yet. */
export interface Keeping {
  told: Personal;
  pending: readonly { token: string; at: string; change: PersonalChange }[];
}

/** `removed`: by somebody else. `left`: by oneself, here or on another device. */
export type GoneReason = 'deleted' | 'removed' | 'left' | 'unavailable';

/** What is told of it up to `seq` is of before. */
export interface Gone {
  reason: GoneReason;
  by: string | null;
  seq: number;
}

/** What a reload would lose of what is not sent yet. */
export type Unkept = 'files' | 'all';

export interface State {
  me: string | null;
  epoch: string | null;
  connection: ConnectionState;
  limits: Limits | null;
  settings: UserSettings | null;
  /** So far is the server's clock ahead of this one. */
  aheadMs: number;
  list: ListState;
  /** The archived conversations, which are another list. */
  archive: ListState;
  conversations: Readonly<Record<string, Conversation>>;
  positions: Readonly<Record<string, Position>>;
  threads: Readonly<Record<string, Thread>>;
  outbox: readonly Outgoing[];
  unkept: Unkept | null;
  reacting: readonly Reacting[];
  /** By message. */
  deleting: Readonly<Record<string, Deleting>>;
  keeping: Readonly<Record<string, Keeping>>;
  typing: Readonly<Record<string, readonly Typist[]>>;
  /** Of the people who are watched. */
  presence: Readonly<Record<string, Presence>>;
  gone: Readonly<Record<string, Gone>>;
  /** Unread messages of conversations that are not held. */
  elsewhere: number;
  totalUnread: number;
}

const NOT_LISTED: ListState = { status: 'idle', cursor: null, error: null };

export function initialState(userId: string | null = null): State {
  return {
    me: userId,
    epoch: null,
    connection: { status: 'idle', reason: null },
    limits: null,
    settings: null,
    aheadMs: 0,
    list: NOT_LISTED,
    archive: NOT_LISTED,
    conversations: {},
    positions: {},
    threads: {},
    outbox: [],
    unkept: null,
    reacting: [],
    deleting: {},
    keeping: {},
    typing: {},
    presence: {},
    gone: {},
    elsewhere: 0,
    totalUnread: 0,
  };
}
