"""Steps of the check in which people find each other and talk. `plan.STEPS` says in which order and why.

Each acts once and then holds everything that all five sockets heard against what they should have.
"""

from __future__ import annotations

import asyncio
import uuid

from .clients import POLLING, WEBSOCKET, Device, Person, expect_refusal, request
from .failures import StepFailed, fields, same, shown
from .hearing import Hearing
from .passes import Issuer
from .scene import Json, Scene, message, only


async def alive(scene: Scene) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await request(scene.http, "GET", scene.url + path)
        if answer.status != 200:
            raise StepFailed(f"GET {path}: 200", f"{answer.status} {shown(answer.body)}")


async def sign_in(scene: Scene) -> None:
    await scene.sign_in()
    for person in (scene.buyer, scene.seller, scene.outsider):
        fields("GET /api/me", await person.done("GET", "/api/me"), id=person.user_id)


async def refusals(scene: Scene) -> None:
    """Nobody, a forger and, where tokens can be signed here, somebody whose time is over."""
    somebody = scene.outsider
    forged = Issuer("not-the-secret-of-this-server-" * 2).token(somebody.user_id)
    cases = [("no token", "", "auth_required"), ("a forged token", forged, "auth_invalid")]
    if scene.issuer is not None:
        over = scene.issuer.token(somebody.user_id, life_s=-60)
        cases.append(("an expired token", over, "auth_expired"))
    for what, token, code in cases:
        stranger = Person(f"somebody with {what}", somebody.user_id, token, scene.url, scene.http)
        await stranger.refused("GET", "/api/conversations", status=401, code=code)
        for transport in (WEBSOCKET, POLLING):
            with expect_refusal(f"{what} ({transport})", code):
                device = Device(stranger, "socket", transport)
                await device.connect()
                await device.close()


async def connect(scene: Scene) -> None:
    await scene.connect()
    for device in scene.devices:
        ready = await device.first("ready")
        fields(f"ready at {device.label}", ready, userId=device.person.user_id)
        scene.epoch = ready["epoch"]
    scene.unread_before = (await scene.seller.done("GET", "/api/unread"))["total"]


async def create(scene: Scene) -> None:
    """A subject of this run's own, so that people who talk already get a new conversation all the same."""
    run = uuid.uuid4().hex
    body = {
        "participantIds": [scene.seller.user_id],
        "subject": {"type": "check", "id": run, "title": "Real-time check"},
    }
    heard = await scene.listen()
    made = await scene.buyer.done("POST", "/api/conversations", body, status=201)
    scene.conversation_id = made["id"]
    scene.made.add(made["id"])
    payloads = await heard.exactly({device: ["conversation_created"] for device in scene.everybody})
    for device in scene.everybody:
        created = only(payloads[device])
        fields(f"conversation_created at {device.label}", created, id=made["id"], unread=0)
    heard = await scene.listen()
    again = await scene.buyer.done("POST", "/api/conversations", body, status=200)
    same("the same people and subject again: the same conversation", again["id"], made["id"])
    await heard.exactly({})


async def join(scene: Scene) -> None:
    heard = await scene.listen()
    for device in (scene.buyer_view, scene.seller_view):
        ack = await device.done("join_conversation", conversationId=scene.conversation_id)
        fields(f"join_conversation by {device.label}", ack["conversation"], id=scene.conversation_id)
    bare = await scene.buyer_view.command("join_conversation", scene.conversation_id)
    fields("join_conversation with a bare id, again", bare, ok=True)
    await heard.exactly({})


async def send_over_http(scene: Scene) -> None:
    body = message("Is the shipment of 40 pallets still in Rotterdam?")
    heard = await scene.listen()
    scene.first = await scene.buyer.done("POST", scene.path + "/messages", body, status=201)
    fields("the response", scene.first, clientId=body["clientId"], content=body["content"])
    await _all_learn(scene, heard, scene.first, unread=1)


