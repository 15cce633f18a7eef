"""Alembic's steps from an empty store to the newest schema; run by `stockent.store.migrate` only."""
