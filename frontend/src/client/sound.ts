/**
 * Whether what came over the network has the form that it must have to be worked with. What has not is dropped: a
 * proxy's or a newer server's odd event must not end the page.
 */

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const seq: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** A name that is a key of a record, and none that every object has. */
const id: Check = (value) => typeof value === 'string' && value !== '' && !(value in Object.prototype);
const orNull = (check: Check): Check => (value) => value === null || check(value);
const maybe = (check: Check): Check => (value) => value === null || value === undefined || check(value);
const list = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);

function shape(fields: Record<string, Check>): Check {
  const checks = Object.entries(fields);
  return (value) => typeof value === 'object' && value !== null && checks.every(([name, check]) => check((value as Record<string, unknown>)[name]));
}

const person = shape({ id: text });
const quote = shape({ messageId: text, seq, sender: person, content: text });
const message = shape({
  id,
  conversationId: id,
  seq,
  updatedSeq: seq,
  clientId: text,
  type: text,
  content: text,
  sender: person,
  createdAt: text,
  attachments: list(shape({ id: text })),
  replyTo: orNull(quote),
  reactions: list(shape({ emoji: text, users: list(person) })),
  mentions: list(text),
  editedAt: orNull(text),
  deletedAt: orNull(text),
});
const personal = shape({ pinnedAt: orNull(text), mutedUntil: orNull(text), archived: flag, markedUnread: flag });
const conversation = shape({
  id,
  kind: text,
  status: text,
  seq,
  participants: list(shape({ userId: text, readSeq: seq, readAt: orNull(text), deliveredSeq: seq, deliveredAt: orNull(text) })),
  lastMessage: orNull(message),
  unread: seq,
  updatedAt: text,
  personal,
});
const settings = shape({ sharePresence: flag, sendReadReceipts: flag });
const typist = shape({ conversationId: id, userId: id, activity: text });

const FORMS: Readonly<Record<string, Check>> = {
  ready: shape({ userId: text, epoch: text, limits: shape({}), settings, totalUnread: seq }),
  message_received: message,
  new_message_notification: shape({ conversationId: id, seq, message, conversation, totalUnread: seq }),
  conversation_created: conversation,
  conversation_updated: shape({ conversationId: id, seq, conversation, totalUnread: maybe(seq) }),
  message_updated: message,
  message_deleted: shape({ conversationId: id, seq, messageId: text, messageSeq: seq, unread: maybe(seq) }),
  conversation_deleted: shape({ conversationId: id, seq }),
  message_read: shape({ conversationId: id, userId: text, readSeq: seq, readAt: orNull(text), unread: maybe(seq), totalUnread: maybe(seq) }),
  message_delivered: shape({ conversationId: id, userId: text, deliveredSeq: seq, deliveredAt: text }),
  participant_removed: shape({ conversationId: id, seq, userId: text, removedBy: text, totalUnread: seq }),
  personal_changed: shape({ conversationId: id, personal }),
  presence_changed: shape({ userId: id, status: text }),
  settings_changed: settings,
  user_typing: typist,
  user_stopped_typing: typist,
};

/** What is no event of the server's is sound: it was made here. */
export function isSound(name: string, payload: unknown): boolean {
  return !Object.hasOwn(FORMS, name) || (FORMS[name]?.(payload) ?? true);
}
