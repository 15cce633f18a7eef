"""The same thing at once, many times, by every way in: one effect, and an answer for every caller."""

from __future__ import annotations

import asyncio
import random
import uuid
from pathlib import Path

import pytest

from tests.socketio.wire import Client

from . import control, target
from .acts import Json, ack, acks, holds_no_holes
from .conftest import UnderAttack
from .offender import Offender
from .rule import Arena

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])
MANY = 50
PEOPLE = ("race-ann", "race-ben")
ANN, BEN = PEOPLE


async def messages_of(offender: Offender, conversation_id: str, user_id: str = ANN) -> list[Json]:
    path = f"/api/conversations/{conversation_id}/messages?limit=200"
    answer = await offender.request("GET", path, user_id=user_id)
    assert answer.status == 200, answer
    items: list[Json] = answer.json["items"]
    return items


async def a_conversation(offender: Offender, kind: str = "DIRECT", *others: str) -> str:
    body = {
        "participantIds": [BEN, *others],
        "kind": kind,
        "subject": {"type": "race", "id": str(uuid.uuid4()), "title": "A race"},
    }
    made = await offender.request("POST", "/api/conversations", body, user_id=ANN)
    assert made.status == 201, made
    return str(made.json["id"])


# first messages


async def test_first_messages_over_http(under_attack: UnderAttack) -> None:
    """50 first messages each way at once."""

    async def attack(offender: Offender) -> str:
        subject = {"type": "race", "id": str(uuid.uuid4()), "title": "A race"}

        async def start(sender: str, recipient: str, number: int) -> Json:
            content = f"{sender} {number}"
            body = {"recipientId": recipient, "subject": subject, "clientId": str(uuid.uuid4())}
            answer = await offender.request(
                "POST", "/api/messages", {**body, "content": content}, user_id=sender
            )
            assert answer.status == 201, answer
            assert answer.json["message"]["content"] == content
            return dict(answer.json)

        both = [(ANN, BEN), (BEN, ANN)]
        started = await asyncio.gather(*(start(*way, number) for number in range(MANY) for way in both))
        await one_conversation(offender, {each["conversation"]["id"] for each in started})
        return "201"

    await under_attack(attack)


@TRANSPORTS
async def test_first_messages_over_sockets(under_attack: UnderAttack, transport: str) -> None:
    """50 first messages each way at once, over sockets."""

    async def attack(offender: Offender) -> str:
        subject = {"type": "race", "id": str(uuid.uuid4()), "title": "A race"}

        async def start(sender: str, recipient: str) -> set[str]:
            client = await offender.open(transport, user_id=sender)
            create = {"participantIds": [recipient], "subject": subject}
            made = await acks(client, *(("create_conversation", create) for _ in range(MANY)))
            ids = {each["conversation"]["id"] for each in made}
            sends = [
                {"conversationId": next(iter(ids)), "clientId": str(uuid.uuid4()), "content": f"{sender} {n}"}
                for n in range(MANY)
            ]
            sent = await acks(client, *(("send_message", each) for each in sends))
            assert all(each["ok"] for each in sent)
            return ids

        both = await asyncio.gather(start(ANN, BEN), start(BEN, ANN))
        await one_conversation(offender, set().union(*both))
        return "ok"

    await under_attack(attack)


async def one_conversation(offender: Offender, ids: set[str]) -> None:
    [conversation_id] = ids
    found = await messages_of(offender, conversation_id)
    assert len({each["content"] for each in found}) == len(found) == 2 * MANY
    assert [each["seq"] for each in found] == sorted(each["seq"] for each in found)
    assert holds_no_holes([each["seq"] for each in found])


# one clientId


async def send_everywhere(offender: Offender, conversation_id: str, client_id: str) -> list[Json]:
    """One send, 50 times at once: over HTTP and over sockets of both transports."""
    message = {"clientId": client_id, "content": "once"}
    command = ("send_message", {"conversationId": conversation_id, **message})
    path = f"/api/conversations/{conversation_id}/messages"
    devices = [await offender.open(transport, user_id=ANN) for transport in ("websocket", "polling")]

    async def over_http() -> Json:
        answer = await offender.request("POST", path, message, user_id=ANN)
        assert answer.status in (200, 201), answer
        return dict(answer.json)

    sockets = asyncio.gather(*(acks(device, *[command] * 16) for device in devices))
    answers = await asyncio.gather(*(over_http() for _ in range(MANY - 32)))
    given = [each for group in await sockets for each in group]
    assert all(each["ok"] for each in given)
    return [*answers, *(each["message"] for each in given)]


async def test_one_client_id(under_attack: UnderAttack) -> None:
    """One clientId 50 times at once, and again."""

    async def attack(offender: Offender) -> str:
        conversation_id, client_id = await a_conversation(offender), str(uuid.uuid4())
        answers = await send_everywhere(offender, conversation_id, client_id)
        answers += await send_everywhere(offender, conversation_id, client_id)
        await one_row(offender, conversation_id, answers)
        return "ok, equal"

    await under_attack(attack)


async def one_row(offender: Offender, conversation_id: str, answers: list[Json]) -> None:
    [stored] = await messages_of(offender, conversation_id)
    assert len(answers) == 2 * MANY
    assert all(answer == stored for answer in answers)


