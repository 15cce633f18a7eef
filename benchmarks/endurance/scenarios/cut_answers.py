"""A proxy that cuts every answer at byte N, for every N: what was sent is sent again with the same clientId."""

from __future__ import annotations

import asyncio
import http.client
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from ..api import Api
from ..figures import Figure, none_of, told
from ..healthy import BEFORE, DURING, healthy
from ..node import Node
from ..proxy import CuttingProxy, cutting_proxy
from ..stage import Stage
from ..voice import Gone, Voice

#: Beyond the handshakes, the events and the ack of one message; the sweep ends sooner, where nothing was cut.
MOST_BYTES = 20_000
#: The proxy cuts the first answer only; the second try must do.
ACK_TIMEOUT_S = 10.0

Send = Callable[[Node, CuttingProxy, str, str], Awaitable[int | None]]


async def cut_answers(stage: Stage) -> Sequence[Figure]:
    figures: list[Figure] = []
    async with stage.node() as node, healthy(node) as pair, cutting_proxy(node.port) as proxy:
        await pair.phase(BEFORE, for_s=stage.of(5.0, 3.0, 0.2))
        await pair.phase(DURING)
        for name, send in (("over HTTP", _over_http), ("over a socket", _over_socket)):
            figures += await _sweep(stage, node, proxy, name, send)
        await pair.finish()
        tracebacks = node.tracebacks()
    return [*figures, none_of("tracebacks in the log", tracebacks), *pair.figures(latency=stage.scale == 0)]


async def _sweep(stage: Stage, node: Node, proxy: CuttingProxy, name: str, send: Send) -> list[Figure]:
    """One message for each place of the cut. The sweep is over where an answer was not cut any more."""
    with Api(node) as api:
        room = await asyncio.to_thread(api.converse, "cut", [f"whole-{name.split()[-1]}"])
    acked: dict[str, int] = {}
    known = 0
    proxy.cuts = proxy.longest = 0
    stage.say(f"cutting what comes back {name}")
    for cut_at in range(0, MOST_BYTES, stage.of(1, 7, 101)):
        client_id = str(uuid.uuid4())
        cuts = proxy.cuts
        proxy.cut_at = cut_at
        seq = await send(node, proxy, room, client_id)
        was_cut = proxy.cuts > cuts
        proxy.cut_at = None
        again = await send(node, proxy, room, client_id)
        if again is None:
            raise RuntimeError("a message that nobody cut was not acknowledged")
        known += seq is not None and seq != again
        acked[client_id] = again
        if not was_cut:
            break
    with Api(node) as api:
        stored = await asyncio.to_thread(lambda: list(api.history("cut", room)))
    return [
        told(f"{name}: answers cut, each at another byte", proxy.cuts, ""),
        none_of(
            f"{name}: messages lost",
            sum(client_id not in {m["clientId"] for m in stored} for client_id in acked),
        ),
        none_of(
            f"{name}: messages doubled", sum(n - 1 for n in Counter(m["clientId"] for m in stored).values())
        ),
        none_of(f"{name}: acks that named another place", known + _misplaced(acked, stored)),
        none_of(f"{name}: gaps", sum(m["seq"] != place for place, m in enumerate(stored, start=1))),
    ]


def _misplaced(acked: dict[str, int], stored: Sequence[dict[str, object]]) -> int:
    return sum(acked.get(str(message["clientId"])) != message["seq"] for message in stored)


async def _over_http(node: Node, proxy: CuttingProxy, room: str, client_id: str) -> int | None:
    """The seq that the answer told, or None for no whole answer."""

    def post() -> int | None:
        body = {"clientId": client_id, "content": f"at {client_id}"}
        with suppress(OSError, http.client.HTTPException), Api(node, port=proxy.port) as api:
            return int(api.ask("cut", "POST", f"/api/conversations/{room}/messages", body)["seq"])
        return None

    return await asyncio.to_thread(post)


async def _over_socket(node: Node, proxy: CuttingProxy, room: str, client_id: str) -> int | None:
    message = {"conversationId": room, "clientId": client_id, "content": f"at {client_id}"}
    try:
        voice = await Voice.open(proxy.port, node.token("cut"), lambda _name, _payload: None)
    except Gone:
        return None
    try:
        # In the room, the sender's own message is a part of what may be cut.
        await voice.command("join_conversation", {"conversationId": room}, timeout_s=ACK_TIMEOUT_S)
        ack = await voice.command("send_message", message, timeout_s=ACK_TIMEOUT_S)
        return int(ack["message"]["seq"])
    except Gone:
        return None
    finally:
        await voice.close()
