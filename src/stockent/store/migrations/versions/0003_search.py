"""The index of the search. The messages that are there already follow in the background: see `store.search_index`."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE VIRTUAL TABLE message_words"
        " USING fts5(text, content='', columnsize=0, prefix='2', tokenize='ascii')"
    )
