"""The demo: a few companies, their people and talk, and a way to be any of them. Only `serve --demo` uses it.

It has a store and a generated secret of its own in DATA_DIR, so that nobody becomes a demo person on a real server.
`seed` fills the store through the domain's verbs before the server opens it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from .auth import mint
from .config import ConfigError, Settings
from .demo_files import FILES
from .demo_story import PEOPLE, TALKS, Talk, When
from .messaging import conversations, messages, reading, users
from .messaging.attachments import Attachments
from .messaging.commands import BeginUpload, CreateConversation, SendMessage, StartConversation
from .messaging.domain import Actor, Domain
from .messaging.errors import Code, MessagingError, not_found
from .messaging.models import ConversationStatus, Profile
from .open_files import open_files
from .store import open_store
from .weak_secrets import weakness

SECRET_NAME = "demo-secret"  # noqa: S105
TOKEN_TTL_S = 12 * 3_600
_CLIENT_IDS = uuid.UUID("6c1a2f0e-8d53-4b6e-9a57-1f4f0f1f6b11")


class Demo:
    """The demo as its HTTP routes need it. `now` gives Unix seconds."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        if settings.jwt_secret is None:
            raise ValueError("the demo signs tokens, and the settings hold no secret; see with_secret")
        self._secret = settings.jwt_secret
        self._audience = settings.jwt_audience
        self._issuer = settings.jwt_issuer
        self._now = now

    @property
    def people(self) -> tuple[Profile, ...]:
        return PEOPLE

    def login(self, user_id: str) -> tuple[str, Profile, str]:
        """Return a new token, its user and when it expires; raises `not_found` for others than the demo's people."""
        person = next((person for person in PEOPLE if person.id == user_id), None)
        if person is None:
            raise not_found("person")
        now = int(self._now())
        token = mint(
            self._secret,
            person,
            TOKEN_TTL_S,
            audience=self._audience,
            issuer=self._issuer,
            now=lambda: now,
        )
        return token, person, _rfc3339(datetime.fromtimestamp(now + TOKEN_TTL_S, UTC))


