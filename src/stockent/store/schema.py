"""The tables, one schema for SQLite and for PostgreSQL. Migrations bring a store to it; a test holds them equal.

The wire's ids are text; rows refer to each other by integer keys, which keeps the indexes small: of what a send
costs, most is the index pages that it touches. Times are RFC 3339 text as the wire shows them. `changes` is the log
of what a conversation went through besides its messages; a message's own row is the log entry of its creation.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
    false,
    text,
    true,
)

from .spans import TRIGGERS

metadata = MetaData()

#: On SQLite only a column of exactly this type is the row's own number.
Key = BigInteger().with_variant(Integer, "sqlite")

meta = Table(
    "meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False)
)

users = Table(
    "users",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", String, nullable=False),
    Column("name", String),
    Column("company_name", String),
    Column("country", String),
    Column("avatar_url", String),
    Column("role", String),
    # Name and company without case and accents.
    Column("search", String, nullable=False, server_default=""),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("share_presence", Boolean, nullable=False, server_default=true()),
    Column("send_receipts", Boolean, nullable=False, server_default=true()),
    Column("last_seen_at", String),
    # Unix seconds: tokens that were issued before are void. Null while nobody signed the user out.
    Column("tokens_valid_from", BigInteger),
    # The sum of `participants.unread`; kept by triggers.
    Column("unread", BigInteger, nullable=False, server_default="0"),
)
Index("users_by_id", users.c.id, unique=True)

# Tokens that are void, by their `jti`, until they expire (Unix seconds).
revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

conversations = Table(
    "conversations",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("status", String, nullable=False),
    Column("last_seq", BigInteger, nullable=False, server_default="0"),
    Column("last_message_seq", BigInteger, nullable=False, server_default="0"),
    # Microseconds of the newest message or of the creation; rises with every batch, whatever the clock does.
    Column("activity", BigInteger, nullable=False),
    Column("updated_at", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("creator_key", Key, ForeignKey("users.key"), nullable=False),
    Column("deleted_at", String),
    # Digest of who takes part and on which subject: the same people and subject are the same conversation.
    Column("identity", String, nullable=False),
    Column("title", String),
    # Title and subject's title without case and accents.
    Column("search", String, nullable=False, server_default=""),
    # Of a group: who is added sees what was said before.
    Column("history_visible", Boolean, nullable=False, server_default=false()),
)
Index("conversations_by_id", conversations.c.id, unique=True)
Index(
    "one_conversation_of_the_same_people_and_subject",
    conversations.c.identity,
    unique=True,
    sqlite_where=text("deleted_at IS NULL"),
    postgresql_where=text("deleted_at IS NULL"),
)

# Apart from `conversations`, whose row every send rewrites.
subjects = Table(
    "subjects",
    metadata,
    Column("conversation_key", Key, ForeignKey("conversations.key"), primary_key=True),
    Column("type", String, nullable=False),
    Column("id", String, nullable=False),
    Column("document", Text, nullable=False),
)

# A row is the right to read and write; deleting a conversation deletes its rows here.
participants = Table(
    "participants",
    metadata,
    Column("conversation_key", Key, ForeignKey("conversations.key"), primary_key=True),
    Column("user_key", Key, ForeignKey("users.key"), primary_key=True),
    Column("read_seq", BigInteger, nullable=False, server_default="0"),
    Column("delivered_seq", BigInteger, nullable=False, server_default="0"),
    Column("unread", BigInteger, CheckConstraint("unread >= 0"), nullable=False, server_default="0"),
    # How far others see that the participant read: behind `read_seq` of who sends no receipts.
    Column("shown_read_seq", BigInteger, nullable=False, server_default="0"),
    Column("read_at", String),
    Column("delivered_at", String),
    # Messages up to here are from before the participant's time, and not theirs to see.
    Column("visible_after", BigInteger, nullable=False, server_default="0"),
    # `last_seq` when the participant came: the order of standing.
    Column("joined_seq", BigInteger, nullable=False, server_default="0"),
    Column("group_role", String),
    Column("pinned_at", String),
    Column("muted_until", String),
    Column("archived", Boolean, nullable=False, server_default=false()),
    Column("marked_unread", Boolean, nullable=False, server_default=false()),
    # The span of time (see `spans`) in which the conversation was last active; kept by triggers.
    Column("active_span", BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
Index("conversations_of_user", participants.c.user_key, participants.c.active_span)
# In the order of the list, but for that within one span.
Index(
    "list_of_user",
    participants.c.user_key,
    participants.c.archived,
    text("(pinned_at IS NOT NULL)"),
    participants.c.active_span,
)
Index(
    "unread_of_user",
    participants.c.user_key,
    participants.c.conversation_key,
    participants.c.unread,
    sqlite_where=text("unread > 0"),
    postgresql_where=text("unread > 0"),
)

messages = Table(
    "messages",
    metadata,
    Column("key", Key, primary_key=True),
    Column("conversation_key", Key, ForeignKey("conversations.key"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("updated_seq", BigInteger, nullable=False),
    Column("sender_key", Key, ForeignKey("users.key"), nullable=False),
    # The UUID as digits, for comparing; `client_id` is how the client wrote it.
    Column("client_key", String, nullable=False),
    Column("client_id", String, nullable=False),
    # Holds `seq` (see `ids`), so a message is found by its id without an index on it.
    Column("id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at", String, nullable=False),
    Column("edited_at", String),
    Column("deleted_at", String),
    # Of the whole body as it was sent: set at once for one with extras, else when `content` first changes, so that an
    # honest repeat of the send is still known as one.
    Column("original_digest", String),
    # JSON: `attachments` as the wire shows them, `replyTo` (a seq), `mentions`, `forwarded`, `system`.
    Column("extra", Text),
    Column("reacted", Boolean, nullable=False, server_default=false()),
)
Index("messages_by_seq", messages.c.conversation_key, messages.c.seq, unique=True)
Index("one_message_of_a_client_id", messages.c.sender_key, messages.c.client_key, unique=True)

changes = Table(
    "changes",
    metadata,
    Column("conversation_key", Key, ForeignKey("conversations.key"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("kind", String, nullable=False),
    Column("message_seq", BigInteger),
    Column("actor_key", Key, ForeignKey("users.key"), nullable=False),
    Column("at", String, nullable=False),
    sqlite_with_rowid=False,
)

reactions = Table(
    "reactions",
    metadata,
    Column("conversation_key", Key, ForeignKey("conversations.key"), primary_key=True),
    Column("message_seq", BigInteger, primary_key=True),
    Column("emoji", String, primary_key=True),
    Column("user_key", Key, ForeignKey("users.key"), primary_key=True),
    # Of the change that brought it: the order of reactions.
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Texts that messages had before; the present one is the message's own.
versions = Table(
    "versions",
    metadata,
    Column("conversation_key", Key, ForeignKey("conversations.key"), primary_key=True),
    Column("message_seq", BigInteger, primary_key=True),
    # Of the change that replaced it.
    Column("seq", BigInteger, primary_key=True),
    Column("content", Text, nullable=False),
    Column("at", String, nullable=False),
    sqlite_with_rowid=False,
)

# An upload, then a file that messages may show. A row whose file no message shows is removed after a time.
attachments = Table(
    "attachments",
    metadata,
    Column("key", Key, primary_key=True),
    Column("id", String, nullable=False),
    Column("owner_key", Key, ForeignKey("users.key"), nullable=False),
    Column("client_key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("voice", Boolean, nullable=False, server_default=false()),
    # The file as the wire shows it; null until the upload is whole and its content was judged.
    Column("document", Text),
    Column("thumbnail_type", String),
    # Its bytes are kept: it may be sent and read.
    Column("ready", Boolean, nullable=False, server_default=false()),
    Column("created_at", String, nullable=False),
    # When the upload last moved; null while a message shows the file, and long ago when none does any more. What the
    # removal goes by.
    Column("touched_at", String),
)
Index("attachments_by_id", attachments.c.id, unique=True)
Index("one_attachment_of_a_client_id", attachments.c.owner_key, attachments.c.client_key, unique=True)
Index(
    "attachments_by_touch",
    attachments.c.touched_at,
    sqlite_where=text("touched_at IS NOT NULL"),
    postgresql_where=text("touched_at IS NOT NULL"),
)
Index(
    "unshown_attachments",
    attachments.c.owner_key,
    sqlite_where=text("touched_at IS NOT NULL"),
    postgresql_where=text("touched_at IS NOT NULL"),
)

# Which messages show a file: who may read one of these messages may have the file.
message_attachments = Table(
    "message_attachments",
    metadata,
    Column("attachment_key", Key, ForeignKey("attachments.key"), primary_key=True),
    Column("conversation_key", Key, ForeignKey("conversations.key"), primary_key=True),
    Column("message_seq", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
Index(
    "attachments_of_message",
    message_attachments.c.conversation_key,
    message_attachments.c.message_seq,
)


# Of each message the words, without a copy of the text: see `search_index`.
MESSAGE_WORDS = """
    CREATE VIRTUAL TABLE message_words
    USING fts5(text, content='', columnsize=0, prefix='2', tokenize='ascii')
"""


@event.listens_for(metadata, "after_create")
def _create_what_sqlite_alone_has(_: MetaData, connection: Connection, **_more: object) -> None:
    if connection.dialect.name == "sqlite":
        for statement in (MESSAGE_WORDS, *TRIGGERS):
            connection.exec_driver_sql(statement)