async def send_over_socket(scene: Scene) -> None:
    body = message("And could we have it by Friday?")
    heard = await scene.listen()
    ack = await scene.buyer_view.done("send_message", conversationId=scene.conversation_id, **body)
    scene.second = ack["message"]
    fields("the ack's message", scene.second, clientId=body["clientId"], content=body["content"])
    same("its seq, the next one", scene.second["seq"], scene.first["seq"] + 1)
    await _all_learn(scene, heard, scene.second, unread=2)


async def repeat(scene: Scene) -> None:
    """As a client does that never saw the ack; either way in finds what the other has stored."""
    heard = await scene.listen()
    first, second = (message(sent["content"], sent["clientId"]) for sent in (scene.first, scene.second))
    ack = await scene.buyer_else.done("send_message", conversationId=scene.conversation_id, **first)
    same("the message sent over HTTP, again over the socket", ack["message"], scene.first)
    stored = await scene.buyer.done("POST", scene.path + "/messages", second, status=200)
    same("the message sent over the socket, again over HTTP", stored, scene.second)
    await heard.exactly({})


async def reuse_client_id(scene: Scene) -> None:
    heard = await scene.listen()
    other = message("Something else", scene.first["clientId"])
    code = "client_id_reused"
    await scene.buyer.refused("POST", scene.path + "/messages", other, status=409, code=code)
    await scene.buyer_view.refused("send_message", code=code, conversationId=scene.conversation_id, **other)
    await heard.exactly({})


async def count_unread(scene: Scene) -> None:
    same(
        "the seller's unread, here and in all",
        await scene.unread_of(scene.seller),
        (2, scene.unread_before + 2),
    )
    same("the buyer's own messages, unread by the buyer", (await scene.unread_of(scene.buyer))[0], 0)
    listed = await scene.seller.done("GET", "/api/conversations", params={"limit": 5})
    newest = listed["items"][0]
    fields("the first of the seller's list", newest, id=scene.conversation_id, unread=2)
    same("its last message", newest["lastMessage"], scene.second)


async def mark_read(scene: Scene) -> None:
    """First up to the first message over HTTP, then the rest over a socket; a third time moves nothing."""
    heard = await scene.listen()
    seq = scene.first["seq"]
    state = await scene.seller.done("PUT", scene.path + "/read", {"seq": seq})
    total = scene.unread_before + 1
    fields("the response", state, readSeq=seq, unread=1, totalUnread=total)
    await _all_learn_of_reading(scene, heard, read_seq=seq, unread=1)
    heard = await scene.listen()
    seq = scene.second["seq"]
    for _ in range(2):
        ack = await scene.seller_else.done("mark_read", conversationId=scene.conversation_id, seq=seq)
        fields("the ack", ack, readSeq=seq, unread=0, totalUnread=scene.unread_before)
    await _all_learn_of_reading(scene, heard, read_seq=seq, unread=0)
    same("GET /api/unread", await scene.unread_of(scene.seller), (0, scene.unread_before))


async def edit(scene: Scene) -> None:
    target = f"{scene.path}/messages/{scene.second['id']}"
    await scene.seller.refused("PATCH", target, {"content": "Mine now"}, status=403, code="forbidden")
    heard = await scene.listen()
    edited = await scene.buyer.done("PATCH", target, {"content": "And could we have it by Monday?"})
    fields("the response", edited, id=scene.second["id"], seq=scene.second["seq"])
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_updated"],
            scene.seller_view: ["message_updated"],
            scene.buyer_else: ["conversation_updated"],
            scene.seller_else: ["conversation_updated"],
        }
    )
    for device in (scene.buyer_view, scene.seller_view):
        same(f"message_updated at {device.label}", only(payloads[device]), edited)
    updated = only(payloads[scene.seller_else])
    same("the list's last message elsewhere", updated["conversation"]["lastMessage"], edited)


