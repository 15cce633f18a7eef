"""Steps of the check about what stands: history, whose it is, what a lost connection finds again, and the end.

As in `talking`, each step holds everything that was heard against what should have been.
"""

from __future__ import annotations

from .clients import WEBSOCKET, Device
from .failures import fields, same
from .scene import Json, Scene, ascending, message, only

PAGE = 3


async def history(scene: Scene) -> None:
    """From the newest page back to the first message, and from there forward again: the same messages."""
    backward = await _read_back(scene)
    forward = await _read_on(scene)
    ascending("the history", backward)
    same("the history read forward", [each["id"] for each in forward], [each["id"] for each in backward])
    same("the first message, deleted by now, in its place", backward[0]["id"], scene.first["id"])
    same("its content", backward[0]["content"], "")


async def foreign_access(scene: Scene) -> None:
    """An outsider who knows the ids gets one and the same answer to everything, and nobody notices."""
    heard = await scene.listen()
    target = f"{scene.path}/messages/{scene.second['id']}"
    text = {"content": "I was here"}
    for method, path, body in (
        ("GET", scene.path, None),
        ("PATCH", scene.path, {"status": "CLOSED"}),
        ("DELETE", scene.path, None),
        ("GET", scene.path + "/messages", None),
        ("POST", scene.path + "/messages", message("I was here")),
        ("PATCH", target, text),
        ("DELETE", target, None),
        ("PUT", scene.path + "/read", {"seq": 1}),
    ):
        await scene.outsider.refused(method, path, body, status=404, code="not_found")
    one = {"conversationId": scene.conversation_id}
    for command, argument in (
        ("join_conversation", one),
        ("send_message", one | message("I was here")),
        ("edit_message", one | {"messageId": scene.second["id"]} | text),
        ("delete_message", one | {"messageId": scene.second["id"]}),
        ("mark_read", one | {"seq": 1}),
        ("typing_start", one),
        ("close_conversation", one),
        ("reopen_conversation", one),
        ("delete_conversation", one),
    ):
        await scene.outsider_socket.refused(command, code="not_found", **argument)
    delivered = {"conversations": {scene.conversation_id: 1}}
    await scene.outsider.done("PUT", "/api/delivered", delivered, status=204)
    await scene.outsider_socket.done("mark_delivered", **delivered)
    caught = await scene.outsider_socket.done(
        "resume", epoch=scene.epoch, conversations={scene.conversation_id: 0}
    )
    entry = caught["conversations"][scene.conversation_id]
    fields("resume by the outsider", entry, gone=True, events=None, reads={})
    await heard.exactly({})


async def cut_and_resume(scene: Scene) -> None:
    """The buyer's thread loses its connection; what happens meanwhile comes back whole, once and in order."""
    last_seq = (await scene.buyer.done("GET", scene.path))["seq"]
    await scene.buyer_view.cut()
    meanwhile = await _while_away(scene)
    scene.buyer_view = back = Device(scene.buyer, "open thread, reconnected", WEBSOCKET)
    await back.connect()
    scene.devices[0] = back
    fields(f"ready at {back.label}", await back.first("ready"), epoch=scene.epoch)
    ack = await back.done("resume", epoch=scene.epoch, conversations={scene.conversation_id: last_seq})
    gap = ack["conversations"][scene.conversation_id]
    fields("resume", gap, reset=False, gone=False)
    entries = [(entry["seq"], entry["event"], entry["payload"]["content"]) for entry in gap["events"]]
    same(
        f"the gap after {last_seq}", entries, [(last_seq + 1 + n, *each) for n, each in enumerate(meanwhile)]
    )
    joined = await back.done(
        "join_conversation", conversationId=scene.conversation_id, afterSeq=last_seq + len(meanwhile)
    )
    fields("join_conversation with the newest afterSeq", joined, events=[], reset=False)
    heard = await scene.listen()
    await scene.seller.done("POST", scene.path + "/messages", message("Welcome back"), status=201)
    await heard.exactly(
        {
            scene.buyer_view: ["message_received"],
            scene.seller_view: ["message_received"],
            scene.buyer_else: ["new_message_notification"],
            scene.seller_else: ["conversation_updated"],
        }
    )


