// All SQL of the replaced stack. Each statement has a name, so that node-postgres prepares it once for a connection.
import pg from "pg";

const NEWEST = "9223372036854775807";

/** Where PostgreSQL is stands in PGHOST, PGUSER and PGDATABASE. Ten connections, the default: 5 or 20 made no difference. */
export const openPool = () => new pg.Pool();

const statement = (name, text) => (database, ...values) => database.query({ name, text, values });

const selectConversation = statement(
  "conversation",
  "SELECT id, buyer_id, seller_id FROM conversations WHERE id = $1 AND $2 IN (buyer_id, seller_id)",
);

const insertMessage = statement(
  "message",
  `INSERT INTO messages (conversation_id, sender_id, client_id, content) VALUES ($1, $2, $3, $4)
   RETURNING id, conversation_id, sender_id, client_id, content, created_at`,
);

const updateConversation = statement(
  "last_message",
  `UPDATE conversations SET last_message_id = $2, last_message_at = $3,
     buyer_unread = buyer_unread + (buyer_id <> $4)::integer,
     seller_unread = seller_unread + (seller_id <> $4)::integer
   WHERE id = $1`,
);

const selectPage = statement(
  "page",
  `SELECT id, conversation_id, sender_id, client_id, content, created_at FROM messages
   WHERE conversation_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
);

const selectConversations = statement(
  "list",
  `SELECT mine.id, mine.unread, mine.last_message_at, other.id AS other_id, other.name AS other_name,
     message.id AS message_id, message.sender_id, message.client_id, message.content, message.created_at
   FROM (
     SELECT id, seller_id AS other_id, buyer_unread AS unread, last_message_id, last_message_at
     FROM conversations WHERE buyer_id = $1
     UNION ALL
     SELECT id, buyer_id, seller_unread, last_message_id, last_message_at
     FROM conversations WHERE seller_id = $1
     ORDER BY last_message_at DESC LIMIT $2
   ) mine
   JOIN users other ON other.id = mine.other_id
   LEFT JOIN messages message ON message.id = mine.last_message_id
   ORDER BY mine.last_message_at DESC`,
);

const selectUnread = statement(
  "unread",
  `SELECT id, buyer_unread AS unread FROM conversations WHERE buyer_id = $1 AND buyer_unread > 0
   UNION ALL
   SELECT id, seller_unread FROM conversations WHERE seller_id = $1 AND seller_unread > 0`,
);

const insertUsers = statement(
  "users",
  "INSERT INTO users (id, name) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING",
);

const insertConversation = statement(
  "conversation_created",
  "INSERT INTO conversations (buyer_id, seller_id) VALUES ($1, $2) RETURNING id",
);

const messageOf = (row) => ({
  id: row.id,
  conversationId: row.conversation_id,
  seq: Number(row.id),
  clientId: row.client_id,
  senderId: row.sender_id,
  content: row.content,
  createdAt: row.created_at,
});

const listedOf = (row) => ({
  id: row.id,
  participant: { userId: row.other_id, name: row.other_name },
  lastMessage:
    row.message_id === null ? null : messageOf({ ...row, id: row.message_id, conversation_id: row.id }),
  unread: row.unread,
  updatedAt: row.last_message_at,
});

/** The conversation if `userId` is one of its two, else undefined. */
export async function conversationOf(pool, id, userId) {
  const { rows } = await selectConversation(pool, id, userId);
  return rows[0];
}

/** Durable once this returns. A transaction around the two took two more round trips: 11 – 18 % fewer messages a second. */
export async function addMessage(pool, conversation, senderId, clientId, content) {
  const { rows } = await insertMessage(pool, conversation.id, senderId, clientId, content);
  await updateConversation(pool, conversation.id, rows[0].id, rows[0].created_at, senderId);
  return messageOf(rows[0]);
}

/** At most `limit` messages before the position `before`, newest first. */
export async function messagesOf(pool, conversation, before, limit) {
  const { rows } = await selectPage(pool, conversation.id, before ?? NEWEST, limit);
  return rows.map(messageOf);
}

/** The user's conversations, newest activity first. */
export async function conversationsOf(pool, userId, limit) {
  const { rows } = await selectConversations(pool, userId, limit);
  return rows.map(listedOf);
}

export async function unreadOf(pool, userId) {
  const { rows } = await selectUnread(pool, userId);
  const conversations = Object.fromEntries(rows.map((row) => [row.id, row.unread]));
  return { total: rows.reduce((total, row) => total + row.unread, 0), conversations };
}

/** A conversation of `buyer` with `sellerId`, whom the table of users gets to know by it. */
export async function createConversation(pool, buyer, sellerId) {
  await insertUsers(pool, [buyer.id, sellerId], [buyer.name, sellerId]);
  const { rows } = await insertConversation(pool, buyer.id, sellerId);
  return { id: rows[0].id, participantIds: [buyer.id, sellerId] };
}
