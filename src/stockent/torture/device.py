"""A device of a user: the client that docs/delivery.md describes, made to be cut off, stopped and crashed.

It keeps an outbox and sends the same `clientId` until it is acked or refused; it comes back with its positions, closes
gaps, and applies single steps. What it does and hears stands in the history; here nothing is judged. What it does next
is told by `acts`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random

from . import history, wire
from .outbox import Draft, Outbox
from .requests import NoAnswer, Requests
from .terminal import Pending, Terminal
from .view import Step, View
from .wire import Ack, Entry, News, Read
from .world import Talk, World

RETRY_S = 0.25
#: One's own messages that may be edited and deleted, and sends that may be repeated.
REMEMBERED = 64
#: Of the conversations of a user, those that a device looks at.
LOOKED_AT_SHARE = 0.8


class Device(Terminal):
    """`act` is called when there is room for one more thing to do; it returns False if nothing can be done now."""

    def __init__(
        self,
        world: World,
        requests: Requests,
        name: str,
        rng: Random,
        act: Callable[[Device], bool],
        *,
        polling: bool,
        window: int,
    ) -> None:
        super().__init__(world, requests, name, rng, polling=polling)
        self.window = window
        self.views: dict[str, View] = {}
        self.outbox = Outbox()
        self.mine: deque[tuple[Talk, str]] = deque(maxlen=REMEMBERED)
        self.sent: deque[Draft] = deque(maxlen=REMEMBERED)
        self._act = act
        self._epoch = ""
        self._early: dict[str, set[int]] | None = None
        self._loading: dict[str, set[int]] = {}
        #: Conversations that were lost on this connection: an answer from before may still name them.
        self._lost: set[str] = set()
        self._looks_at: dict[str, bool] = {}

    @property
    def talks(self) -> list[Talk]:
        return self.world.by_user[self.user]

    @property
    def is_idle(self) -> bool:
        """Nothing of its own is open, and nothing is being loaded."""
        return self.is_up and not (self.pending or self.outbox or self.asking or self._loading)

    def crash(self) -> None:
        """The program dies. What it knew is gone, but the outbox."""
        self.cut()
        self.views.clear()
        self._epoch = ""
        self.mine.clear()
        self.sent.clear()
        self.world.write(history.Forgot(t=self.world.now(), k=self.k))

    def on_end(self) -> None:
        """What was being loaded is loaded by the next connection."""
        self._early = None
        self._loading.clear()
        self._lost.clear()
        for view in self.views.values():
            view.joined = view.filling = False
            view.aside.clear()

    def on_event(self, read: Read) -> None:
        if read.news is not None:
            self._on_news(read.news, read.name)
            return
        name, payload = read.name, read.payload
        if name == "message_read":
            talk = self.world.by_id[payload.conversation_id]
            self.world.write(
                history.Mark(t=self.world.now(), k=self.k, c=talk.c, u=payload.user_id, p=payload.read_seq)
            )
        elif name == "ready":
            self._on_ready(payload.epoch)
        elif name == "conversation_created":
            c = self.world.by_id[payload.id].c
            self._lost.discard(c)
            self._begin(c, payload.seq, 0)

    def _on_news(self, news: News, name: str, *, gap: bool = False) -> None:
        c = self.world.by_id[news.c].c
        view = self.views.get(c)
        step = None
        if view is not None:
            step = view.take(news.position)
        elif c in self._loading:
            self._loading[c].add(news.position)
        elif self._early is not None:
            self._early.setdefault(c, set()).add(news.position)
        self.world.write(
            history.Heard(
                t=self.world.now(),
                k=self.k,
                c=c,
                p=news.position,
                m=news.message_seq,
                v=news.version,
                d=news.digest,
                n=0 if view is None else view.n,
                gap=gap,
            )
        )
        if name in ("participant_removed", "conversation_deleted"):
            self._lose(c, news.position)
        elif view is not None:
            if step is Step.APPLIED and view.aside:
                self._apply_aside(c, view)
            elif step is Step.ASIDE and not gap:
                self._fill(c, view)

    def pump(self) -> None:
        """Fill the window: what must be sent again first, then whatever comes to mind."""
        while self.is_up and len(self.pending) < self.window and self.is_connected:
            draft = self.outbox.next()
            if draft is not None:
                self.send(draft)
            elif not self.world.loading or len(self.outbox) >= 2 * self.window or not self._act(self):
                return

    def write_draft(self, talk: Talk, content: str, digest: int, client_id: str) -> Draft:
        """Put a new message into the outbox; it is not sent by this."""
        draft = Draft(client_id, talk, content, digest)
        self.outbox.put(draft)
        return draft

    def send(self, draft: Draft) -> None:
        self.command(
            "send_message",
            draft.argument(),
            self._sent,
            talk=draft.talk,
            about=draft,
            client_id=draft.client_id,
            digest=draft.digest,
        )

    def _sent(self, q: int, pending: Pending, ack: Ack) -> None:
        draft: Draft = pending.about
        if ack.ok and ack.message is not None:
            self.acked(q, draft, ack.message)
        elif ack.error is not None:
            self.refused_draft(draft, ack.error)

    def acked(self, q: int, draft: Draft, message: wire.Message) -> None:
        world = self.world
        now = world.now()
        world.write(history.Ok(t=now, q=q, m=message.seq, v=message.updated_seq, d=message.digest()))
        if draft.client_id in self.outbox:
            self.outbox.settle(draft.client_id)
            world.figures.acked += 1
            draft.talk.recent.append(message.id)
            self.mine.append((draft.talk, message.id))
            self.sent.append(draft)
        else:
            world.figures.repeats += 1
        if world.on_ack is not None:
            world.on_ack(now)

    def refused_draft(self, draft: Draft, problem: wire.Problem) -> None:
        if not problem.retryable:
            self.outbox.settle(draft.client_id)
            return
        after_s = RETRY_S if problem.retry_after_ms is None else problem.retry_after_ms / 1000
        asyncio.get_running_loop().call_later(after_s, self._again, draft)

    def _again(self, draft: Draft) -> None:
        self.outbox.again(draft)
        self.pump()

    # coming back

    def _on_ready(self, epoch: str) -> None:
        self.world.write(history.Connected(t=self.world.now(), k=self.k, epoch=epoch))
        self.world.figures.connected += 1
        if epoch != self._epoch:
            self.views.clear()
            self._epoch = epoch
        if self.views:
            self.resume(self.views)
        else:
            self._early = {}
            self.begin_task(self._load_all(self.number))

    def resume(self, views: dict[str, View]) -> None:
        named = {}
        for c, view in views.items():
            view.filling = True
            named[self.world.talks[c].id] = view.n
        argument = {"epoch": self._epoch, "conversations": named}
        self.command("resume", argument, self._resumed, about=dict(views))

    def _resumed(self, q: int, pending: Pending, ack: Ack) -> None:
        if not ack.ok or ack.conversations is None:
            self.cut()
            return
        self.note_ok(q)
        for conversation_id, catchup in ack.conversations.items():
            c = self.world.by_id[conversation_id].c
            view: View | None = pending.about.get(c)
            if view is not None and self.views.get(c) is view:
                self._caught_up(c, view, catchup)
        for conversation in ack.others:
            c = self.world.by_id[conversation.id].c
            if c not in self.views and c not in self._loading and c not in self._lost:
                self._begin(c, conversation.seq, q, conversation.unread)
        self._back()

    def _caught_up(self, c: str, view: View, catchup: wire.Catchup) -> None:
        view.filling = False
        if catchup.gone:
            self._lose(c, 0)
        elif catchup.reset or catchup.events is None:
            self.world.figures.views_reset += 1
            self._reload(c)
        else:
            view.unread = catchup.unread
            self._hear_gap(c, view, catchup.events)

    def _hear_gap(self, c: str, view: View, entries: list[Entry]) -> None:
        for entry in entries:
            news = wire.news_of(entry.event, entry.payload, entry.seq)
            if news is None:
                raise ValueError(f"a gap with {entry.event}, which takes no position")
            self._on_news(news, entry.event, gap=True)
            if self.views.get(c) is not view:
                return
        self._apply_aside(c, view)
        if view.has_gap:
            self._fill(c, view)

    def _apply_aside(self, c: str, view: View) -> None:
        while view.next_aside():
            self.world.write(history.Applied(t=self.world.now(), k=self.k, c=c, n=view.n))

    def _fill(self, c: str, view: View) -> None:
        """Something is missing before what came: ask for it, unless it is asked for already."""
        if not view.filling:
            self.world.figures.gaps_filled += 1
            self.resume({c: view})

    def _back(self) -> None:
        """The positions are right again: join what is looked at, send again what is unknown, go on."""
        for c, view in self.views.items():
            if not view.joined and self._looks(c):
                self.join(self.world.talks[c], view)
        if self.is_up:
            return
        self.is_up = True
        self.outbox.all_again()
        if self.world.on_back is not None:
            self.world.on_back(self.name, self.world.now())
        self.pump()

    def _looks(self, c: str) -> bool:
        if c not in self._looks_at:
            self._looks_at[c] = self.rng.random() < LOOKED_AT_SHARE
        return self._looks_at[c]

    def join(self, talk: Talk, view: View) -> None:
        view.joined = True
        argument = {"conversationId": talk.id, "afterSeq": view.n}
        self.command("join_conversation", argument, self._joined, talk=talk, about=view)

    def _joined(self, q: int, pending: Pending, ack: Ack) -> None:
        view: View = pending.about
        if not ack.ok:
            view.joined = False
            return
        self.note_ok(q)
        assert pending.talk is not None
        c = pending.talk.c
        if self.views.get(c) is not view:
            return
        if ack.reset or ack.events is None:
            self._reload(c)
        else:
            self._hear_gap(c, view, ack.events)

    def _begin(self, c: str, n: int, q: int, unread: int = 0) -> None:
        """A view begins at `n`."""
        former = self.views.get(c)
        if former is not None and former.n >= n:
            return
        view = self.views[c] = View(n)
        view.unread = unread
        self.world.write(history.Loaded(t=self.world.now(), k=self.k, c=c, n=n, q=q))
        if q == 0 and self.is_up and self._looks(c):
            self.join(self.world.talks[c], view)

    def _lose(self, c: str, position: int) -> None:
        self.views.pop(c, None)
        self._loading.pop(c, None)
        self._lost.add(c)
        self.world.write(history.Left(t=self.world.now(), k=self.k, c=c, p=position))

    # loading over HTTP

    def saw_page(self, q: int, talk: Talk, found: wire.MessagePage) -> None:
        self.note_ok(q)
        rows = [(message.seq, message.updated_seq, message.digest()) for message in found.items]
        self.world.write(history.Page(t=self.world.now(), k=f"{self.name}.h", c=talk.c, rows=rows))

    async def _load_all(self, number: int) -> None:
        """The list of conversations, from the first page to the last."""
        cursor: str | None = ""
        found: list[tuple[int, wire.Conversation]] = []
        while cursor is not None:
            try:
                q, status, answer = await self.ask(
                    "list", "GET", f"/api/conversations?limit=200&cursor={cursor}"
                )
            except NoAnswer:
                status = 0
            if status == 200:
                self.note_ok(q)
            if number != self.number or not self.is_connected:
                return
            if status != 200:
                self.cut()
                return
            page = wire.decode_conversations(answer)
            found += [(q, conversation) for conversation in page.items]
            cursor = page.next_cursor
        early, self._early = self._early or {}, None
        for q, conversation in found:
            c = self.world.by_id[conversation.id].c
            if c not in self.views and c not in self._lost:
                self._begin(c, conversation.seq, q, conversation.unread)
                self._take_early(c, early.get(c, set()))
        self._back()

    def _reload(self, c: str) -> None:
        """The gap is too long to be told: begin this conversation anew."""
        self.views.pop(c, None)
        self.world.write(history.GivenUp(t=self.world.now(), k=self.k, c=c))
        positions: set[int] = set()
        self._loading[c] = positions
        self.begin_task(self._load(c, positions))

    async def _load(self, c: str, positions: set[int]) -> None:
        """Until it succeeds, or is not wanted any more."""
        path = f"/api/conversations/{self.world.talks[c].id}"
        while self._loading.get(c) is positions:
            try:
                q, status, answer = await self.ask("load", "GET", path, c=c)
            except NoAnswer:
                status = 0
            if status == 200:
                self.note_ok(q)
            if self._loading.get(c) is not positions:
                return
            if status == 200:
                del self._loading[c]
                conversation = wire.decode_conversation(answer)
                self._begin(c, conversation.seq, q, conversation.unread)
                self._take_early(c, positions)
                view = self.views[c]
                if self._looks(c) and not view.joined:
                    self.join(self.world.talks[c], view)
                self.pump()
            elif status == 404:
                del self._loading[c]
            else:
                await asyncio.sleep(RETRY_S)

    def _take_early(self, c: str, positions: set[int]) -> None:
        """What came while the view was being loaded."""
        view = self.views[c]
        view.aside |= {position for position in positions if position > view.n}
        self._apply_aside(c, view)
        if view.has_gap:
            self._fill(c, view)
