"""Steps of the check about files: uploads in parts, who may have them, pictures, voice messages, and refusals."""

from __future__ import annotations

import base64
import os
import uuid

from .clients import Person
from .failures import StepFailed, fields, same, shown
from .scene import Json, Scene, message, only

#: One black pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
#: A tenth of a second of silence.
OPUS = base64.b64decode(
    "T2dnUwACAAAAAAAAAAChIQLLAAAAADrpVKMBE09wdXNIZWFkAQE4AYC7AAAAAABPZ2dTAAAAAAAAAAAAAKEhAssBAAAAEZkrdwE2T3B1"
    "c1RhZ3MNAAAATGF2ZjYyLjEyLjEwMgEAAAAVAAAAZW5jb2Rlcj1MYXZmNjIuMTIuMTAyT2dnUwAE+BMAAAAAAAChIQLLAgAAAHsk6U8G"
    "AwMDAwMD+P/++P/++P/++P/++P/++P/+"
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
SIZE_BYTES = 200_000


async def upload_and_send(scene: Scene) -> None:
    """In two parts, the second first at a wrong place; then it goes with a message to every socket."""
    scene.content = content = os.urandom(SIZE_BYTES)
    half = SIZE_BYTES // 2
    state = await _begin(scene.buyer, SIZE_BYTES, "packing list.bin")
    path = f"/api/attachments/{state['id']}"
    first = await _part(scene.buyer, path, 0, content[:half])
    fields("the upload after its first part", first, offset=half, ready=False, attachment=None)
    refused = await scene.buyer.send_bytes(f"{path}?offset=0", content[:half])
    if refused.status != 409 or refused.body.get("offset") != half:
        raise StepFailed(f"a part at 0: 409 with offset {half}", f"{refused.status} {shown(refused.body)}")
    await scene.seller.refused("GET", path, status=404, code="not_found")
    same("GET of the upload", await scene.buyer.done("GET", path), first)
    done = await _part(scene.buyer, path, half, content[half:])
    fields("the finished upload", done, offset=SIZE_BYTES, ready=True)
    scene.file = done["attachment"]
    fields("its attachment", scene.file, kind="FILE", name="packing list.bin", sizeBytes=SIZE_BYTES)
    sent = await _send(scene, scene.file)
    fields("the message", sent, type="FILE", content="", attachments=[scene.file])


async def download(scene: Scene) -> None:
    """Whole and in part, by who takes part; for anybody else it does not exist."""
    url = scene.file["url"]
    for person in (scene.buyer, scene.seller):
        whole = await person.fetch(url)
        same(f"the file at {person.label}", (whole.status, whole.content == scene.content), (200, True))
    part = await scene.seller.fetch(url, range="bytes=1000-1999")
    same("bytes 1000-1999 of it", (part.status, part.content == scene.content[1000:2000]), (206, True))
    for outsider in (scene.outsider, Person("nobody", "", "", scene.url, scene.http)):
        refused = await outsider.fetch(url)
        same(f"the file for {outsider.label}", refused.status, 404 if outsider.token else 401)
    stolen = message("Mine now") | {"attachments": [scene.file["id"]]}
    path = scene.path + "/messages"
    await scene.seller.refused("POST", path, stolen, status=404, code="not_found")
    listed = await scene.seller.done("GET", scene.path + "/attachments")
    same("the files of the conversation", [each["attachment"] for each in listed["items"]], [scene.file])
    await scene.outsider.refused("GET", scene.path + "/attachments", status=404, code="not_found")


async def show_picture(scene: Scene) -> None:
    picture = await _upload(scene.buyer, PNG, "pixel.bin")
    fields("the picture", picture, kind="IMAGE", mediaType="image/png", width=1, height=1)
    fields("its message", await _send(scene, picture), type="IMAGE")
    small = await scene.seller.fetch(picture["thumbnailUrl"])
    same("its thumbnail", (small.status, small.headers.get("content-type")), (200, "image/webp"))


async def say_by_voice(scene: Scene) -> None:
    """The server measures the recording itself, and takes nothing else for one."""
    voice = await _upload(scene.buyer, OPUS, "voice.ogg", voice=True)
    fields("the recording", voice, kind="VOICE", mediaType="audio/ogg")
    if not 50 <= voice["durationMs"] <= 200 or len(voice["waveform"]) != 64:
        raise StepFailed("a tenth of a second with 64 values of its waveform", shown(voice))
    fields("its message", await _send(scene, voice), type="VOICE")
    state = await _begin(scene.buyer, len(PNG), "voice.ogg", voice=True)
    refused = await scene.buyer.send_bytes(f"/api/attachments/{state['id']}?offset=0", PNG)
    if refused.status != 422 or refused.body.get("code") != "content_refused":
        raise StepFailed(
            "a picture as a recording: 422 content_refused", f"{refused.status} {shown(refused.body)}"
        )


async def refuse_files(scene: Scene) -> None:
    """What is too large, empty or could run in a browser."""
    limits = (await scene.buyer_view.first("ready"))["limits"]
    for size, status, code in ((limits["maxAttachmentBytes"] + 1, 413, "too_large"), (0, 422, "invalid")):
        await scene.buyer.refused(
            "POST", "/api/attachments", _announced(size, "a.bin"), status=status, code=code
        )
    drawing = await _upload(scene.buyer, SVG, "drawing.svg")
    fields("a drawing with a script", drawing, kind="FILE", thumbnailUrl=None)
    answer = await scene.buyer.fetch(drawing["url"])
    same("its type as it is served", answer.headers.get("content-type"), "application/octet-stream")
    disposition = answer.headers.get("content-disposition", "")
    same("saved, never shown", disposition.partition(";")[0], "attachment")
    path = f"/api/attachments/{drawing['id']}"
    await scene.buyer.done("DELETE", path, status=204)
    await scene.buyer.refused("GET", path, status=404, code="not_found")


def _announced(size_bytes: int, name: str, *, voice: bool = False) -> Json:
    return {"clientId": str(uuid.uuid4()), "name": name, "sizeBytes": size_bytes, "voice": voice}


async def _begin(person: Person, size_bytes: int, name: str, *, voice: bool = False) -> Json:
    body = _announced(size_bytes, name, voice=voice)
    state: Json = await person.done("POST", "/api/attachments", body, status=201)
    fields("the announced upload", state, offset=0, sizeBytes=size_bytes, ready=False)
    return state


async def _part(person: Person, path: str, offset: int, content: bytes) -> Json:
    answer = await person.send_bytes(f"{path}?offset={offset}", content)
    if answer.status != 200:
        raise StepFailed(f"a part at {offset}: 200", f"{answer.status} {shown(answer.body)}")
    return dict(answer.body)


async def _upload(person: Person, content: bytes, name: str, *, voice: bool = False) -> Json:
    """The attachment of a file that fits into one part."""
    state = await _begin(person, len(content), name, voice=voice)
    done = await _part(person, f"/api/attachments/{state['id']}", 0, content)
    fields("the finished upload", done, ready=True)
    return dict(done["attachment"])


async def _send(scene: Scene, attachment: Json) -> Json:
    """By the buyer over a socket; every socket of the two learns of it with its file."""
    heard = await scene.listen()
    body = message("") | {"attachments": [attachment["id"]]}
    ack = await scene.buyer_view.done("send_message", conversationId=scene.conversation_id, **body)
    sent: Json = ack["message"]
    payloads = await heard.exactly(
        {
            scene.buyer_view: ["message_received"],
            scene.buyer_else: ["conversation_updated"],
            scene.seller_view: ["message_received"],
            scene.seller_else: ["new_message_notification"],
        }
    )
    same("the message at the seller's", only(payloads[scene.seller_view]), sent)
    same("in the notification", only(payloads[scene.seller_else])["message"], sent)
    return sent
