"""An honest server and its clients, as a history: made by hand, without a server, so that it can be spoiled at will.

`Story` keeps the truth that a server would keep, and writes the lines that a run would write. `ended` adds what the
store and the API say at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stockent.torture import history
from stockent.torture.history import Line
from stockent.torture.texts import digest


@dataclass
class Written:
    seq: int
    version: int
    sender: str
    client_id: str
    content: str
    deleted: bool = False
    kind: str = "TEXT"

    @property
    def digest(self) -> int:
        return digest(self.sender, self.client_id, self.kind, self.content, deleted=self.deleted)


@dataclass
class Talk:
    c: str
    members: dict[str, int]
    messages: list[Written] = field(default_factory=list)
    changes: list[tuple[int, int]] = field(default_factory=list)
    memberships: list[Line] = field(default_factory=list)
    reads: dict[str, int] = field(default_factory=dict)
    last: int = 0

    def next(self) -> int:
        self.last += 1
        return self.last

    def unread(self, user: str) -> int:
        mark = max(self.reads.get(user, 0), self.members[user])
        return sum(
            each.seq > mark and each.sender != user and not each.deleted and each.kind != "SYSTEM"
            for each in self.messages
        )


class Story:
    """Each user has one device, on one connection at a time, which looks at all of their conversations."""

    def __init__(self, **talks: tuple[str, ...]) -> None:
        self.lines: list[Line] = [history.Run(format=history.FORMAT, seed=1)]
        self.talks: dict[str, Talk] = {}
        self._q = 0
        self._t = 0.0
        self._connections: dict[str, int] = {}
        for c, users in talks.items():
            self.talks[c] = Talk(c, dict.fromkeys(users, 0))
            self._write(
                history.Opened(c=c, id=f"id-{c}", canary=f"canary-{c}", users=list(users)),
            )
        for user in sorted({user for users in talks.values() for user in users}):
            self.connect(user)
            for talk in self._of(user):
                self._write(history.Loaded(k=self.k(user), c=talk.c, n=0))
                self._write(history.Canary(k=self.k(user), x=f"canary-{talk.c}"))

    def k(self, user: str) -> str:
        return f"{user}.1.{self._connections[user]}"

    def connect(self, user: str) -> None:
        self._connections[user] = self._connections.get(user, 0) + 1
        self._write(history.Connected(k=self.k(user), epoch="e"))

    def send(self, user: str, c: str, client_id: str, content: str = "hello") -> Written:
        """Or repeat, if it was sent before."""
        talk = self.talks[c]
        known = digest(user, client_id, "TEXT", content, deleted=False)
        q = self._invoke(user, "send_message", c, i=client_id, d=known)
        written = next((each for each in talk.messages if each.client_id == client_id), None)
        if written is None:
            seq = talk.next()
            written = Written(seq, seq, user, client_id, content)
            talk.messages.append(written)
            self._tell(talk, seq, written)
        self._write(history.Ok(q=q, m=written.seq, v=written.version, d=written.digest))
        return written

    def send_into_nothing(self, user: str, c: str, client_id: str, *, stored: bool) -> None:
        """The answer is lost with the connection, and what came of it too; the device comes back."""
        talk = self.talks[c]
        known = digest(user, client_id, "TEXT", "hello", deleted=False)
        q = self._invoke(user, "send_message", c, i=client_id, d=known)
        missed = talk.last
        if stored:
            seq = talk.next()
            talk.messages.append(Written(seq, seq, user, client_id, "hello"))
            self._tell(talk, seq, talk.messages[-1], without=user)
        self._write(history.Unknown(q=q, why="lost"))
        self._write(history.Gone(k=self.k(user)))
        self.connect(user)
        q = self._invoke(user, "resume")
        self._write(history.Ok(q=q))
        for position in range(missed + 1, talk.last + 1):
            written = talk.messages[-1]
            self._write(self._heard(user, talk, position, written, gap=True))

    def edit(self, written: Written, c: str, content: str) -> None:
        talk = self.talks[c]
        q = self._invoke(written.sender, "edit_message", c)
        written.version = talk.next()
        written.content = content
        talk.changes.append((written.version, written.seq))
        self._tell(talk, written.version, written)
        self._write(history.Ok(q=q, m=written.seq, v=written.version, d=written.digest))

    def delete(self, written: Written, c: str) -> None:
        written.deleted = True
        self.edit(written, c, "")

    def read(self, user: str, c: str, seq: int) -> None:
        talk = self.talks[c]
        q = self._invoke(user, "mark_read", c)
        mark = max(talk.reads.get(user, 0), min(seq, talk.last))
        if mark != talk.reads.get(user, 0):
            talk.reads[user] = mark
            for other in talk.members:
                self._write(history.Mark(k=self.k(other), c=c, u=user, p=mark))
        self._write(history.Ok(q=q, p=mark))

    def remove(self, owner: str, c: str, user: str) -> None:
        talk = self.talks[c]
        q = self._invoke(owner, "remove_participant", c)
        position = talk.next()
        talk.changes.append((position, 0))
        talk.memberships.append(history.Membership(c=c, p=position, went=[user]))
        self._write(history.Heard(k=self.k(user), c=c, p=position, n=position))
        self._write(history.Left(k=self.k(user), c=c, p=position))
        del talk.members[user]
        self._told(talk, owner, position)
        self._write(history.Ok(q=q))

    def add(self, owner: str, c: str, user: str) -> None:
        talk = self.talks[c]
        q = self._invoke(owner, "add_participants", c)
        position = talk.next()
        talk.changes.append((position, 0))
        talk.memberships.append(history.Membership(c=c, p=position, came=[user]))
        for other in talk.members:
            self._write(history.Heard(k=self.k(other), c=c, p=position, n=position))
        talk.members[user] = talk.reads[user] = position
        self._write(history.Loaded(k=self.k(user), c=c, n=position))
        self._system(talk, owner)
        self._write(history.Ok(q=q))

    def probe(self, user: str, c: str) -> None:
        q = self._invoke(user, "probe", c)
        self._write(history.Fail(q=q, code="not_found"))

    def page(self, user: str, c: str) -> None:
        q = self._invoke(user, "page", c)
        self._write(history.Ok(q=q))
        rows = [(each.seq, each.version, each.digest) for each in self._visible(user, self.talks[c])]
        self._write(history.Page(k=f"{user}.1.h", c=c, rows=rows))

    def reload(self, user: str, c: str) -> None:
        self._write(history.GivenUp(k=self.k(user), c=c))
        q = self._invoke(user, "load", c)
        self._write(history.Ok(q=q))
        self._write(history.Loaded(k=self.k(user), c=c, n=self.talks[c].last, q=q))

    def restart(self) -> None:
        self._write(history.Life(life=1, what="killed"))
        self._write(history.Examined(life=1, whole=True))
        self._write(history.Life(life=2, what="ready"))

    def rest(self) -> None:
        for turn in (1, 2):
            self._write(history.Rest(life=2, turn=turn, fds=20, rss_kb=90_000, threads=6, tasks=4))

    def ended(self) -> list[Line]:
        """The whole history."""
        for talk in self.talks.values():
            for user in talk.members:
                self._write(history.Settled(k=self.k(user), c=talk.c, n=talk.last, unread=talk.unread(user)))
        self._write(history.Examined(life=2, whole=True))
        for talk in self.talks.values():
            rows = [
                (each.seq, each.version, each.sender, each.client_id, each.digest) for each in talk.messages
            ]
            self._write(history.Stored(c=talk.c, last=talk.last, rows=rows))
            self._write(history.Changes(c=talk.c, rows=sorted(talk.changes)))
            self.lines += talk.memberships
            for user, since in talk.members.items():
                unread, read = talk.unread(user), talk.reads.get(user, 0)
                self._write(
                    history.Member(
                        c=talk.c, u=user, read=read, unread=unread, recount=unread, visible_after=since
                    )
                )
        for talk in self.talks.values():
            for user in talk.members:
                self._final_view(user, talk)
        self._write(history.End(whole=True))
        return self.lines

    def _final_view(self, user: str, talk: Talk) -> None:
        unread, read = talk.unread(user), talk.reads.get(user, 0)
        self._write(history.Counted(u=user, c=talk.c, seq=talk.last, unread=unread, read=read))
        visible = self._visible(user, talk)
        seqs, digests = [each.seq for each in visible], [each.digest for each in visible]
        self._write(history.Seen(u=user, c=talk.c, seqs=seqs, digests=digests))

    def _visible(self, user: str, talk: Talk) -> list[Written]:
        return [each for each in talk.messages if each.seq > talk.members[user]]

    def _of(self, user: str) -> list[Talk]:
        return [talk for talk in self.talks.values() if user in talk.members]

    def _invoke(self, user: str, name: str, c: str = "", i: str = "", d: int = 0) -> int:
        self._q += 1
        self._write(history.Invoke(q=self._q, k=self.k(user), w=name, c=c, i=i, d=d))
        return self._q

    def _told(self, talk: Talk, by: str, position: int) -> None:
        for other in talk.members:
            self._write(history.Heard(k=self.k(other), c=talk.c, p=position, n=position))
        self._system(talk, by)

    def _system(self, talk: Talk, by: str) -> None:
        seq = talk.next()
        written = Written(seq, seq, by, f"system-{talk.c}-{seq}", "somebody came or went", kind="SYSTEM")
        talk.messages.append(written)
        self._tell(talk, seq, written)

    def _tell(self, talk: Talk, position: int, written: Written, *, without: str = "") -> None:
        for user, since in talk.members.items():
            if user != without:
                shown = written if written.seq > since else None
                self._write(self._heard(user, talk, position, shown))

    def _heard(
        self, user: str, talk: Talk, position: int, written: Written | None, *, gap: bool = False
    ) -> history.Heard:
        line = history.Heard(k=self.k(user), c=talk.c, p=position, n=position, gap=gap)
        if written is not None:
            line.m, line.v, line.d = written.seq, written.version, written.digest
        return line

    def _write(self, line: Line) -> None:
        self._t += 0.001
        line.t = self._t
        self.lines.append(line)


def good() -> Story:
    """A story with a little of everything."""
    story = Story(c1=("u1", "u2"), c2=("u1", "u2", "u3"), c3=("u2", "u3"))
    first = story.send("u1", "c1", "id-1")
    story.send("u2", "c1", "id-2")
    story.send("u1", "c1", "id-1")
    story.edit(first, "c1", "hello again")
    story.send("u3", "c2", "id-3")
    story.read("u2", "c1", 2)
    story.remove("u1", "c2", "u3")
    story.send("u1", "c2", "id-4")
    story.add("u1", "c2", "u3")
    story.send_into_nothing("u2", "c1", "id-5", stored=True)
    story.send("u2", "c1", "id-5")
    story.send_into_nothing("u2", "c1", "id-6", stored=False)
    story.restart()
    story.send("u2", "c1", "id-6")
    story.delete(story.send("u3", "c2", "id-7"), "c2")
    story.read("u2", "c1", 1)
    story.probe("u3", "c1")
    story.page("u1", "c1")
    story.reload("u2", "c2")
    story.send("u1", "c2", "id-8")
    story.rest()
    return story
