"""Users, conversations, participants, messages, and the log of changes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("key", KEY, primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("company_name", sa.String()),
        sa.Column("country", sa.String()),
        sa.Column("avatar_url", sa.String()),
        sa.Column("role", sa.String()),
        sa.Column("search", sa.String(), nullable=False, server_default=""),
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("users_by_id", "users", ["id"], unique=True)
    op.create_table(
        "conversations",
        sa.Column("key", KEY, primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("last_message_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("activity", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("creator_key", KEY, sa.ForeignKey("users.key"), nullable=False),
        sa.Column("deleted_at", sa.String()),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("title", sa.String()),
        sa.Column("search", sa.String(), nullable=False, server_default=""),
    )
    op.create_index("conversations_by_id", "conversations", ["id"], unique=True)
    op.create_index(
        "one_conversation_of_the_same_people_and_subject",
        "conversations",
        ["identity"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "subjects",
        sa.Column("conversation_key", KEY, sa.ForeignKey("conversations.key"), primary_key=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_table(
        "participants",
        sa.Column("conversation_key", KEY, sa.ForeignKey("conversations.key"), primary_key=True),
        sa.Column("user_key", KEY, sa.ForeignKey("users.key"), primary_key=True),
        sa.Column("read_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("delivered_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column(
            "unread", sa.BigInteger(), sa.CheckConstraint("unread >= 0"), nullable=False, server_default="0"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("conversations_of_user", "participants", ["user_key", "conversation_key"])
    op.create_index(
        "unread_of_user",
        "participants",
        ["user_key", "conversation_key", "unread"],
        sqlite_where=sa.text("unread > 0"),
        postgresql_where=sa.text("unread > 0"),
    )
    op.create_table(
        "messages",
        sa.Column("key", KEY, primary_key=True),
        sa.Column("conversation_key", KEY, sa.ForeignKey("conversations.key"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_seq", sa.BigInteger(), nullable=False),
        sa.Column("sender_key", KEY, sa.ForeignKey("users.key"), nullable=False),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
        sa.Column("edited_at", sa.String()),
        sa.Column("deleted_at", sa.String()),
        sa.Column("original_digest", sa.String()),
    )
    op.create_index("messages_by_seq", "messages", ["conversation_key", "seq"], unique=True)
    op.create_index("one_message_of_a_client_id", "messages", ["sender_key", "client_key"], unique=True)
    op.create_table(
        "changes",
        sa.Column("conversation_key", KEY, sa.ForeignKey("conversations.key"), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("message_seq", sa.BigInteger()),
        sa.Column("actor_key", KEY, sa.ForeignKey("users.key"), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
