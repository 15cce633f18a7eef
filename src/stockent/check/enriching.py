"""Steps of the check about what hangs on messages: reactions, answers, mentions, former texts; and keeping order."""

from __future__ import annotations

from .failures import fields, same
from .hearing import Hearing
from .scene import Json, Scene, message, only

EMOJI = "👍"


async def react(scene: Scene) -> None:
    """Over HTTP and over a socket; the same again is answered and told to nobody."""
    path = f"{scene.path}/messages/{scene.second['id']}/reactions"
    heard = await scene.listen()
    reacted = await scene.seller.done("PUT", path, {"emoji": EMOJI})
    [given] = reacted["reactions"]
    fields("the reaction", given, emoji=EMOJI, count=1)
    same("who gave it", [user["id"] for user in given["users"]], [scene.seller.user_id])
    await _all_learn_of_change(scene, heard, reacted)
    arguments = {
        "conversationId": scene.conversation_id,
        "messageId": scene.second["id"],
        "emoji": EMOJI,
    }
    heard = await scene.listen()
    again = await scene.seller_view.done("add_reaction", **arguments)
    same("the same reaction again", again["message"], reacted)
    await heard.exactly({})
    heard = await scene.listen()
    ack = await scene.seller_else.done("remove_reaction", **arguments)
    same("reactions once it is taken back", ack["message"]["reactions"], [])
    await _all_learn_of_change(scene, heard, ack["message"])
    await scene.seller_view.refused("add_reaction", code="invalid", **(arguments | {"emoji": "great"}))


async def answer(scene: Scene) -> None:
    """An answer quotes what it answers; a mention names who takes part, and nobody else."""
    heard = await scene.listen()
    body = message("Yes, on Thursday.") | {
        "replyTo": scene.second["id"],
        "mentions": [scene.buyer.user_id],
    }
    ack = await scene.seller_view.done("send_message", conversationId=scene.conversation_id, **body)
    sent = ack["message"]
    quoted = {"messageId": scene.second["id"], "seq": scene.second["seq"]}
    fields("replyTo of the answer", sent["replyTo"], **quoted)
    same("mentions of the answer", sent["mentions"], [scene.buyer.user_id])
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_received"],
            scene.buyer_else: ["new_message_notification"],
            scene.seller_view: ["message_received"],
            scene.seller_else: ["conversation_updated"],
        }
    )
    same("the answer as the buyer's open thread shows it", only(payloads[scene.buyer_view]), sent)
    stranger = message("@stranger") | {"mentions": [scene.outsider.user_id]}
    conversation_id = scene.conversation_id
    await scene.seller_view.refused(
        "send_message", code="invalid", conversationId=conversation_id, **stranger
    )


async def forward(scene: Scene) -> None:
    """What one may not read one cannot forward either."""
    source = {"conversationId": scene.conversation_id, "messageId": scene.second["id"]}
    heard = await scene.listen()
    body = {"clientId": message("")["clientId"], "forwardOf": source}
    sent = await scene.buyer.done("POST", scene.path + "/messages", body, status=201)
    around = await scene.buyer.done(
        "GET", scene.path + "/messages", params={"around": scene.second["seq"], "limit": 2}
    )
    [original] = [each for each in around["items"] if each["id"] == scene.second["id"]]
    fields("the forwarded message", sent, content=original["content"], forwarded=True)
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_received"],
            scene.buyer_else: ["conversation_updated"],
            scene.seller_view: ["message_received"],
            scene.seller_else: ["new_message_notification"],
        }
    )
    same("the forwarded message at the seller's", only(payloads[scene.seller_view]), sent)
    stolen = {"clientId": message("")["clientId"], "forwardOf": source, "recipientId": scene.buyer.user_id}
    await scene.outsider.refused("POST", "/api/messages", stolen, status=404, code="not_found")


async def former_texts(scene: Scene) -> None:
    sent = await scene.buyer.done("POST", scene.path + "/messages", message("40 pallets"), status=201)
    edit = {"content": "45 pallets"}
    await scene.buyer.done("PATCH", f"{scene.path}/messages/{sent['id']}", edit)
    former = f"{scene.path}/messages/{sent['id']}/history"
    for person in (scene.buyer, scene.seller):
        history = await person.done("GET", former)
        texts = [version["content"] for version in history["versions"]]
        same(f"the texts that {person.label} finds", texts, ["40 pallets", "45 pallets"])
    await scene.outsider.refused("GET", former, status=404, code="not_found")


async def keep(scene: Scene) -> None:
    """One's own devices learn how one keeps a conversation, nobody else; a message brings it out of the archive."""
    heard = await scene.listen()
    await scene.buyer_view.done(
        "change_personal", conversationId=scene.conversation_id, pinned=True, archived=True
    )
    told = {device: ["personal_changed"] for device in (scene.buyer_view, scene.buyer_else)}
    payloads = await heard.exactly(told)
    fields("personal", only(payloads[scene.buyer_else])["personal"], archived=True)
    archived = await scene.buyer.done("GET", "/api/conversations?archived=true")
    same("it lies in the archive", scene.conversation_id in [each["id"] for each in archived["items"]], True)
    await scene.seller.done("POST", scene.path + "/messages", message("Are you there?"), status=201)
    shown = await scene.buyer.done("GET", scene.path)
    fields("personal after a message", shown["personal"], archived=False)
    await scene.buyer.done("PATCH", scene.path + "/personal", {"pinned": False})


async def _all_learn_of_change(scene: Scene, heard: Hearing, changed: Json) -> None:
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_updated"],
            scene.buyer_else: ["conversation_updated"],
            scene.seller_view: ["message_updated"],
            scene.seller_else: ["conversation_updated"],
        }
    )
    for device in (scene.buyer_view, scene.seller_view):
        same(f"the message at {device.label}", only(payloads[device]), changed)
    for device in (scene.buyer_else, scene.seller_else):
        fields(f"conversation_updated at {device.label}", only(payloads[device]), seq=changed["updatedSeq"])