async def foreign_epoch(scene: Scene) -> None:
    """Positions in another life of the store mean nothing: the client is told to load anew."""
    ack = await scene.buyer_else.done(
        "resume", epoch="of-another-store", conversations={scene.conversation_id: 1}
    )
    fields("resume with another epoch", ack, reset=True, epoch=scene.epoch, conversations={})


async def leave(scene: Scene) -> None:
    await scene.seller_view.done("leave_conversation", conversationId=scene.conversation_id)
    heard = await scene.listen()
    ack = await scene.buyer_else.done(
        "send_message", conversationId=scene.conversation_id, **message("Are you there?")
    )
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_received"],
            scene.buyer_else: ["conversation_updated"],
            scene.seller_view: ["new_message_notification"],
            scene.seller_else: ["new_message_notification"],
        }
    )
    for device in (scene.seller_view, scene.seller_else):
        fields(f"the notification at {device.label}", only(payloads[device]), message=ack["message"])


async def delete_conversation(scene: Scene) -> None:
    heard = await scene.listen()
    await scene.buyer.done("DELETE", scene.path, status=204)
    payloads = await heard.exactly({device: ["conversation_deleted"] for device in scene.everybody})
    for device in scene.everybody:
        fields(
            f"conversation_deleted at {device.label}",
            only(payloads[device]),
            conversationId=scene.conversation_id,
            deletedBy=scene.buyer.user_id,
        )
    for person in (scene.buyer, scene.seller):
        await person.refused("GET", scene.path, status=404, code="not_found")
    one = {"conversationId": scene.conversation_id}
    await scene.buyer_else.refused("send_message", code="not_found", **one, **message("Hello?"))
    await scene.seller_view.refused("join_conversation", code="not_found", **one)
    same("the seller's unread", await scene.unread_of(scene.seller), (0, scene.unread_before))


async def silence(scene: Scene) -> None:
    """Over the whole run the outsider's socket has heard nothing of the others."""
    socket = scene.outsider_socket
    await socket.settle()
    ours = [heard.event for heard in socket.heard if scene.concerns(heard)]
    same("what the outsider heard", ours, [])


async def _read_back(scene: Scene) -> list[Json]:
    found: list[Json] = []
    bound: dict[str, str | int] = {}
    while True:
        page = await scene.seller.done("GET", scene.path + "/messages", params={"limit": PAGE} | bound)
        fields("a page read back", page, hasAfter=bool(found))
        found = page["items"] + found
        if not page["hasBefore"]:
            return found
        bound = {"before": page["items"][0]["seq"]}


async def _read_on(scene: Scene) -> list[Json]:
    found: list[Json] = []
    after = 0
    while True:
        params = {"limit": PAGE, "after": after}
        page = await scene.seller.done("GET", scene.path + "/messages", params=params)
        fields("a page read forward", page, hasBefore=bool(found))
        found += page["items"]
        if not page["hasAfter"]:
            return found
        after = found[-1]["seq"]


async def _while_away(scene: Scene) -> list[tuple[str, str]]:
    """Two messages and an edit; returns the events of the log, each with the content as it is at the end."""
    heard = await scene.listen()
    sent = await scene.seller.done("POST", scene.path + "/messages", message("Loaded at noon"), status=201)
    await scene.seller.done("POST", scene.path + "/messages", message("Papers follow"), status=201)
    await scene.seller_view.done(
        "edit_message",
        conversationId=scene.conversation_id,
        messageId=sent["id"],
        content="Loaded at one",
    )
    await heard.exactly(
        {
            scene.seller_view: ["message_received", "message_received", "message_updated"],
            scene.buyer_else: ["new_message_notification"] * 2 + ["conversation_updated"],
            scene.seller_else: ["conversation_updated"] * 3,
        }
    )
    return [
        ("message_received", "Loaded at one"),
        ("message_received", "Papers follow"),
        ("message_updated", "Loaded at one"),
    ]