async def test_one_client_id_after_a_restart(tmp_path: Path) -> None:
    """One clientId 50 times at once, a restart, and 50 times again."""
    client_id = str(uuid.uuid4())
    answers: list[Json] = []
    made: list[str] = []

    async def attack(offender: Offender) -> str:
        if not made:
            made.append(await a_conversation(offender))
        answers.extend(await send_everywhere(offender, made[0], client_id))
        if len(answers) == 2 * MANY:
            await one_row(offender, made[0], answers)
        return "ok, equal"

    for life in ("first", "second"):
        directory = tmp_path / life
        directory.mkdir()
        with (
            target.serving(directory, data_dir=tmp_path / "data") as served,
            control.talking(served) as talking,
        ):
            await Arena(served, talking).judge("one clientId after a restart", life, attack)
    assert len(answers) == 2 * MANY


# read marks


@TRANSPORTS
async def test_read_marks(under_attack: UnderAttack, transport: str) -> None:
    """Read marks in random order on two devices, beside sends."""

    async def attack(offender: Offender) -> str:
        conversation_id = await a_conversation(offender)
        one = {"conversationId": conversation_id}
        ann = await offender.open(transport, user_id=ANN)
        devices = [await offender.open(transport, user_id=BEN) for _ in range(2)]
        first = await send(ann, conversation_id, 10)
        marks = [each["message"]["seq"] for each in first] * 2
        random.shuffle(marks)
        halves = (marks[::2], marks[1::2])
        sent, *marked = await asyncio.gather(
            send(ann, conversation_id, 10),
            *(
                acks(device, *(("mark_read", {**one, "seq": seq}) for seq in half))
                for device, half in zip(devices, halves, strict=True)
            ),
        )
        assert all(each["ok"] for each in (*sent, *marked[0], *marked[1]))
        for answers, half in zip(marked, halves, strict=True):
            reached = [each["readSeq"] for each in answers]
            assert reached == sorted(reached)
            assert all(seq >= asked for seq, asked in zip(reached, half, strict=True))
        await reads_as_counted(offender, conversation_id, max(marks))
        last = sent[-1]["message"]["seq"]
        beyond = await ack(devices[0], "mark_read", {**one, "seq": last + 1_000})
        assert (beyond["readSeq"], beyond["unread"]) == (last, 0)
        return "ok"

    await under_attack(attack)


async def send(client: Client, conversation_id: str, count: int) -> list[Json]:
    sends = [
        {"conversationId": conversation_id, "clientId": str(uuid.uuid4()), "content": str(number)}
        for number in range(count)
    ]
    return await acks(client, *(("send_message", each) for each in sends))


async def reads_as_counted(offender: Offender, conversation_id: str, read_seq: int) -> None:
    """Ben's mark is the largest, and what is unread is what stands behind it."""
    path = f"/api/conversations/{conversation_id}"
    shown = (await offender.request("GET", path, user_id=BEN)).json
    [mine] = [each for each in shown["participants"] if each["userId"] == BEN]
    assert mine["readSeq"] == read_seq
    found = await messages_of(offender, conversation_id, BEN)
    counted = sum(each["seq"] > read_seq and each["sender"]["id"] != BEN for each in found)
    assert shown["unread"] == counted
    told = (await offender.request("GET", "/api/unread", user_id=BEN)).json
    assert told["conversations"].get(conversation_id, 0) == counted


# leaving, sending and deleting


@TRANSPORTS
async def test_leave_send_and_delete(under_attack: UnderAttack, transport: str) -> None:
    """Leave, send and delete at once."""

    async def attack(offender: Offender) -> str:
        outcomes: set[str] = set()
        for _ in range(5):
            outcomes |= await one_race(offender, transport)
        assert outcomes <= {"ok", "not_found"}
        assert "ok" in outcomes
        return ", ".join(sorted(outcomes))

    await under_attack(attack)


async def one_race(offender: Offender, transport: str) -> set[str]:
    """Ben leaves a group while he and Ann send, Cy edits, and Ann deletes it all."""
    conversation_id = await a_conversation(offender, "GROUP", "race-cy")
    one = {"conversationId": conversation_id}
    people = {who: await offender.open(transport, user_id=who) for who in (ANN, BEN, "race-cy")}
    second = await offender.open(transport, user_id=BEN)
    deleter = await offender.open(transport, user_id=ANN)
    for client in people.values():
        assert (await ack(client, "join_conversation", one))["ok"]
    answers = await asyncio.gather(
        send(people[ANN], conversation_id, 10),
        send(people[BEN], conversation_id, 10),
        send(people["race-cy"], conversation_id, 10),
        acks(second, ("leave_conversation", one), ("leave_group", one), ("mark_read", {**one, "seq": 3})),
        acks(deleter, ("mark_read", {**one, "seq": 5}), ("delete_conversation", one)),
    )
    flat = [each for group in answers for each in group]
    seqs = [each["message"]["seq"] for group in answers[:3] for each in group if each["ok"]]
    assert len(set(seqs)) == len(seqs)
    for who in (ANN, BEN, "race-cy"):
        path = f"/api/conversations/{conversation_id}"
        assert (await offender.request("GET", path, user_id=who)).status == 404
        assert not (await ack(people[who], "join_conversation", one))["ok"]
    return {"ok" if each["ok"] else each["error"]["code"] for each in flat}
