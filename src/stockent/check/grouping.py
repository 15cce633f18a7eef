"""Steps of the check about groups: who comes later sees nothing of before, and who goes hears nothing of after.

They come last: the outsider of the other steps is taken in here, and removed again.
"""

from __future__ import annotations

import uuid

from .clients import Device, Person
from .failures import fields, same
from .hearing import Expected, Hearing
from .scene import Json, Scene, message, only

#: A change and the message that tells of it: at who did it, at the others, and at who came by it.
DONE = ("conversation_updated", "conversation_updated")
TOLD = ("conversation_updated", "new_message_notification")
CAME = ("conversation_created", "new_message_notification")
WENT = ("participant_removed",)


async def create_group(scene: Scene) -> None:
    """Buyer and seller; what the seller says is before the third one's time."""
    body = {
        "participantIds": [scene.seller.user_id],
        "kind": "GROUP",
        "subject": {"type": "check", "id": uuid.uuid4().hex, "title": "Real-time check of groups"},
    }
    heard = await scene.listen()
    made = await scene.buyer.done("POST", "/api/conversations", body, status=201)
    scene.group_id = made["id"]
    scene.made.add(made["id"])
    fields("the group", made, kind="GROUP", seq=0, historyVisible=False)
    roles = {person["userId"]: person["groupRole"] for person in made["participants"]}
    same("its roles", roles, {scene.buyer.user_id: "OWNER", scene.seller.user_id: "MEMBER"})
    await heard.exactly({device: ["conversation_created"] for device in _two(scene)})
    await scene.seller.done("POST", _path(scene, "/messages"), message("Before your time"), status=201)
    people = _path(scene, "/participants")
    newcomer = {"userIds": [scene.outsider.user_id]}
    await scene.seller.refused("POST", people, newcomer, status=403, code="forbidden")
    await scene.outsider.refused("POST", people, newcomer, status=404, code="not_found")


async def add(scene: Scene) -> None:
    newcomer = scene.outsider
    heard = await scene.listen()
    body = {"userIds": [newcomer.user_id]}
    shown = await scene.buyer.done("POST", _path(scene, "/participants"), body)
    same("seq after the change and the message that tells of it", shown["seq"], 3)
    payloads = await _all_learn(scene, heard, {scene.outsider_socket: CAME})
    created, notified = payloads[scene.outsider_socket]
    fields("conversation_created at the newcomer's", created, seq=2, unread=0, lastMessage=None)
    told = notified["message"]
    fields("the message that tells of it", told, seq=3, type="SYSTEM")
    fields("its note", told["system"], event="added")
    same("whom it names", [user["id"] for user in told["system"]["users"]], [newcomer.user_id])
    page = await newcomer.done("GET", _path(scene, "/messages"))
    same("the newcomer's whole history", page["items"], [told])
    joined = await scene.outsider_socket.done("join_conversation", conversationId=scene.group_id, afterSeq=0)
    fields("join_conversation from before their time", joined, events=[], reset=True)
    await _speak(scene, scene.seller, "Welcome", {scene.outsider_socket: ["message_received"]})


async def remove(scene: Scene) -> None:
    """By the ack the removed one is out of the room, and hears of nothing that is said after it."""
    gone, socket = scene.outsider, scene.outsider_socket
    heard = await scene.listen()
    ack = await scene.buyer_else.done(
        "remove_participant", conversationId=scene.group_id, userId=gone.user_id
    )
    same("who is left", len(ack["conversation"]["participants"]), 2)
    payloads = await _all_learn(scene, heard, {socket: WENT})
    fields(
        "participant_removed",
        only(payloads[socket]),
        conversationId=scene.group_id,
        seq=5,
        userId=gone.user_id,
        removedBy=scene.buyer.user_id,
    )
    await _speak(scene, scene.seller, "Among the two of us", {})
    await gone.refused("GET", _path(scene), status=404, code="not_found")
    await gone.refused("GET", _path(scene, "/messages"), status=404, code="not_found")
    one = {"conversationId": scene.group_id}
    await socket.refused("join_conversation", code="not_found", **one)
    await socket.refused("send_message", code="not_found", **one, **message("Still here?"))
    caught = await socket.done("resume", epoch=scene.epoch, conversations={scene.group_id: 4})
    fields("resume by the removed one", caught["conversations"][scene.group_id], gone=True, events=None)


async def leave(scene: Scene) -> None:
    """The owner leaves and the other becomes one; with the other the group is gone."""
    heard = await scene.listen()
    await scene.buyer_view.done("leave_group", conversationId=scene.group_id)
    went, told = (scene.buyer_view, scene.buyer_else), (scene.seller_view, scene.seller_else)
    payloads = await heard.exactly(dict.fromkeys(went, WENT) | dict.fromkeys(told, TOLD))
    updated = payloads[scene.seller_else][0]["conversation"]
    roles = {person["userId"]: person["groupRole"] for person in updated["participants"]}
    same("who is left, and as what", roles, {scene.seller.user_id: "OWNER"})
    heard = await scene.listen()
    own = _path(scene, f"/participants/{scene.seller.user_id}")
    await scene.seller.done("DELETE", own, status=204)
    await heard.exactly(dict.fromkeys(told, WENT))
    await scene.seller.refused("GET", _path(scene), status=404, code="not_found")


def _path(scene: Scene, rest: str = "") -> str:
    return f"/api/conversations/{scene.group_id}{rest}"


def _two(scene: Scene) -> list[Device]:
    return [scene.buyer_view, scene.buyer_else, scene.seller_view, scene.seller_else]


async def _all_learn(scene: Scene, heard: Hearing, third: Expected) -> dict[Device, list[Json]]:
    """Of a change by the buyer: none of the two has the group in view."""
    buyers = dict.fromkeys((scene.buyer_view, scene.buyer_else), DONE)
    sellers = dict.fromkeys((scene.seller_view, scene.seller_else), TOLD)
    return await heard.exactly({**buyers, **sellers, **third})


async def _speak(scene: Scene, person: Person, text: str, third: Expected) -> None:
    heard = await scene.listen()
    await person.done("POST", _path(scene, "/messages"), message(text), status=201)
    events = {
        device: ["conversation_updated" if device.person is person else "new_message_notification"]
        for device in _two(scene)
    }
    await heard.exactly({**events, **third})
