"""Uploads of large files, searches, and a chat, all at once: the chat must not feel it."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Sequence
from typing import Any

import aiohttp

from ..api import Api
from ..figures import Figure, at_least, none_of, told
from ..healthy import BEFORE, DURING, healthy
from ..node import Node
from ..stage import Stage

UPLOADERS = 2
SEARCHERS = 4
#: As fast as somebody types who searches with each letter. Uploads go as fast as the server takes them.
SEARCH_EVERY_S = 0.2
WORDS = ("price", "sample", "order", "container", "invoice", "payment", "quality", "steel", "cotton", "yarn")
LINE = b"A line of a long report about steel, cotton and yarn.\n"


class Tally:
    def __init__(self, until: float) -> None:
        self.until = until
        self.parts = 0
        self.uploaded_bytes = 0
        self.files = 0
        self.searches = 0
        self.found = 0
        self.refused = 0
        self.failed = 0


async def mixed(stage: Stage) -> Sequence[Figure]:
    messages, seconds = stage.of(5_000, 1_000, 50), stage.of(60.0, 10.0, 0.7)
    file_bytes = stage.of(25_000_000, 25_000_000, 1_000_000)
    async with stage.node() as node, healthy(node) as pair:
        stage.say(f"{messages:,} messages to search in")
        await asyncio.to_thread(_fill, node, messages)
        await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.3))
        await pair.phase(DURING)
        begun = time.monotonic()
        tally = Tally(begun + seconds)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{node.port}") as session:
            stage.say(f"{UPLOADERS} uploads of {file_bytes / 1e6:.0f} MB and {SEARCHERS} searches at once")
            work = [_upload(session, node, number, file_bytes, tally) for number in range(UPLOADERS)]
            work += [_search(session, node, number, tally) for number in range(SEARCHERS)]
            await asyncio.gather(*work)
        took = time.monotonic() - begun
        await pair.rest()
        await pair.finish()
        tracebacks = node.tracebacks()
    return [
        told("duration", took, "s"),
        told("uploaded", tally.uploaded_bytes / 1e6 / took, "MB/s"),
        at_least("files uploaded whole", tally.files, "", 1),
        told("searches", tally.searches / took, "/s"),
        at_least("searches that found something", tally.found, "", 1),
        told("uploads and searches refused with a time to retry", tally.refused, ""),
        none_of("uploads and searches that failed", tally.failed),
        none_of("tracebacks in the log", tracebacks),
        *pair.figures(),
    ]


def _fill(node: Node, messages: int) -> None:
    chance = random.Random(1)
    with Api(node) as api:
        room = api.converse("searcher", ["friend"])
        for _ in range(messages):
            api.say("friend", room, " ".join(chance.choices(WORDS, k=12)))


async def _upload(session: aiohttp.ClientSession, node: Node, number: int, size: int, tally: Tally) -> None:
    """One file after the other, the last one to its end, in the largest parts that the server takes."""
    headers = {"Authorization": f"Bearer {node.token(f'uploader-{number}')}"}
    content = (LINE * (size // len(LINE) + 1))[:size]
    while time.monotonic() < tally.until:
        announced = {"clientId": str(uuid.uuid4()), "name": "report.txt", "sizeBytes": size}
        state = await _ask(session, "POST", "/api/attachments", headers, tally, json=announced)
        while state is not None and not state["ready"]:
            offset, most = state["offset"], state["maxChunkBytes"]
            part = content[offset : offset + most]
            path = f"/api/attachments/{state['id']}?offset={offset}"
            octets = {**headers, "Content-Type": "application/octet-stream"}
            state = await _ask(session, "PATCH", path, octets, tally, data=part)
            tally.parts += 1
            tally.uploaded_bytes += len(part)
        if state is not None:
            tally.files += 1
            # What is not sent counts against what one may have lying about: uploading would soon be refused.
            await _ask(session, "DELETE", f"/api/attachments/{state['id']}", headers, tally)


async def _search(session: aiohttp.ClientSession, node: Node, number: int, tally: Tally) -> None:
    chance = random.Random(number)
    headers = {"Authorization": f"Bearer {node.token('searcher')}"}
    while time.monotonic() < tally.until:
        words = "+".join(chance.sample(WORDS, 2))
        page = await _ask(session, "GET", f"/api/search?q={words}", headers, tally)
        tally.searches += page is not None
        tally.found += bool(page and page["items"])
        await asyncio.sleep(SEARCH_EVERY_S)


async def _ask(
    session: aiohttp.ClientSession, method: str, path: str, headers: dict[str, str], tally: Tally, **body: Any
) -> Any:
    async with session.request(method, path, headers=headers, **body) as response:
        if response.status < 300:
            return await response.json() if response.status != 204 else None
        if response.status in (429, 503):
            tally.refused += 1
            # Not beyond the end: quiet time would make the chat look better than it was beside the load.
            left_s = max(0.0, tally.until - time.monotonic())
            await asyncio.sleep(min(left_s, float(response.headers.get("Retry-After", "1"))))
        else:
            tally.failed += 1
            await response.read()
        return None
