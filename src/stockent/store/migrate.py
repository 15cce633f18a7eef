"""Bring a store to the newest schema: the steps under `migrations/`, all in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from stockent.messaging.ports import StoreError

from .connect import connect_writer, sqlite3

_STEPS = Path(__file__).parent / "migrations"


def upgrade(path: Path) -> None:
    """Upgrade the SQLite file. The caller holds the store's lock and no connection to the file.

    Raises `StoreError` when the file is no database of ours, was made by a newer version, or cannot be written.
    """
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    engine = _engine(path)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"{path} was made by a newer version of StockENT Messaging: {error}") from error
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"cannot bring {path} to this version's schema: {cause}") from error
    except sqlite3.Error as error:
        raise StoreError(f"cannot open {path}: {error}") from error
    finally:
        engine.dispose()


def newest_revision() -> str:
    """Of this version's schema. Revisions sort by age."""
    head = ScriptDirectory(str(_STEPS)).get_current_head()
    assert head is not None
    return head


def _engine(path: Path) -> Engine:
    """The driver begins no transaction before DDL, so the engine does: a step is done whole or not at all."""
    engine = create_engine(
        "sqlite://", module=sqlite3, creator=lambda: connect_writer(path), poolclass=NullPool
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine
