"""Alembic's entry: upgrades over the connection that `stockent.store.migrate` hands in, in one transaction."""

from alembic import context

from stockent.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
