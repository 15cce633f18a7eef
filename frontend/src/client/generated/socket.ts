// Made from docs/socket-schema.json by `npm run types`. Do not edit.
/* eslint-disable -- the generators have a style of their own */

export type ConversationKind = 'DIRECT' | 'GROUP';
export type ConversationStatus = 'ACTIVE' | 'CLOSED';
export type Role = 'ADMIN' | 'BUYER' | 'SELLER';
/**
 * In groups: an owner may add, remove and promote people.
 */
export type GroupRole = 'MEMBER' | 'OWNER';
export type MessageType = 'FILE' | 'IMAGE' | 'SYSTEM' | 'TEXT' | 'VOICE';
export type AttachmentKind = 'FILE' | 'IMAGE' | 'VOICE';
/**
 * What happened in a group. The message's sender did it; see `messaging.notices` for the sentences.
 */
export type SystemEvent =
  'added' | 'history_hidden' | 'history_shown' | 'left' | 'made_member' | 'made_owner' | 'removed' | 'renamed';
export type Activity = 'recording' | 'typing';
export type ActiveStatus = 'away' | 'online';
export type PresenceStatus = 'away' | 'offline' | 'online';
export type SearchSort = 'newest' | 'relevance';

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
      request: MessageRef;
      ack: MessageAck;
    };
    message_history: {
      request: MessageRef;
      ack: HistoryAck;
    };
    add_reaction: {
      request: ReactCommand;
      ack: MessageAck;
    };
    remove_reaction: {
      request: ReactCommand;
      ack: MessageAck;
    };
    mark_read: {
      request: MarkReadCommand;
      ack: ReadAck;
    };
    mark_delivered: {
      request: MarkDeliveredCommand;
      ack: Done;
    };
    typing_start: {
      request: TypingCommand | string;
      ack: Done;
    };
    typing_stop: {
      request: ConversationRef | string;
      ack: Done;
    };
    set_presence: {
      request: SetPresence;
      ack: Done;
    };
    watch_presence: {
      request: WatchPresence;
      ack: PresencesAck;
    };
    change_settings: {
      request: ChangeSettings;
      ack: SettingsAck;
    };
    create_conversation: {
      request: CreateConversation;
      ack: ConversationAck;
    };
    change_conversation: {
      request: ChangeConversationCommand | string;
      ack: ConversationAck;
    };
    change_personal: {
      request: ChangePersonalCommand | string;
      ack: ConversationAck;
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
    add_participants: {
      request: AddParticipantsCommand;
      ack: ConversationAck;
    };
    remove_participant: {
      request: RemoveParticipantCommand;
      ack: ConversationAck;
    };
    set_group_role: {
      request: SetGroupRoleCommand;
      ack: ConversationAck;
    };
    leave_group: {
      request: ConversationRef | string;
      ack: Done;
    };
    search_messages: {
      request: SearchMessages;
      ack: SearchedAck;
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
    message_delivered: MessageDelivered;
    participant_removed: ParticipantRemoved;
    personal_changed: PersonalChanged;
    presence_changed: Presence;
    settings_changed: UserSettings;
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
 * A conversation as one participant sees it: `unread` and `personal` are that participant's.
 *
 * `historyVisible`: who is added to the group sees what was said before.
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
  personal: Personal;
  historyVisible: boolean;
}
/**
 * What the conversation is about, such as a product; `type` and `id` identify it.
 */
export interface Subject {
  type: string;
  id: string;
  title: string;
  url?: string | null;
  imageUrl?: string | null;
  data?: {
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
  readAt: string | null;
  deliveredAt: string | null;
  groupRole: GroupRole | null;
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
  attachments: Attachment[];
  replyTo: Quote | null;
  reactions: Reaction[];
  mentions: string[];
  forwarded: boolean;
  system: SystemNote | null;
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
 * `width` and `height` in pixels, of images; `waveform` 64 values of 0 to 100, of voice messages.
 *
 * `mediaType` is what the content is, whatever its name says. `url` and `thumbnailUrl` are paths of this server, open
 * to participants only.
 */
export interface Attachment {
  id: string;
  kind: AttachmentKind;
  name: string;
  mediaType: string;
  sizeBytes: number;
  url: string;
  width: number | null;
  height: number | null;
  durationMs: number | null;
  waveform: number[] | null;
  thumbnailUrl: string | null;
}
/**
 * The message that is answered, as it is now: `content` is its beginning, empty once it is deleted.
 */
export interface Quote {
  messageId: string;
  seq: number;
  sender: QuotedSender;
  type: MessageType;
  content: string;
  deleted: boolean;
}
export interface QuotedSender {
  id: string;
  name: string | null;
}
/**
 * One emoji and who gave it, latest first.
 */
export interface Reaction {
  emoji: string;
  count: number;
  users: QuotedSender[];
}
/**
 * What a SYSTEM message tells, for showing it in the reader's words; `content` says it in English.
 *
 * `users`: to whom it was done; of `left` who became an owner by it. `title`: of `renamed`, null if it was taken away.
 */
export interface SystemNote {
  event: SystemEvent;
  users: QuotedSender[];
  title: string | null;
}
/**
 * How one participant keeps a conversation. `mutedUntil` may lie in the past: then it is not muted.
 */
export interface Personal {
  pinnedAt: string | null;
  mutedUntil: string | null;
  archived: boolean;
  markedUnread: boolean;
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
  content?: string;
  type?: MessageType | null;
  /**
   * @maxItems 100
   */
  attachments?: string[];
  replyTo?: string | null;
  /**
   * @maxItems 100
   */
  mentions?: string[];
  forwardOf?: MessageRef | null;
}
export interface MessageRef {
  conversationId: string;
  messageId: string;
}
export interface MessageAck {
  ok: true;
  message: Message;
}
export interface EditMessageCommand {
  content: string;
  mentions?: string[] | null;
  conversationId: string;
  messageId: string;
}
export interface HistoryAck {
  ok: true;
  versions: MessageVersion[];
}
/**
 * A text that a message had, from `at` on.
 */
export interface MessageVersion {
  content: string;
  at: string;
}
export interface ReactCommand {
  conversationId: string;
  messageId: string;
  emoji: string;
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
/**
 * How far each conversation has come to this device.
 */
export interface MarkDeliveredCommand {
  conversations: {
    [k: string]: number;
  };
}
export interface TypingCommand {
  conversationId: string;
  activity?: Activity;
}
export interface SetPresence {
  status: ActiveStatus;
}
/**
 * Replaces whom this socket watched before. Who shares no conversation with me is left out of the ack.
 */
export interface WatchPresence {
  /**
   * @maxItems 200
   */
  userIds: string[];
}
export interface PresencesAck {
  ok: true;
  presences: Presence[];
}
/**
 * `lastSeenAt` is told of people who are offline; null for those who hide it and for those never seen.
 */
export interface Presence {
  userId: string;
  status: PresenceStatus;
  lastSeenAt: string | null;
}
export interface ChangeSettings {
  sharePresence?: boolean | null;
  sendReadReceipts?: boolean | null;
}
export interface SettingsAck {
  ok: true;
  settings: UserSettings;
}
/**
 * What a person lets others know. Their own devices know all the same.
 */
export interface UserSettings {
  sharePresence: boolean;
  sendReadReceipts: boolean;
}
export interface CreateConversation {
  /**
   * @minItems 1
   * @maxItems 100
   */
  participantIds: [string, ...string[]];
  subject?: Subject | null;
  title?: string | null;
  kind?: ConversationKind | null;
  historyVisible?: boolean;
}
export interface ConversationAck {
  ok: true;
  conversation: Conversation;
}
export interface ChangeConversationCommand {
  status?: ConversationStatus | null;
  title?: string | null;
  historyVisible?: boolean | null;
  conversationId: string;
}
export interface ChangePersonalCommand {
  pinned?: boolean | null;
  archived?: boolean | null;
  markedUnread?: boolean | null;
  mutedUntil?: string | null;
  conversationId: string;
}
export interface AddParticipantsCommand {
  /**
   * @minItems 1
   * @maxItems 100
   */
  userIds: [string, ...string[]];
  conversationId: string;
}
export interface RemoveParticipantCommand {
  conversationId: string;
  userId: string;
}
export interface SetGroupRoleCommand {
  conversationId: string;
  userId: string;
  role: GroupRole;
}
/**
 * Words, a filter, or both. `after` and `before`: a date, which is its first moment in UTC, or a date-time.
 *
 * Text is checked by the verb, which tells the field and what was expected.
 */
export interface SearchMessages {
  q?: string | null;
  from?: string | null;
  conversationId?: string | null;
  after?: string | null;
  before?: string | null;
  hasAttachments?: boolean | null;
  sort?: SearchSort;
  cursor?: string | null;
  limit?: number;
}
export interface SearchedAck {
  ok: true;
  items: SearchHit[];
  nextCursor: string | null;
}
/**
 * `highlights` is empty where only the name of an attachment, or a filter, met the message.
 */
export interface SearchHit {
  message: Message;
  conversation: SearchConversation;
  highlights: Highlight[];
}
/**
 * Enough of a conversation to name it beside a hit.
 */
export interface SearchConversation {
  id: string;
  kind: ConversationKind;
  title: string | null;
  subject: Subject | null;
  participants: Sender[];
  participantCount: number;
}
/**
 * A place in `content` that the search met: UTF-16 code units, as JavaScript counts, from `start` up to `end`.
 */
export interface Highlight {
  start: number;
  end: number;
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
 * (any more) yours; the two look the same. `reads`, `marks`, `unread` and `personal` are as
 * of now; `reads` is the `readSeq` of the marks.
 */
export interface Catchup {
  events: LogEntry[] | null;
  reset: boolean;
  gone: boolean;
  unread: number;
  reads: {
    [k: string]: number;
  };
  marks: {
    [k: string]: Marks;
  };
  personal: Personal;
}
/**
 * How far one participant is, and since when.
 */
export interface Marks {
  readSeq: number;
  readAt: string | null;
  deliveredSeq: number;
  deliveredAt: string | null;
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
  settings: UserSettings;
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
  maxAttachments: number;
  maxAttachmentBytes: number;
  maxVoiceMs: number;
  editWindowMs: number | null;
  deleteWindowMs: number | null;
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
  readAt: string | null;
  unread: number | null;
  totalUnread: number | null;
}
/**
 * All up to `deliveredSeq` has come to one of the user's devices.
 */
export interface MessageDelivered {
  conversationId: string;
  userId: string;
  deliveredSeq: number;
  deliveredAt: string;
}
/**
 * To the removed person's own sockets, the last that they hear of the conversation.
 *
 * Who left by themselves was removed by themselves.
 */
export interface ParticipantRemoved {
  conversationId: string;
  seq: number;
  userId: string;
  removedBy: string;
  totalUnread: number;
}
/**
 * To one's own devices: how one keeps the conversation now. It has no `seq`: it is nobody else's business.
 */
export interface PersonalChanged {
  conversationId: string;
  personal: Personal;
}
export interface UserTyping {
  conversationId: string;
  userId: string;
  name: string | null;
  activity: Activity;
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
