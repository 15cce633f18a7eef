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
)

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
)
Index("users_by_id", users.c.id, unique=True)

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
    sqlite_with_rowid=False,
)
Index("conversations_of_user", participants.c.user_key, participants.c.conversation_key)
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
    # Set when `content` first changes, so that an honest repeat of the send is still known as one.
    Column("original_digest", String),
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

# Of each message the words, without a copy of the text: see `search_index`.
MESSAGE_WORDS = """
    CREATE VIRTUAL TABLE message_words
    USING fts5(text, content='', columnsize=0, prefix='2', tokenize='ascii')
"""


@event.listens_for(metadata, "after_create")
def _create_message_words(_: MetaData, connection: Connection, **_more: object) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(MESSAGE_WORDS)
