"""The embedded store: one SQLite file, group commit, reads beside it. Implements `messaging.ports.Store`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import UNSET, UnsetType

from stockent.messaging.errors import MessagingError
from stockent.messaging.models import (
    Conversation,
    ConversationPage,
    ConversationStatus,
    MessagePage,
    Profile,
    Unread,
)
from stockent.messaging.ports import (
    Changed,
    Created,
    Greeting,
    Joined,
    NewConversation,
    NewMessage,
    Read,
    Resumed,
    Sent,
    Started,
    StoreError,
)
from stockent.messaging.search import SearchPage, SearchQuery

from . import changes, gaps, queries
from .attachments import AttachmentsFamily
from .barring import BarringFamily
from .caches import Caches, Members
from .checking import refuse_damaged
from .connect import OLDEST_SQLITE, connect_reader, connect_writer, sqlite3
from .greeting import Greetings
from .groups import GroupsFamily
from .ids import new_id
from .lock import FileLock, claim
from .marks import ReadMark
from .migrate import upgrade
from .personal import PersonalFamily
from .plan import Kind
from .presence import PresenceFamily
from .reactions import ReactionsFamily
from .readers import Readers
from .receipts import ReceiptsFamily
from .search_query import search
from .tails import prove_membership, read_tail
from .writer import Writer, WriterFigures

#: Whose connection a statement runs on.
Role = Literal["writer", "reader"]


class SqliteStore(
    AttachmentsFamily,
    BarringFamily,
    GroupsFamily,
    PersonalFamily,
    PresenceFamily,
    ReactionsFamily,
    ReceiptsFamily,
):
    """See `Store` for what each method owes. `clock` gives the time of day in seconds since the epoch."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._lock: FileLock | None = None
        #: Public for their figures; see `caches` for the rules.
        self.caches = Caches()
        self._barred = self.caches.barred
        super().__init__(Writer(lambda: connect_writer(path), clock, self.caches.apply))
        self._greetings = Greetings(self._read)
        self._epoch = ""

    @property
    def epoch(self) -> str:
        return self._epoch

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        connection, readers = await asyncio.to_thread(self._claim_and_connect)
        readers.start(loop)
        self._readers = readers
        self._writer.start(connection, loop)

    async def close(self) -> None:
        """Readers go first: the last connection to close folds the log into the file, and that is the writer's."""
        if self._readers is not None:
            await self._readers.close()
        await self._writer.stop()
        self.caches.forget_conversations()
        if self._lock is not None:
            self._lock.release()

    async def ping(self) -> None:
        await self._read(lambda connection: queries.value(connection, "SELECT 1"))
        await self._write(None, lambda tx: None)

    @property
    def figures(self) -> WriterFigures:
        return self._writer.figures

    @property
    def waiting_writes(self) -> int:
        return self._writer.waiting

    @property
    def is_indexing(self) -> bool:
        """Whether there may be messages that the search does not find yet."""
        return self._writer.indexing.is_behind

    def trace(self, tell: Callable[[Role, str], object] | None) -> None:
        """Have `tell` called with each statement when it begins: for tests and for looking into a store.

        It is called on the store's threads. What SQLite runs for itself within a statement is left out, and so are
        the writer's own steps of indexing. Without it nothing is spent on it.
        """
        assert self._readers is not None
        self._writer.on_statement = _telling(tell, "writer")
        self._readers.trace(_telling(tell, "reader"))

    # users

    async def save_profile(self, profile: Profile) -> None:
        if not self._is_stored(profile):
            await self._save(profile)

    async def greet(self, profile: Profile) -> Greeting:
        if self._is_stored(profile):
            return await self._greetings.of(profile.id)
        return await self._save(profile)

    async def greeting(self, user_id: str) -> Greeting:
        return await self._greetings.of(user_id)

    def _is_stored(self, profile: Profile) -> bool:
        stored = self.caches.profiles.get(profile.id)
        return stored is not None and profile in (stored, Profile(id=profile.id))

    async def _save(self, profile: Profile) -> Greeting:
        # Under a key of its own, not None: it stands in nobody's way, so sends around it still go as one set.
        greeting: Greeting = await self._writer.submit(Kind.PROFILE, f"profile {profile.id}", profile)
        return greeting

    async def profile(self, user_id: str, *, seen_by: str) -> Profile:
        if user_id == seen_by and (mine := self.caches.profiles.get(user_id)) is not None:
            return mine
        return await self._read(lambda connection: queries.profile(connection, user_id, seen_by))

    # conversations

    async def create_conversation(self, new: NewConversation) -> Created:
        return await self._write(None, lambda tx: changes.create_conversation(tx, new))

    async def conversation(self, conversation_id: str, *, user_id: str) -> Conversation:
        return await self._read(lambda connection: queries.conversation(connection, conversation_id, user_id))

    async def conversations(
        self,
        *,
        user_id: str,
        cursor: str | None,
        limit: int,
        status: ConversationStatus | None,
        unread: bool | None,
        q: str | None,
        archived: bool = False,
    ) -> ConversationPage:
        return await self._read(
            lambda connection: queries.conversations(
                connection,
                user_id=user_id,
                cursor=cursor,
                limit=limit,
                status=status,
                unread=unread,
                archived=archived,
                q=q,
            )
        )

    async def change_conversation(
        self,
        conversation_id: str,
        *,
        user_id: str,
        status: ConversationStatus | None = None,
        title: str | UnsetType | None = UNSET,
        history_visible: bool | None = None,
    ) -> Changed:
        return await self._write(
            conversation_id,
            lambda tx: changes.change_conversation(
                tx, conversation_id, user_id, status, title, history_visible
            ),
        )

    async def delete_conversation(self, conversation_id: str, *, user_id: str) -> Changed:
        return await self._write(
            conversation_id, lambda tx: changes.delete_conversation(tx, conversation_id, user_id)
        )

    async def check_access(self, conversation_id: str, *, user_id: str) -> tuple[str, ...]:
        members = self.caches.members.get(conversation_id)
        if members is None or user_id not in members:
            # Also where it is known here that they do not: a quick refusal would tell that there is something.
            members = await self._find_members(conversation_id, user_id)
        return tuple(members)

    async def _find_members(self, conversation_id: str, user_id: str) -> Members:
        since = self.caches.now
        _, members = await self._read(
            lambda connection: prove_membership(connection, conversation_id, user_id)
        )
        self.caches.keep(conversation_id, since, members)
        return members

    # messages

    async def send(self, new: NewMessage) -> Sent:
        sent: Sent = await self._writer.submit(Kind.SEND, new.conversation_id, new)
        return sent

    async def start(self, conversation: NewConversation, message: NewMessage) -> Started:
        return await self._write(None, lambda tx: changes.start(tx, conversation, message))

    async def edit(
        self,
        conversation_id: str,
        message_id: str,
        *,
        user_id: str,
        content: str,
        mentions: tuple[str, ...] | None = None,
        within_s: float | None = None,
    ) -> Changed:
        return await self._write(
            conversation_id,
            lambda tx: changes.edit(tx, conversation_id, message_id, user_id, content, mentions, within_s),
        )

    async def delete_message(
        self, conversation_id: str, message_id: str, *, user_id: str, within_s: float | None = None
    ) -> Changed:
        return await self._write(
            conversation_id,
            lambda tx: changes.delete_message(tx, conversation_id, message_id, user_id, within_s),
        )

    async def messages(
        self,
        conversation_id: str,
        *,
        user_id: str,
        before: int | None,
        after: int | None,
        around: int | None,
        limit: int,
    ) -> MessagePage:
        if before is after is around is None:
            return await self._newest(conversation_id, user_id, limit)
        return await self._read(
            lambda connection: queries.messages(
                connection,
                conversation_id,
                user_id=user_id,
                before=before,
                after=after,
                around=around,
                limit=limit,
            )
        )

    async def _newest(self, conversation_id: str, user_id: str, limit: int) -> MessagePage:
        page = self.caches.page(conversation_id, user_id, limit)
        if page is None:
            since = self.caches.now
            members, tail = await self._read(
                lambda connection: read_tail(connection, conversation_id, user_id, limit)
            )
            page = tail.page(members[user_id], limit)
            assert page is not None
            self.caches.keep(conversation_id, since, members, tail)
        return page

    async def search(self, query: SearchQuery, *, user_id: str) -> SearchPage:
        if self.is_indexing:
            with suppress(MessagingError):  # what is not indexed yet is missed; the rest is found
                await self._writer.submit(Kind.INDEX, "search", None)
        return await self._read(lambda connection: search(connection, query, user_id))

    # reading

    async def mark_read(self, conversation_id: str, *, user_id: str, seq: int) -> Read:
        mark = ReadMark(conversation_id, user_id, seq)
        read: Read = await self._writer.submit(Kind.MARK, conversation_id, mark)
        return read

    async def unread(self, user_id: str) -> Unread:
        return await self._read(lambda connection: queries.unread(connection, user_id))

    # catching up

    async def conversation_since(
        self, conversation_id: str, *, user_id: str, after_seq: int | None
    ) -> Joined:
        return await self._read(
            lambda connection: gaps.conversation_since(connection, conversation_id, user_id, after_seq)
        )

    async def resume(self, user_id: str, positions: Mapping[str, int]) -> Resumed:
        return await self._read(lambda connection: gaps.resume(connection, user_id, positions))

    def _claim_and_connect(self) -> tuple[sqlite3.Connection, Readers]:
        """Lock, migrate, connect: the writer's connection is the first to the file, and all others only read."""
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            oldest = ".".join(map(str, OLDEST_SQLITE))
            raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old: expected {oldest} or later")
        self._lock = claim(self.path)
        try:
            refuse_damaged(self.path)
            upgrade(self.path)
            connection = connect_writer(self.path)
            self._epoch = _epoch(connection, self._clock())
            self._barred.load(connection)
            readers = Readers(lambda: connect_reader(self.path))
        except sqlite3.Error as error:
            self._lock.release()
            raise StoreError(f"cannot open {self.path}: {error}") from error
        except BaseException:
            self._lock.release()
            raise
        return connection, readers


def _telling(tell: Callable[[Role, str], object] | None, role: Role) -> Callable[[str], object] | None:
    """SQLite tells each run of a trigger too, as the statement that fired it."""
    if tell is None:
        return None
    former = ""

    def told(sql: str) -> None:
        nonlocal former
        if sql.startswith("--") or (
            sql == former and sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))
        ):
            return
        former = sql
        tell(role, sql)

    return told


def _epoch(connection: sqlite3.Connection, now_s: float) -> str:
    connection.execute(
        "INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT DO NOTHING", (new_id(now_s),)
    )
    [(epoch,)] = connection.execute("SELECT value FROM meta WHERE key = 'epoch'")
    return str(epoch)
