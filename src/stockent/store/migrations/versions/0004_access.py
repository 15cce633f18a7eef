"""Tokens that no longer count: those of a user from before a moment, and single ones."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("tokens_valid_from", sa.BigInteger()))
    op.create_table(
        "revoked_tokens",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
