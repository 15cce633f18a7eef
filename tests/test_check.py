"""`stockent check`, run for real: it is green where the server keeps its word, and names the step where it does not.

The servers that do not are real ones with one thing wired wrongly; the check itself is never touched.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from stockent import server
from stockent.check import run_check
from stockent.check.plan import STEPS
from stockent.check.report import Report
from stockent.config import Settings
from stockent.demo import with_secret
from stockent.demo_story import PEOPLE
from stockent.gateway import SocketEmitter
from stockent.messaging import presence
from stockent.messaging.conversations import listing
from stockent.messaging.domain import Actor, Domain
from stockent.messaging.errors import MessagingError
from stockent.messaging.models import Conversation
from stockent.messaging.ports import Read, Resumed
from stockent.server import bind, node
from stockent.store.sqlite import SqliteStore
from tests.gateway.place import SECRET, listening

TITLES = [step.title for step in STEPS]


class Running(NamedTuple):
    url: str
    domain: Domain

    async def conversations_of(self, user_id: str) -> list[Conversation]:
        """Without their people: what has come to whose device, a check may move."""
        actor = Actor(user_id)
        page = await listing(self.domain, actor, cursor=None, limit=200, status=None, unread=None, q=None)
        return [replace(conversation, participants=[]) for conversation in page.items]


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers inside the test take somebody for gone sooner, so that a check need not wait."""
    monkeypatch.setattr(presence, "GRACE_S", 0.2)


@asynccontextmanager
async def running(data_dir: Path, *, demo: bool = False, **environ: str) -> AsyncIterator[Running]:
    """A server inside the test."""
    environ |= {"DATA_DIR": str(data_dir)} | ({} if demo else {"JWT_SECRET": SECRET})
    settings = Settings.load(environ, demo=demo)
    settings = with_secret(settings) if demo else settings
    with bind("127.0.0.1", 0) as sock:
        async with node(settings, sock, demo=demo) as built, listening(built, sock):
            yield Running(f"http://127.0.0.1:{built.port}", built.domain)


async def check(url: str, environ: Mapping[str, str]) -> tuple[int, str]:
    """The exit code and the output of a check against a running server; it brings an event loop of its own."""
    out = io.StringIO()
    code = await asyncio.to_thread(run_check, url, environ=environ, out=out)
    return code, out.getvalue()


def marks(output: str) -> dict[str, str]:
    """Step → ✓, ✗ or –."""
    found = {}
    for line in output.splitlines():
        if line[:2] in ("✓ ", "✗ ", "– "):
            title = re.sub(r"\s+([0-9,]+ ms|not run)$", "", line[2:])
            found[title] = line[0]
    return found


async def child(*arguments: str, **environ: str) -> asyncio.subprocess.Process:
    """The command as a user gives it."""
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "stockent",
        "check",
        *arguments,
        env=inherited | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def test_it_starts_a_server_of_its_own_and_passes_every_step() -> None:
    process = await child()
    output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0, text
    assert marks(text) == dict.fromkeys(TITLES, "✓")
    assert f"{len(TITLES)} passed, 0 failed, 0 not run" in text
    assert "\x1b" not in text


