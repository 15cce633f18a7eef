"""Steps of the check about people rather than messages: deliveries, readings kept back, typing, and who is there.

As in `talking`, each step holds everything that was heard against what should have been. Of presence no conversation
is told, so there the watcher's own events are looked at.
"""

from __future__ import annotations

import asyncio
from typing import Any

from .clients import ANSWER_TIMEOUT_S, Device
from .failures import fields, same
from .scene import Json, Scene, message, only

#: The server waits some seconds for whoever is gone to come back.
OFFLINE_TIMEOUT_S = 5.0 + ANSWER_TIMEOUT_S


async def delivered(scene: Scene) -> None:
    """To the first message over a socket, to the second over HTTP; a second time moves nothing."""
    first, second = ({scene.conversation_id: sent["seq"]} for sent in (scene.first, scene.second))
    heard = await scene.listen()
    for _ in range(2):
        await scene.seller_else.done("mark_delivered", conversations=first)
    await scene.seller.done("PUT", "/api/delivered", {"conversations": second}, status=204)
    payloads = await heard.exactly({scene.buyer_view: ["message_delivered"] * 2})
    told = payloads[scene.buyer_view]
    same(
        "deliveredSeq of the events",
        [each["deliveredSeq"] for each in told],
        [*first.values(), *second.values()],
    )
    seller = await _seller_as_seen(scene)
    fields("the seller in the conversation", seller, deliveredSeq=scene.second["seq"])
    same("deliveredAt there and in the event", seller["deliveredAt"], told[-1]["deliveredAt"])


async def read_unseen(scene: Scene) -> None:
    """The seller lets nobody know: own devices clear, the buyer sees the mark where it stood."""
    before = await scene.seller.done("GET", "/api/me/settings")
    shown = await _seller_as_seen(scene)
    await _set(scene, sendReadReceipts=False)
    try:
        body = message("And the papers?")
        sent = await scene.buyer.done("POST", scene.path + "/messages", body, status=201)
        heard = await scene.listen()
        await scene.seller_else.done("mark_read", conversationId=scene.conversation_id, seq=sent["seq"])
        payloads = await heard.exactly(
            {
                scene.buyer_view: ["message_delivered"],
                scene.seller_view: ["message_read"],
                scene.seller_else: ["message_read"],
            }
        )
        for device in (scene.seller_view, scene.seller_else):
            fields(f"message_read at {device.label}", only(payloads[device]), readSeq=sent["seq"], unread=0)
        fields(
            "the seller as the buyer sees them",
            await _seller_as_seen(scene),
            readSeq=shown["readSeq"],
            readAt=shown["readAt"],
            deliveredSeq=sent["seq"],
        )
    finally:
        await _set(scene, sendReadReceipts=before["sendReadReceipts"])


async def typing(scene: Scene) -> None:
    """A change of what somebody does is told at once; the same again within two seconds is not."""
    both = (scene.buyer_view, scene.buyer_else)
    for command, activity, event in (
        ("typing_start", "typing", "user_typing"),
        ("typing_start", "recording", "user_typing"),
        ("typing_stop", None, "user_stopped_typing"),
    ):
        heard = await scene.listen()
        argument = {} if activity is None else {"activity": activity}
        for _ in range(2):
            await scene.seller_view.done(command, conversationId=scene.conversation_id, **argument)
        payloads = await heard.exactly({device: [event] for device in both})
        for device in both:
            fields(
                f"{event} at {device.label}",
                only(payloads[device]),
                conversationId=scene.conversation_id,
                userId=scene.seller.user_id,
                **argument,
            )


async def presence(scene: Scene) -> None:
    """The seller is there, then hides, and is there again. A demo's people may have more sockets than these."""
    watcher = scene.buyer_view
    before = await scene.seller.done("GET", "/api/me/settings")
    await _set(scene, sharePresence=True)
    try:
        ack = await watcher.done("watch_presence", userIds=[scene.seller.user_id, scene.buyer.user_id])
        seller = only(ack["presences"])
        fields("watch_presence", seller, userId=scene.seller.user_id, status="online")
        if scene.issuer is not None:
            foreign = await scene.outsider_socket.done("watch_presence", userIds=[scene.seller.user_id])
            same("watch_presence by the outsider", foreign["presences"], [])
            await _go_away_and_return(scene, watcher)
        await _hears(watcher, _set(scene, sharePresence=False), status="offline", lastSeenAt=None)
        await _hears(watcher, _set(scene, sharePresence=True), status="online", lastSeenAt=None)
    finally:
        await _set(scene, sharePresence=before["sharePresence"])


async def offline(scene: Scene) -> None:
    """Both of the seller's sockets go, and later come back; where tokens can be signed nobody else has one."""
    watcher = scene.buyer_view
    await watcher.done("watch_presence", userIds=[scene.seller.user_id])
    going = (scene.seller_view, scene.seller_else)
    since = len(watcher.heard)
    await asyncio.gather(*(device.close() for device in going))
    if scene.issuer is not None:
        gone = await watcher.first("presence_changed", since=since, timeout_s=OFFLINE_TIMEOUT_S)
        fields("presence_changed", gone, userId=scene.seller.user_id, status="offline")
        params = {"userIds": scene.seller.user_id}
        looked = await scene.buyer.done("GET", "/api/presence", params=params)
        same("GET /api/presence", looked["presences"], [gone])
        since = len(watcher.heard)
    scene.seller_view, scene.seller_else = back = tuple(
        Device(scene.seller, f"{place}, back again", device.transport)
        for place, device in zip(("open thread", "second device"), going, strict=True)
    )
    scene.devices[2:4] = back
    await asyncio.gather(*(device.connect() for device in back))
    if scene.issuer is not None:
        fields("presence_changed", await watcher.first("presence_changed", since=since), status="online")


async def _go_away_and_return(scene: Scene, watcher: Device) -> None:
    await scene.seller_view.done("set_presence", status="away")
    away = scene.seller_else.done("set_presence", status="away")
    await _hears(watcher, away, status="away", lastSeenAt=None)
    back = scene.seller_view.done("set_presence", status="online")
    await _hears(watcher, back, status="online", lastSeenAt=None)


async def _hears(watcher: Device, act: Any, **expected: object) -> None:
    since = len(watcher.heard)
    await act
    fields("presence_changed", await watcher.first("presence_changed", since=since), **expected)


async def _set(scene: Scene, **settings: object) -> None:
    changed = await scene.seller.done("PATCH", "/api/me/settings", settings)
    fields("PATCH /api/me/settings", changed, **settings)


async def _seller_as_seen(scene: Scene) -> Json:
    conversation = await scene.buyer.done("GET", scene.path)
    found: Json = only(
        [each for each in conversation["participants"] if each["userId"] == scene.seller.user_id]
    )
    return found
