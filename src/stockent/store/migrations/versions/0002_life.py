"""Receipts, presence, settings, reactions, versions, attachments, groups, and how each person keeps a conversation."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add("users", _flag("share_presence", on=True), _flag("send_receipts", on=True), _text("last_seen_at"))
    _add("conversations", _flag("history_visible"))
    _add(
        "participants",
        _number("shown_read_seq"),
        _text("read_at"),
        _text("delivered_at"),
        _number("visible_after"),
        _number("joined_seq"),
        _text("group_role"),
        _text("pinned_at"),
        _text("muted_until"),
        _flag("archived"),
        _flag("marked_unread"),
    )
    _add("messages", sa.Column("extra", sa.Text()), _flag("reacted"))
    op.execute("UPDATE participants SET shown_read_seq = read_seq")
    op.execute("UPDATE participants SET delivered_seq = read_seq WHERE delivered_seq < read_seq")
    op.execute(
        """
        UPDATE participants SET group_role = CASE WHEN user_key = (
            SELECT creator_key FROM conversations WHERE key = conversation_key) THEN 'OWNER' ELSE 'MEMBER' END
        WHERE conversation_key IN (SELECT key FROM conversations WHERE kind = 'GROUP')
        """
    )
    _create_reactions_and_versions()
    _create_attachments()


def _create_reactions_and_versions() -> None:
    op.create_table(
        "reactions",
        *_of_message(),
        sa.Column("emoji", sa.String(), primary_key=True),
        sa.Column("user_key", KEY, sa.ForeignKey("users.key"), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "versions",
        *_of_message(),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )


def _create_attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("key", KEY, primary_key=True),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner_key", KEY, sa.ForeignKey("users.key"), nullable=False),
        sa.Column("client_key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        _flag("voice"),
        sa.Column("document", sa.Text()),
        _text("thumbnail_type"),
        _flag("ready"),
        sa.Column("created_at", sa.String(), nullable=False),
        _text("touched_at"),
    )
    op.create_index("attachments_by_id", "attachments", ["id"], unique=True)
    op.create_index("one_attachment_of_a_client_id", "attachments", ["owner_key", "client_key"], unique=True)
    for name, column in (("attachments_by_touch", "touched_at"), ("unshown_attachments", "owner_key")):
        op.create_index(
            name,
            "attachments",
            [column],
            sqlite_where=sa.text("touched_at IS NOT NULL"),
            postgresql_where=sa.text("touched_at IS NOT NULL"),
        )
    op.create_table(
        "message_attachments",
        sa.Column("attachment_key", KEY, sa.ForeignKey("attachments.key"), primary_key=True),
        *_of_message(),
        sqlite_with_rowid=False,
    )
    op.create_index("attachments_of_message", "message_attachments", ["conversation_key", "message_seq"])


def _add(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column)


def _of_message() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return (
        sa.Column("conversation_key", KEY, sa.ForeignKey("conversations.key"), primary_key=True),
        sa.Column("message_seq", sa.BigInteger(), primary_key=True),
    )


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _flag(name: str, *, on: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true() if on else sa.false())


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String())
