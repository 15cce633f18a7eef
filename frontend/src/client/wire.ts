/**
 * The wire's types, and the only file from which the rest of the page imports them. They are the server's own,
 * generated; here they get the names that this client uses, and what a generated type cannot say.
 */

import type { components } from './generated/api';
import type { Conversation, Message, Sender, SocketWire } from './generated/socket';

export type {
  Activity as TypingActivity,
  ActiveStatus,
  Attachment,
  AttachmentKind,
  SystemEvent,
  Catchup,
  ChangePersonalCommand,
  ChangeSettings,
  Conversation,
  ConversationStatus,
  ErrorBody,
  Failed,
  GroupRole,
  JoinedAck,
  Limits,
  LogEntry,
  Marks,
  Message,
  MessageDeleted,
  MessageDelivered,
  MessageRead,
  MessageRef,
  MessageType,
  MessageVersion,
  NewMessageNotification,
  Participant,
  ParticipantRemoved,
  Personal,
  PersonalChanged,
  Presence,
  PresenceStatus,
  Quote,
  QuotedSender,
  Reaction,
  Ready,
  ResumedAck,
  Role,
  SendMessageCommand,
  Sender,
  ServerDraining,
  Subject,
  SystemNote,
  UserSettings,
  UserTyping,
} from './generated/socket';

type Schemas = components['schemas'];

export type Profile = Schemas['Profile'];
export type Person = Omit<Sender, 'id'>;
export type SharedFile = Schemas['SharedFile'];
export type SharedFilePage = Schemas['SharedFilePage'];
export type Unread = Schemas['Unread'];
export type ReadState = Schemas['ReadState'];
export type Problem = Schemas['Problem'];
export type CreateConversation = Schemas['CreateConversation'];
export type ChangeConversation = Schemas['ChangeConversation'];
export type StartConversation = Schemas['StartConversation'];
export type NewSubject = Schemas['Subject'];
export type MessageHistory = Schemas['MessageHistory'];
export type DemoPeople = Schemas['DemoPeople'];
export type DemoSession = Schemas['DemoSession'];
/** Who a request speaks for: null for nobody, which is no error. */
export type WhoAmI = Schemas['Session'];

/** What both ways bring is one type here. */
export type ConversationPage = Omit<Schemas['ConversationPage'], 'items'> & { items: Conversation[] };
export type MessagePage = Omit<Schemas['MessagePage'], 'items'> & { items: Message[] };
export interface Started {
  conversation: Conversation;
  message: Message;
}

/** Everything that the server sends. */
export type ServerEvents = SocketWire['events'];

/** Durable events: each takes one place in its conversation's log. */
export type LogEvents = Pick<
  ServerEvents,
  | 'message_received'
  | 'new_message_notification'
  | 'conversation_created'
  | 'conversation_updated'
  | 'message_updated'
  | 'message_deleted'
  | 'conversation_deleted'
>;

/** The socket's commands: name → what it takes and what a good ack holds. */
export type Commands = SocketWire['commands'];

/** The server's limit, told in `ready` too. */
export const MAX_CONTENT_CHARS = 5_000;