async def test_it_passes_against_a_running_server_and_leaves_nothing_there(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        code, output = await check(served.url, {"JWT_SECRET": SECRET})
        assert code == 0, output
        assert set(marks(output).values()) == {"✓"}
        again, _ = await check(served.url + "/", {"JWT_SECRET": SECRET})
        assert again == 0


@pytest.mark.parametrize(
    "environ", [{}, {"JWT_SECRET": "of another server, " * 3}], ids=["none", "another's"]
)
async def test_it_passes_against_a_demo_as_its_people_without_the_secret(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    async with running(tmp_path, demo=True) as served:
        code, output = await check(served.url, environ)
        assert code == 0, output
        assert marks(output) == dict.fromkeys(TITLES, "✓")


async def test_it_signs_for_the_audience_and_as_the_issuer_that_the_server_asks_for(tmp_path: Path) -> None:
    issuer = "https://id.example.com"
    async with running(tmp_path, JWT_AUDIENCE="stockent", JWT_ISSUER=issuer) as served:
        asked = {"JWT_SECRET": SECRET, "JWT_AUDIENCE": "stockent", "JWT_ISSUER": issuer}
        assert (await check(served.url, asked))[0] == 0
        code, output = await check(served.url, {"JWT_SECRET": SECRET})
    assert code == 1
    expect_only_failure(output, "people sign in with their tokens", passed=TITLES[:1])


async def test_without_a_way_to_sign_in_it_says_what_is_needed(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        code, output = await check(served.url, {})
    assert code == 1
    assert "JWT_SECRET in the environment as the server has it, or a server with --demo" in output
    expect_only_failure(output, "people sign in with their tokens", passed=TITLES[:1])


async def test_with_a_wrong_secret_it_says_so(tmp_path: Path) -> None:
    async with running(tmp_path) as served:
        code, output = await check(served.url, {"JWT_SECRET": "of another server, " * 3})
    assert code == 1
    assert "accepts a token signed with JWT_SECRET of this environment" in output
    expect_only_failure(output, "people sign in with their tokens", passed=TITLES[:1])


async def test_where_nobody_listens_the_first_step_fails_and_no_other_runs(free_port: int) -> None:
    code, output = await check(f"http://127.0.0.1:{free_port}", {"JWT_SECRET": SECRET})
    assert code == 1
    expect_only_failure(output, "the server is alive and ready", passed=[])


@pytest.mark.parametrize("url", ["", "here", "ftp://127.0.0.1", "http://", "http://a:99999", "http://a/b?c"])
async def test_an_address_that_is_none_is_refused_before_anything_runs(url: str) -> None:
    code, output = await check(url, {})
    assert code == 2
    assert "--url: expected an address such as" in output
    assert not marks(output)


class NoExceptions(SocketEmitter):
    """Forgets whom to leave out: sockets in the room hear of a message twice."""

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        super().emit(event, payload, to=to)


class ToEveryone(SocketEmitter):
    """Takes every room for everybody's."""

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        super().emit(event, payload, to=(), except_rooms=except_rooms)


class Twice(SocketEmitter):
    """Emits each event once more."""

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        super().emit(event, payload, to=to, except_rooms=except_rooms)
        super().emit(event, payload, to=to, except_rooms=except_rooms)


class Lingering(SocketEmitter):
    """Leaves those who were removed where they are."""

    def leave_room(self, room: str, *, members_of: str) -> None:
        pass


def without(event_lost: str) -> type[SocketEmitter]:
    class Loses(SocketEmitter):
        def emit(
            self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
        ) -> None:
            if event != event_lost:
                super().emit(event, payload, to=to, except_rooms=except_rooms)

    return Loses


@pytest.mark.parametrize(
    ("emitter", "failed", "shown"),
    [
        (
            NoExceptions,
            "a message sent over HTTP arrives once everywhere",
            "got       message_received once, conversation_updated once",
        ),
        (
            ToEveryone,
            "a new conversation appears for everyone in it",
            "got       conversation_created twice",
        ),
        (Twice, "a new conversation appears for everyone in it", "hears conversation_created once"),
        (
            without("message_received"),
            "a message sent over HTTP arrives once everywhere",
            "buyer's open thread (websocket) hears message_received once",
        ),
        (
            without("message_read"),
            "reading lowers the counts on all devices",
            "hears message_read once",
        ),
        (without("message_delivered"), "a delivery shows to those who look", "hears message_delivered once"),
        (
            without("user_typing"),
            "typing and recording show to all who take part",
            "hears user_typing once",
        ),
        (
            without("presence_changed"),
            "people who share a conversation see each other",
            "buyer's open thread (websocket): presence_changed",
        ),
        (
            without("conversation_deleted"),
            "a deleted conversation is gone for everyone",
            "hears conversation_deleted once",
        ),
        (
            Lingering,
            "who is removed hears and finds nothing any more",
            "outsider's socket (websocket) hears participant_removed once",
        ),
    ],
    ids=[
        "no exceptions",
        "to everyone",
        "twice",
        "no message",
        "no read mark",
        "no delivery",
        "no typing",
        "no presence",
        "no deletion",
        "no removal",
    ],
)
async def test_it_names_the_step_in_which_the_wrong_sockets_hear(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    emitter: type[SocketEmitter],
    failed: str,
    shown: str,
) -> None:
    monkeypatch.setattr(server, "SocketEmitter", emitter)
    async with running(tmp_path) as served:
        code, output = await check(served.url, {"JWT_SECRET": SECRET})
    assert code == 1
    assert shown in output, output
    steps = list(marks(output).values())
    assert steps.index("✗") == TITLES.index(failed), output
    assert set(steps[: TITLES.index(failed)]) == {"✓"}
    assert output.rsplit("\n", 2)[1].startswith(f"failed: {failed}")


class OpenDoors(SqliteStore):
    """Takes everybody for a participant where only access is asked for."""

    async def check_access(self, conversation_id: str, *, user_id: str) -> tuple[str, ...]:
        try:
            return await super().check_access(conversation_id, user_id=user_id)
        except MessagingError:
            return (user_id,)


class TellsReadings(SqliteStore):
    """Shows others how far somebody read, whatever they set."""

    async def mark_read(self, conversation_id: str, *, user_id: str, seq: int) -> Read:
        return (await super().mark_read(conversation_id, user_id=user_id, seq=seq))._replace(shown=True)


class LosesTheLast(SqliteStore):
    """Gives every gap but its last event."""

    async def resume(self, user_id: str, positions: Mapping[str, int]) -> Resumed:
        resumed = await super().resume(user_id, positions)
        cut = {
            cid: replace(caught, events=caught.events[:-1]) if caught.events else caught
            for cid, caught in resumed.conversations.items()
        }
        return resumed._replace(conversations=cut)


@pytest.mark.parametrize(
    ("store", "failed", "shown"),
    [
        (OpenDoors, "an outsider finds nothing", "typing_start by outsider's socket"),
        (TellsReadings, "a reading that is kept back shows to oneself only", "got       message_read once"),
        (LosesTheLast, "a cut connection resumes with exactly the gap", "the gap after"),
    ],
    ids=["open doors", "tells readings", "loses the last"],
)
async def test_it_names_the_step_in_which_the_store_gives_too_much_or_too_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: type[SqliteStore], failed: str, shown: str
) -> None:
    monkeypatch.setattr(server, "open_store", lambda _url: store(tmp_path / "stockent.db"))
    async with running(tmp_path) as served:
        code, output = await check(served.url, {"JWT_SECRET": SECRET})
    assert code == 1
    assert shown in output, output
    assert [title for title, mark in marks(output).items() if mark == "✗"] == [failed], output


async def test_steps_that_need_a_failed_one_are_not_run_and_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SocketEmitter", without("new_message_notification"))
    async with running(tmp_path) as served:
        _, output = await check(served.url, {"JWT_SECRET": SECRET})
    found = marks(output)
    assert found.keys() == set(TITLES)
    assert found["a message sent over HTTP arrives once everywhere"] == "✗"
    assert found["a message sent over a socket arrives once everywhere"] == "–"
    assert found["typing and recording show to all who take part"] == "✓"


@pytest.mark.parametrize("emitter", [SocketEmitter, Twice], ids=["passed", "failed"])
async def test_it_deletes_the_conversations_that_it_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, emitter: type[SocketEmitter]
) -> None:
    monkeypatch.setattr(server, "SocketEmitter", emitter)
    async with running(tmp_path, demo=True) as served:
        person = PEOPLE[0].id
        before = await served.conversations_of(person)
        code, _ = await check(served.url, {})
        assert code == (0 if emitter is SocketEmitter else 1)
        assert await served.conversations_of(person) == before != []


async def test_a_server_that_does_not_start_is_told_with_its_last_lines() -> None:
    process = await child(LOG_LEVEL="loud")
    output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 1
    assert "the server did not start: it ended" in text
    assert "LOG_LEVEL: expected one of debug, info, warning, error" in text


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupt_ends_it_and_the_server_that_it_started(stop: signal.Signals) -> None:
    process = await child()
    assert process.stdout is not None
    head = (await process.stdout.readline()).decode()
    address = re.search(r"127\.0\.0\.1:([0-9]+)", head)
    assert address is not None, head
    process.send_signal(stop)
    rest = (await process.stdout.read()).decode()
    assert await process.wait() == 130, head + rest
    assert "interrupted" in rest
    assert "Traceback" not in rest
    with pytest.raises(OSError):
        await asyncio.open_connection("127.0.0.1", int(address[1]))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_whose_user_does_not_forbid_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def reported(out: io.StringIO) -> bool:
        report = Report(out, width=4)
        report.pass_step("step", 1.0)
        report.fail_step("step", 1.0, "this", "that")
        return "\x1b[" in out.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert reported(Terminal())
    assert not reported(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not reported(Terminal())


def expect_only_failure(output: str, failed: str, *, passed: Sequence[str]) -> None:
    rest = dict.fromkeys(TITLES, "–")
    assert marks(output) == rest | dict.fromkeys(passed, "✓") | {failed: "✗"}
    assert output.endswith(f"failed: {failed}\n")
