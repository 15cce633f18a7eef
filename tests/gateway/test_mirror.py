"""Events are enough: a snapshot with the events applied to it is what is fetched anew, whatever happened between."""

from __future__ import annotations

import random
import uuid

import pytest

from stockent.check.clients import POLLING, WEBSOCKET, Device

from .mirror import Json, Mirror, seen
from .place import Place
from .ways import OverHttp, OverSocket, Way

ACTS = 60


class Watched:
    """A device, the conversations it has in view, and the mirror that it keeps."""

    def __init__(self, device: Device, in_view: list[str], snapshot: Json, place: Place) -> None:
        self.device = device
        self.in_view = in_view
        self._place = place
        self.mirror = Mirror(device.person.user_id, **snapshot)
        self.before = self.mirror.state()
        self._applied = len(device.heard)

    @classmethod
    async def begin(cls, place: Place, device: Device, in_view: list[str]) -> Watched:
        for cid in in_view:
            await device.done("join_conversation", conversationId=cid)
        await device.settle()
        return cls(device, in_view, await fetch(device, in_view), place)

    async def applied(self) -> Json:
        """The state of the mirror once everything that was sent has arrived and been applied."""
        await self.device.settle()
        for heard in self.device.heard[self._applied :]:
            self.mirror.apply(heard.event, heard.payload)
        self._applied = len(self.device.heard)
        return self.mirror.state()

    async def fetched(self) -> Json:
        here = [cid for cid in self.in_view if cid in self.mirror.conversations]
        return seen(self.device.person.user_id, **await fetch(self.device, here))


async def fetch(device: Device, in_view: list[str]) -> Json:
    person = device.person
    pages = {}
    for cid in in_view:
        page = await person.done("GET", f"/api/conversations/{cid}/messages", params={"limit": 200})
        pages[cid] = page["items"]
    listed = await person.done("GET", "/api/conversations", params={"limit": 200})
    unread = await person.done("GET", "/api/unread")
    return {"conversations": listed["items"], "unread": unread["total"], "messages": pages}


class Story:
    """Ann and Ben do whatever comes to their minds, by either way in; the same seed tells the same story."""

    def __init__(self, seed: int, place: Place, ways: dict[str, list[Way]], cids: list[str]) -> None:
        self._random = random.Random(seed)
        self._place = place
        self._ways = ways
        self._cids = cids
        self._closed: set[str] = set()
        self._own: dict[tuple[str, str], list[str]] = {}

    async def act(self) -> None:
        user = self._random.choice(sorted(self._ways))
        way, cid = self._random.choice(self._ways[user]), self._random.choice(self._cids)
        kind = self._random.choices(
            ["send", "edit", "delete", "read", "delivered", "status", "title", "new"],
            [40, 15, 10, 20, 20, 8, 4, 3],
        )[0]
        mine = self._own.setdefault((user, cid), [])
        if kind == "new":
            self._cids.append(await self._place.conversation(user, "ann" if user == "ben" else "ben"))
        elif kind == "title":
            title = {"title": f"Title {self._random.random()}"}
            await self._place.person(user).done("PATCH", f"/api/conversations/{cid}", title)
        elif kind == "read":
            await way.mark_read(cid, self._random.randrange(60))
        elif kind == "delivered":
            await way.mark_delivered({cid: self._random.randrange(60)})
        elif kind == "status":
            await (way.reopen(cid) if cid in self._closed else way.close(cid))
            self._closed ^= {cid}
        elif cid in self._closed:
            return
        elif kind == "send" or not mine:
            mine.append((await way.send(cid, f"Text {self._random.random()}"))["id"])
        elif kind == "edit":
            await way.edit(cid, self._random.choice(mine), f"Edit {self._random.random()}")
        else:
            mid = self._random.choice(mine)
            mine.remove(mid)
            await way.delete_message(cid, mid)


@pytest.mark.parametrize("seed", range(6))
async def test_a_snapshot_with_the_events_applied_is_what_is_fetched_anew(place: Place, seed: int) -> None:
    cids = [await place.conversation("ann", "ben") for _ in range(2)]
    for cid in cids:
        await place.send("ann", cid, "The first")
    devices = [
        await place.device(user, transport) for user in ("ann", "ben") for transport in (WEBSOCKET, POLLING)
    ]
    views = [cids, [], [cids[1]], [cids[0]]]
    watched = [await Watched.begin(place, device, view) for device, view in zip(devices, views, strict=True)]
    ways: dict[str, list[Way]] = {"ann": [], "ben": []}
    for device in devices:
        ways[device.person.user_id] += [OverSocket(device), OverHttp(device.person)]
    story = Story(seed, place, ways, list(cids))
    for _ in range(ACTS):
        await story.act()
    for each in watched:
        assert await each.applied() == await each.fetched()
        assert each.mirror.state() != each.before


async def test_a_deleted_conversation_is_gone_from_the_mirror_too(place: Place) -> None:
    gone, stays = await place.conversation("ann", "ben"), await place.conversation("ann", "ben")
    for cid in (gone, stays):
        await place.send("ann", cid)
    watched = [
        await Watched.begin(place, await place.device("ben"), [gone]),
        await Watched.begin(place, await place.device("ben", POLLING), []),
    ]
    await place.person("ann").done("DELETE", f"/api/conversations/{gone}", status=204)
    for each in watched:
        state = await each.applied()
        assert state == await each.fetched()
        assert (list(state["conversations"]), state["unread"]) == ([stays], 1)


async def test_conversations_that_begin_while_one_watches_are_whole_in_the_mirror(place: Place) -> None:
    watched = [
        await Watched.begin(place, await place.device(user, transport), [])
        for user, transport in (("ann", WEBSOCKET), ("ben", POLLING))
    ]
    body = {"recipientId": "ben", "clientId": str(uuid.uuid4()), "content": "Is it in stock?"}
    await place.person("ann").done("POST", "/api/messages", body, status=201)
    await place.conversation("ben", "ann", "cem")
    for each in watched:
        state = await each.applied()
        assert state == await each.fetched()
        assert len(state["conversations"]) == 2
