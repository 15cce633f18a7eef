"""What people do: mostly say something, and sometimes everything else that a client can do to a conversation."""

from __future__ import annotations

import itertools
from bisect import bisect
from collections.abc import Callable

from . import texts, wire
from .device import Device
from .outbox import Draft
from .requests import NoAnswer
from .wire import Problem
from .world import Talk

_EMOJI = ("👍", "🎉", "❤️", "😀")


def act(device: Device) -> bool:
    """One thing, begun by this; False if there is no conversation to do it in."""
    if not device.views:
        return False
    talk = device.world.talks[device.rng.choice(tuple(device.views))]
    _ACTS[bisect(_BOUNDS, device.rng.random())](device, talk)
    return True


def say(device: Device, talk: Talk) -> None:
    device.send(_draft(device, talk))


def say_twice(device: Device, talk: Talk) -> None:
    """The same at once, before the first has an answer."""
    draft = _draft(device, talk)
    device.send(draft)
    device.send(draft)


def repeat(device: Device, talk: Talk) -> None:
    """What was acked long ago, or before a restart."""
    if device.sent:
        device.send(device.rng.choice(device.sent))
    else:
        say(device, talk)


def say_over_http(device: Device, talk: Talk) -> None:
    if device.asking:
        say(device, talk)
    else:
        device.begin_task(_post(device, _draft(device, talk)))


async def _post(device: Device, draft: Draft) -> None:
    body = {"clientId": draft.client_id, "content": draft.content}
    path = f"/api/conversations/{draft.talk.id}/messages"
    try:
        q, status, answer = await device.ask(
            "send_over_http", "POST", path, body, c=draft.talk.c, i=draft.client_id, d=draft.digest
        )
    except NoAnswer:
        device.refused_draft(draft, Problem("", retryable=True))
        return
    if status < 300:
        device.acked(q, draft, wire.decode_message(answer))
    else:
        device.refused_draft(draft, wire.decode_problem(answer))
    device.pump()


def edit(device: Device, talk: Talk) -> None:
    if not device.mine:
        say(device, talk)
        return
    talk, message_id = device.rng.choice(device.mine)
    content = texts.text(device.rng, talk.canary, device.rng.getrandbits(32))
    argument = {"conversationId": talk.id, "messageId": message_id, "content": content}
    device.command("edit_message", argument, talk=talk)


def delete(device: Device, talk: Talk) -> None:
    if not device.mine:
        say(device, talk)
        return
    talk, message_id = device.mine.popleft()
    device.command("delete_message", {"conversationId": talk.id, "messageId": message_id}, talk=talk)


def react(device: Device, talk: Talk) -> None:
    if not talk.recent:
        say(device, talk)
        return
    rng = device.rng
    name = "add_reaction" if rng.random() < 0.7 else "remove_reaction"
    argument = {
        "conversationId": talk.id,
        "messageId": rng.choice(talk.recent),
        "emoji": rng.choice(_EMOJI),
    }
    device.command(name, argument, talk=talk)


def mark_read(device: Device, talk: Talk) -> None:
    """As far as the view goes; now and then a position from before, which must not move it back."""
    n = device.views[talk.c].n
    seq = n if device.rng.random() < 0.8 else device.rng.randint(0, n)
    device.command("mark_read", {"conversationId": talk.id, "seq": seq}, talk=talk)


def mark_delivered(device: Device, talk: Talk) -> None:
    positions = {device.world.talks[c].id: view.n for c, view in device.views.items()}
    device.command("mark_delivered", {"conversations": positions})


def look_away(device: Device, talk: Talk) -> None:
    """Leave the room, or come back to it."""
    view = device.views[talk.c]
    if view.joined:
        view.joined = False
        device.command("leave_conversation", {"conversationId": talk.id}, talk=talk)
    else:
        device.join(talk, view)


def page(device: Device, talk: Talk) -> None:
    if device.asking:
        say(device, talk)
    else:
        device.begin_task(_page(device, talk))


async def _page(device: Device, talk: Talk) -> None:
    view = device.views[talk.c]
    around = device.rng.randint(0, view.n)
    path = f"/api/conversations/{talk.id}/messages?around={around}"
    try:
        q, status, answer = await device.ask("page", "GET", path, c=talk.c)
    except NoAnswer:
        device.pump()
        return
    if status == 200:
        device.saw_page(q, talk, wire.decode_messages(answer))
    device.pump()


def probe(device: Device, talk: Talk) -> None:
    """Try the door of a conversation of others: by the socket, or by HTTP."""
    foreign = [each for each in device.world.talks.values() if device.user not in each.users]
    if not foreign:
        say(device, talk)
        return
    rng = device.rng
    talk = rng.choice(foreign)
    content = f"{talk.canary} from outside"
    if rng.random() < 0.3 and not device.asking:
        path = f"/api/conversations/{talk.id}" + rng.choice(("", "/messages"))
        device.begin_task(_probe(device, talk, path))
        return
    client_id = device.world.next_client_id()
    name, more = rng.choice(
        (
            ("join_conversation", {"afterSeq": 0}),
            ("send_message", {"clientId": client_id, "content": content}),
            ("mark_read", {"seq": 1}),
        )
    )
    device.command(name, {"conversationId": talk.id, **more}, talk=talk, as_name="probe")


async def _probe(device: Device, talk: Talk, path: str) -> None:
    try:
        q, status, _ = await device.ask("probe", "GET", path, c=talk.c)
    except NoAnswer:
        status = 0
    if 0 < status < 400:
        device.note_ok(q)
    device.pump()


def change_people(device: Device, talk: Talk) -> None:
    """The owner of a group removes somebody, or takes somebody back."""
    owned = [each for each in device.talks if each.group and each.owner == device.user]
    if not owned:
        say(device, talk)
        return
    talk = device.rng.choice(owned)
    members = [user for user in talk.users[1:] if user not in talk.out]
    if talk.out and (len(members) < 2 or device.rng.random() < 0.6):
        user = device.rng.choice(sorted(talk.out))
        talk.out.discard(user)
        argument: dict[str, object] = {"conversationId": talk.id, "userIds": [user]}
        device.command("add_participants", argument, talk=talk)
    elif len(members) > 1:
        user = device.rng.choice(members)
        talk.out.add(user)
        device.command("remove_participant", {"conversationId": talk.id, "userId": user}, talk=talk)
    else:
        say(device, talk)


def _draft(device: Device, talk: Talk) -> Draft:
    world = device.world
    client_id = world.next_client_id()
    content = texts.text(device.rng, talk.canary, int(client_id[-12:], 16))
    known = texts.digest(device.user, client_id, "TEXT", content, deleted=False)
    return device.write_draft(talk, content, known, client_id)


#: What, and which share of all that is done.
MIX: tuple[tuple[Callable[[Device, Talk], None], float], ...] = (
    (say, 0.885),
    (say_twice, 0.01),
    (repeat, 0.01),
    (say_over_http, 0.02),
    (edit, 0.02),
    (delete, 0.006),
    (react, 0.012),
    (mark_read, 0.02),
    (mark_delivered, 0.003),
    (look_away, 0.006),
    (page, 0.003),
    (probe, 0.003),
    (change_people, 0.002),
)
_ACTS = [each for each, _ in MIX]
_BOUNDS = list(itertools.accumulate(share for _, share in MIX))[:-1]
