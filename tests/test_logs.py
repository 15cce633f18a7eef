"""The log: one line an event, in the form that was asked for, and never a token in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from stockent.auth import mint
from stockent.logs import HIDDEN, configure
from stockent.messaging.models import Profile

TOKEN = mint("b8c1f0aa53e94c61a7d2e4960f31d58c", Profile(id="ana"), 60)


@pytest.fixture
def logged() -> Iterator[Callable[..., io.StringIO]]:
    """Configures the log of the process to a text, and puts everything back."""
    names = ("", "stockent", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "aiohttp")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers, logger.level, logger.propagate) for logger in loggers]

    def start(level: str = "debug", log_format: str = "json") -> io.StringIO:
        stream = io.StringIO()
        configure(level, log_format, stream=stream)
        return stream

    yield start
    structlog.reset_defaults()
    for logger, handlers, level, propagate in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_has_event_fields_level_logger_and_time(logged: Callable[..., io.StringIO]) -> None:
    stream = logged()
    structlog.get_logger("stockent.gateway").debug("join", socket="s1", room="conversation:7")
    [line] = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "join",
        "socket": "s1",
        "room": "conversation:7",
        "level": "debug",
        "logger": "stockent.gateway",
    }


def test_fields_of_the_standard_library_are_shown_too_and_their_secrets_hidden(
    logged: Callable[..., io.StringIO],
) -> None:
    stream = logged()
    logging.getLogger("stockent.socketio").info(
        "refused: origin not allowed",
        extra={"origin": "https://evil.example", "cookie": f"accessToken={TOKEN}"},
    )
    [line] = lines(stream)
    assert line["origin"] == "https://evil.example"
    assert line["cookie"] == HIDDEN


def test_a_level_hides_what_is_below_it(logged: Callable[..., io.StringIO]) -> None:
    stream = logged("info")
    log = structlog.get_logger("stockent.gateway")
    log.debug("join")
    logging.getLogger("stockent.socketio").debug("frame")
    log.info("listening")
    assert [line["event"] for line in lines(stream)] == ["listening"]
    stream = logged("error")
    structlog.get_logger("stockent.x").warning("jwks_fetch_failed")
    assert stream.getvalue() == ""


def test_loggers_of_the_standard_library_and_of_uvicorn_go_the_same_way(
    logged: Callable[..., io.StringIO],
) -> None:
    stream = logged()
    logging.getLogger("stockent.socketio").debug("close of %s", "s1")
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    assert [(line["event"], line["logger"]) for line in lines(stream)] == [
        ("close of s1", "stockent.socketio"),
        ("Started server process [7]", "uvicorn.error"),
    ]


def test_others_are_quiet_at_debug(logged: Callable[..., io.StringIO]) -> None:
    stream = logged("debug")
    logging.getLogger("asyncio").info("Using selector")
    logging.getLogger("some.library").debug("chatter")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_token_is_hidden_wherever_it_stands(logged: Callable[..., io.StringIO], log_format: str) -> None:
    stream = logged("debug", log_format)
    log = structlog.get_logger("stockent.gateway")
    log.info("field", token="opaque-token-1", authorization="opaque-token-2", Cookie="opaque-token-3")
    log.info("text", address=f"/socket.io/?token={TOKEN}&x=1", header="Bearer opaque-token-4")
    log.info("cookie", headers={"cookie": "a=b; accessToken=opaque-token-5; c=d"})
    logging.getLogger("uvicorn.access").info('"GET /?jwt=%s HTTP/1.1" 404', TOKEN)
    try:
        raise ValueError(f"bad token {TOKEN}")
    except ValueError:
        log.exception("failed")
    text = stream.getvalue()
    assert text.count(HIDDEN) >= 8
    assert "opaque-token" not in text
    for part in TOKEN.split("."):
        assert part not in text
    assert "bad token" in text


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_a_client_sent_cannot_forge_a_line(logged: Callable[..., io.StringIO], log_format: str) -> None:
    stream = logged("debug", log_format)
    structlog.get_logger("stockent.gateway").info("receive", command="x\n2026-01-01 [info] forged\x1b[31m")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_auto_is_json_where_there_is_no_terminal(logged: Callable[..., io.StringIO]) -> None:
    stream = logged("info", "auto")
    structlog.get_logger("stockent.x").info("listening")
    assert lines(stream)[0]["event"] == "listening"
    console = logged("info", "console")
    structlog.get_logger("stockent.y").info("listening", port=5001)
    assert "listening" in console.getvalue()
    assert "port=5001" in console.getvalue()
