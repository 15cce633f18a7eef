"""Commands over a raw session, many at once, and their acks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

from tests.socketio.wire import Client

Json = dict[str, Any]
_ack_ids = count(1)


async def acks(client: Client, *commands: tuple[str, Json]) -> list[Json]:
    """Give all commands without waiting, then wait for all acks; in the order of the commands."""
    numbered = {next(_ack_ids): command for command in commands}
    await client.send(*(f"42{number}" + json.dumps(command) for number, command in numbered.items()))
    answers: dict[int, Json] = {}
    while answers.keys() != numbered.keys():
        packet = await client.receive()
        assert isinstance(packet, str)
        if packet.startswith("43"):
            head, _, body = packet[2:].partition("[")
            [answers[int(head)]] = json.loads("[" + body)
    return [answers[number] for number in numbered]


async def ack(client: Client, name: str, argument: Json) -> Json:
    [answer] = await acks(client, (name, argument))
    return answer


async def is_alive(client: Client) -> bool:
    """A command of its own is answered: nobody ended the session."""
    return (await ack(client, "leave_conversation", {"conversationId": "none"}))["ok"] is True


def holds_no_holes(seqs: Sequence[int]) -> bool:
    return sorted(seqs) == list(range(min(seqs), min(seqs) + len(seqs)))
