"""Lists and totals of users with many conversations: found by index, and kept as a sum. See `store.spans`."""

import sqlalchemy as sa
from alembic import op

from stockent.store.spans import SPAN_BITS, TRIGGERS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("unread", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column(
        "participants", sa.Column("active_span", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute(
        f"""
        UPDATE participants SET active_span = c.activity >> {SPAN_BITS}
        FROM conversations c WHERE c.key = conversation_key
        """
    )
    op.execute(
        """
        UPDATE users SET unread = p.unread
        FROM (SELECT user_key, sum(unread) AS unread FROM participants WHERE unread > 0 GROUP BY user_key) p
        WHERE p.user_key = users.key
        """
    )
    op.drop_index("conversations_of_user", "participants")
    op.create_index("conversations_of_user", "participants", ["user_key", "active_span"])
    op.create_index(
        "list_of_user",
        "participants",
        ["user_key", "archived", sa.text("(pinned_at IS NOT NULL)"), "active_span"],
    )
    for trigger in TRIGGERS:
        op.execute(trigger)