async def delete_message(scene: Scene) -> None:
    gone = scene.first
    heard = await scene.listen()
    ack = await scene.buyer_view.done(
        "delete_message", conversationId=scene.conversation_id, messageId=gone["id"]
    )
    fields("the ack's message", ack["message"], id=gone["id"], seq=gone["seq"], content="")
    payloads = await heard.exactly({device: ["message_deleted"] for device in scene.everybody})
    for device in scene.everybody:
        fields(
            f"message_deleted at {device.label}",
            only(payloads[device]),
            messageId=gone["id"],
            deletedBy=scene.buyer.user_id,
        )


async def close_and_reopen(scene: Scene) -> None:
    heard = await scene.listen()
    await scene.seller_view.done("close_conversation", conversationId=scene.conversation_id)
    await _all_learn_of_status(scene, heard, "CLOSED")
    heard = await scene.listen()
    body = message("One more thing")
    code = "conversation_closed"
    await scene.buyer.refused("POST", scene.path + "/messages", body, status=409, code=code)
    await scene.buyer_view.refused("send_message", code=code, conversationId=scene.conversation_id, **body)
    await heard.exactly({})
    heard = await scene.listen()
    await scene.buyer.done("PATCH", scene.path, {"status": "ACTIVE"})
    await _all_learn_of_status(scene, heard, "ACTIVE")


async def keep_order(scene: Scene) -> None:
    """Five sends on one socket, none waiting for the ack of the one before."""
    heard = await scene.listen()
    bodies = [message(f"Pallet {number} of 5") for number in range(1, 6)]
    acks = await asyncio.gather(
        *(
            scene.seller_else.done("send_message", conversationId=scene.conversation_id, **body)
            for body in bodies
        )
    )
    first = acks[0]["message"]["seq"]
    same("seq of the acks", [ack["message"]["seq"] for ack in acks], list(range(first, first + 5)))
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_received"] * 5,
            scene.seller_view: ["message_received"] * 5,
            scene.buyer_else: ["new_message_notification"] * 5,
            scene.seller_else: ["conversation_updated"] * 5,
        }
    )
    for device in scene.everybody:
        order = [payload["seq"] for payload in payloads[device]]
        same(f"seq of the events at {device.label}", order, list(range(first, first + 5)))


async def _all_learn(scene: Scene, heard: Hearing, sent: Json, *, unread: int) -> None:
    """Every socket of the two learns of the buyer's message once, each by the event for where it is."""
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_received"],
            scene.seller_view: ["message_received"],
            scene.buyer_else: ["conversation_updated"],
            scene.seller_else: ["new_message_notification"],
        }
    )
    for device in (scene.buyer_view, scene.seller_view):
        same(f"message_received at {device.label}", only(payloads[device]), sent)
    notified = only(payloads[scene.seller_else])
    fields(
        "new_message_notification",
        notified,
        conversationId=scene.conversation_id,
        seq=sent["seq"],
        message=sent,
        totalUnread=scene.unread_before + unread,
    )
    fields("its conversation", notified["conversation"], unread=unread, lastMessage=sent)
    updated = only(payloads[scene.buyer_else])
    fields("conversation_updated", updated, conversationId=scene.conversation_id, seq=sent["seq"])
    fields("its conversation", updated["conversation"], unread=0, lastMessage=sent)


async def _all_learn_of_reading(scene: Scene, heard: Hearing, *, read_seq: int, unread: int) -> None:
    """How much is unread is told to the reader's own devices alone."""
    payloads = await heard.exactly({device: ["message_read"] for device in scene.everybody})
    for device in scene.everybody:
        own = device.person is scene.seller
        fields(
            f"message_read at {device.label}",
            only(payloads[device]),
            userId=scene.seller.user_id,
            readSeq=read_seq,
            unread=unread if own else None,
            totalUnread=scene.unread_before + unread if own else None,
        )


async def _all_learn_of_status(scene: Scene, heard: Hearing, status: str) -> None:
    payloads = await heard.exactly({device: ["conversation_updated"] for device in scene.everybody})
    for device in scene.everybody:
        updated = only(payloads[device])
        fields(f"conversation_updated at {device.label}", updated["conversation"], status=status)