def with_secret(settings: Settings) -> Settings:
    """Return the settings with a secret: the configured one, else the demo's, which is made on first use.

    The file is readable by its owner alone. Raises `ConfigError` when it cannot be made or read.
    """
    if settings.jwt_secret is not None:
        return settings
    path = settings.data_dir / SECRET_NAME
    try:
        secret = _read_or_make(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError((f"DATA_DIR: expected a directory for {path}: {error}",)) from None
    if reason := weakness(secret):
        raise ConfigError((f"DATA_DIR: {path}: {reason}; delete the file for a new one",))
    return replace(settings, jwt_secret=secret)


async def seed(settings: Settings, *, now: Callable[[], float] = time.time) -> bool:
    """Fill the demo's store, with times that lead up to now; return False when that was done before.

    A seeding that was cut short goes on where it ended: every message has a fixed clientId. No server may have the
    store open.
    """
    clock = _Clock(now())
    store = open_store(settings.database_url, clock=clock)
    await store.open()
    try:
        domain = Domain(store, _Silence())
        if await _is_seeded(domain):
            return False
        async with open_files(settings) as (blobs, inspector):
            await _tell(_Teller(domain, Attachments(domain, blobs, inspector)), clock)
        for person in PEOPLE:
            await users.seen(domain, person)
        return True
    finally:
        await store.close()


@dataclass(slots=True)
class _Clock:
    now_s: float

    def __call__(self) -> float:
        return self.now_s


class _Silence:
    """An `Emitter` for a store that nobody listens to."""

    def emit(
        self, event: str, payload: object, *, to: Sequence[str], except_rooms: Sequence[str] = ()
    ) -> None:
        return

    def reaches(self, rooms: Sequence[str], *, except_rooms: Sequence[str] = ()) -> bool:
        return False

    def end_user(self, user_id: str) -> None:
        return

    def end_token(self, token_id: str) -> None:
        return

    def leave_room(self, room: str, *, members_of: str) -> None:
        pass

    def close_room(self, room: str) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Step:
    at_s: float
    talk: Talk
    #: The line to say; None: the talk is closed.
    index: int | None


async def _is_seeded(domain: Domain) -> bool:
    """Profiles are written last, so the last of them stands for the whole."""
    last = PEOPLE[-1]
    try:
        return (await users.profile(domain, Actor(last.id), last.id)).name == last.name
    except MessagingError as error:
        if error.code is Code.NOT_FOUND:
            return False
        raise


class _Teller(NamedTuple):
    domain: Domain
    attachments: Attachments


async def _tell(teller: _Teller, clock: _Clock) -> None:
    """In the order of time over all talks, as it would have happened."""
    domain = teller.domain
    conversation_ids: dict[str, str] = {}
    began_at_s = clock.now_s
    for step in sorted(_steps(began_at_s), key=lambda step: step.at_s):
        clock.now_s = step.at_s
        talk = step.talk
        if step.index is None:
            assert talk.closed is not None
            actor, conversation_id = Actor(talk.closed[0]), conversation_ids[talk.key]
            await conversations.set_status(domain, actor, conversation_id, ConversationStatus.CLOSED)
            continue
        conversation_id, seq = await _say(teller, talk, step.index, conversation_ids.get(talk.key))
        conversation_ids[talk.key] = conversation_id
        await _read(domain, talk, step.index, conversation_id, seq)
    clock.now_s = began_at_s


def _steps(now_s: float) -> Iterator[_Step]:
    for talk in TALKS:
        for index, line in enumerate(talk.lines):
            yield _Step(_moment(now_s, line.when), talk, index)
        if talk.closed is not None:
            yield _Step(_moment(now_s, talk.closed[1]), talk, None)


async def _say(teller: _Teller, talk: Talk, index: int, conversation_id: str | None) -> tuple[str, int]:
    domain, line = teller.domain, talk.lines[index]
    actor = Actor(line.speaker)
    client_id = _client_id(f"{talk.key}/{index}")
    if conversation_id is None:
        conversation_id = await _open(domain, talk, actor, client_id)
    files = tuple([await _upload(teller.attachments, actor, talk, key) for key in line.files])
    said = SendMessage(client_id=client_id, content=line.text, attachments=files)
    sent = await messages.send(domain, actor, conversation_id, said)
    return conversation_id, sent.message.seq


async def _upload(attachments: Attachments, actor: Actor, talk: Talk, key: str) -> str:
    file = FILES[key]
    content = await asyncio.to_thread(file.make)
    begun = BeginUpload(
        client_id=_client_id(f"{talk.key}/{key}"),
        name=file.name,
        size_bytes=len(content),
        voice=file.voice,
    )
    state = (await attachments.begin(actor, begun)).state
    if not state.ready:
        await attachments.append(actor, state.id, state.offset, _part(content[state.offset :]))
    return state.id


async def _part(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _client_id(of: str) -> str:
    """The same at every seeding."""
    return str(uuid.uuid5(_CLIENT_IDS, of))


async def _open(domain: Domain, talk: Talk, actor: Actor, client_id: str) -> str:
    others = [person for person in talk.people if person != actor.user_id]
    if len(others) == 1:
        first = StartConversation(
            recipient_id=others[0], client_id=client_id, content=talk.lines[0].text, subject=talk.subject
        )
        return (await conversations.start(domain, actor, first)).sent.conversation.id
    created = CreateConversation(participant_ids=others, subject=talk.subject, title=talk.title)
    return (await conversations.create(domain, actor, created)).conversation.id


async def _read(domain: Domain, talk: Talk, index: int, conversation_id: str, seq: int) -> None:
    for person in talk.people:
        if index < len(talk.lines) - talk.unread.get(person, 0):
            await reading.mark_read(domain, Actor(person), conversation_id, seq)


def _moment(now_s: float, when: When) -> float:
    if isinstance(when, int):
        return now_s - 60 * when
    days, time_of_day = when
    day = datetime.fromtimestamp(now_s, UTC) - timedelta(days=days)
    hour, minute = time_of_day.split(":")
    return day.replace(hour=int(hour), minute=int(minute), second=17, microsecond=0).timestamp()


def _read_or_make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_hex(32)
        file.write(secret + "\n")
    return secret


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
