"""Structured logs for everything in the process, uvicorn's lines included, with tokens taken out.

`server` calls `configure` once at start. Modules log by `structlog.get_logger("stockent.<area>")`: an event name and
fields, never a formatted sentence. A level that is off costs a call that does nothing.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

HIDDEN = "[hidden]"
_SECRET_FIELDS = frozenset(
    {
        "token",
        "access_token",
        "accesstoken",
        "authorization",
        "cookie",
        "cookies",
        "jwt",
        "secret",
        "password",
    }
)
_SECRET_TEXT = re.compile(
    r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"
    r"|(?<=bearer )[^\s\"',;]+"
    r"|(?<=accesstoken=)[^\s\"',;&]+",
    re.IGNORECASE,
)
#: Chatty at debug and of no use to who runs the server.
_QUIET = ("asyncio", "aiohttp", "sqlalchemy", "alembic", "multipart", "httpcore", "httpx")


def configure(level: str, log_format: str, *, stream: TextIO | None = None) -> None:
    """Send every log record of the process to `stream` (standard error) as lines of `console` or `json`.

    `auto` is console on a terminal, else json. `level` holds for this project's loggers; others stay at `info` or
    above. Calling it again replaces what was set.
    """
    output = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # The fields that the standard library's loggers carry in `extra`.
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _hide_secret_fields,
                *_renderers(log_format, output),
                _hide_secret_text,
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(max(number, logging.INFO))
    logging.getLogger("stockent").setLevel(number)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderers(log_format: str, output: TextIO) -> list[Processor]:
    terminal = output.isatty()
    if log_format == "json" or (log_format == "auto" and not terminal):
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(
            colors=terminal, timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
        )
    ]


def _hide_secret_fields(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name in fields:
        if name.lower() in _SECRET_FIELDS:
            fields[name] = HIDDEN
    return fields


def _hide_secret_text(_logger: Any, _method: str, rendered: Any) -> str:
    """Last of all, over the finished line: a token inside an exception's text or an address is hidden too."""
    return _SECRET_TEXT.sub(HIDDEN, str(rendered))
