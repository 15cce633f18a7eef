"""`/api/attachments`: uploads in parts, and files as participants may have them, checked at each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, patch, post, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.params import FromPath, JSONBody, QueryParameter, SkipValidation

from ..auth import Identity
from ..files import serving
from ..messaging.attachments import MAX_CHUNK_BYTES, Attachments
from ..messaging.commands import BeginUpload
from ..messaging.domain import Actor
from ..messaging.errors import Code, MessagingError
from ..messaging.models import (
    DEFAULT_PAGE_MESSAGES,
    MAX_PAGE,
    MAX_SEQ,
    AttachmentKind,
    SharedFilePage,
    UploadState,
)
from .representations import REVALIDATED
from .responses import also, refusals
from .streams import MEDIA_TYPE, IncomingPart, OutgoingFile

GivenAttachments = NamedDependency[SkipValidation[Attachments]]
GivenActor = NamedDependency[SkipValidation[Actor]]
Download = Annotated[
    bool | None, QueryParameter(description="To be saved, also what a browser would show in place.")
]
MAX_CURSOR_CHARS = 64
_READING = [HttpMethod.GET, HttpMethod.HEAD]
#: Those after which the connection is closed: there the rest of the body is not waited for.
_UNREAD = (Code.TOO_LARGE, Code.REQUEST_TIMEOUT, Code.SHUTTING_DOWN)
_REDIRECT_HEADERS = {
    **serving.SECURITY_HEADERS,
    "Cache-Control": "no-store, no-transform",
    "Content-Length": "0",
}


@dataclass
class RawOperation(Operation):
    """An operation whose body is bytes, which the framework cannot see from the handler."""

    def __post_init__(self) -> None:
        schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        self.request_body = RequestBody(content={MEDIA_TYPE: OpenAPIMediaType(schema=schema)}, required=False)


@post(
    "/",
    summary="Announce a file",
    description="The same clientId with the same data again gives the upload as it stands, with 200.",
    responses=also(200, UploadState, "It was announced before.") | refusals(409, 507, body=True),
)
async def begin_upload(
    attachments: GivenAttachments, actor: GivenActor, data: JSONBody[BeginUpload]
) -> Response[UploadState]:
    begun = await attachments.begin(actor, data)
    return Response(begun.state, status_code=200 if begun.repeated else 201)


@patch(
    "/{attachment_id:str}",
    request_max_body_size=None,
    operation_class=RawOperation,
    summary="Send a part",
    description=(
        f"At most {MAX_CHUNK_BYTES} bytes as they are, from `offset` on, which must be where the upload ends: else 409 "
        "with its `offset`. The last part finishes the upload, and so does an empty one behind it when that failed."
    ),
    responses=refusals(404, 409, 507, body=True),
)
async def append_part(
    request: Request[Identity, Any, Any],
    attachments: GivenAttachments,
    actor: GivenActor,
    attachment_id: FromPath[str],
    offset: Annotated[int, QueryParameter(ge=0, le=MAX_SEQ)],
) -> UploadState:
    part = IncomingPart(request, limit_bytes=MAX_CHUNK_BYTES)
    try:
        return await attachments.append(actor, attachment_id, offset, part.chunks())
    except MessagingError as refusal:
        if refusal.code not in _UNREAD:
            await part.discard()
        raise


@get("/{attachment_id:str}", summary="How far my upload is", responses=refusals(404))
async def upload_state(
    attachments: GivenAttachments, actor: GivenActor, attachment_id: FromPath[str]
) -> UploadState:
    return await attachments.state(actor, attachment_id)


@delete(
    "/{attachment_id:str}",
    summary="Abandon my upload",
    description="Also a finished one, unless a message shows it: then 409.",
    responses=refusals(404, 409),
)
async def abandon_upload(
    attachments: GivenAttachments, actor: GivenActor, attachment_id: FromPath[str]
) -> None:
    await attachments.abandon(actor, attachment_id)


@route(
    "/{attachment_id:str}/content",
    http_method=_READING,
    status_code=200,
    summary="A file",
    description="Ranges and conditions as in RFC 9110. A bucket with links answers by 302 to one of a few minutes.",
    responses=refusals(404, 422),
)
async def file_content(
    request: Request[Identity, Any, Any],
    attachments: GivenAttachments,
    actor: GivenActor,
    attachment_id: FromPath[str],
    download: Download = None,
) -> OutgoingFile:
    return await _answer(request, attachments, actor, attachment_id, thumbnail=False, download=bool(download))


@route(
    "/{attachment_id:str}/thumbnail",
    http_method=_READING,
    status_code=200,
    summary="A small still picture of a file",
    description="Of pictures only.",
    responses=refusals(404),
)
async def file_thumbnail(
    request: Request[Identity, Any, Any],
    attachments: GivenAttachments,
    actor: GivenActor,
    attachment_id: FromPath[str],
) -> OutgoingFile:
    return await _answer(request, attachments, actor, attachment_id, thumbnail=True, download=False)


@get(
    "/conversations/{cid:str}/attachments",
    tags=["conversations"],
    summary="Files of a conversation, newest first",
    responses=refusals(404, 422),
    cache_control=REVALIDATED,
)
async def shared_files(
    attachments: GivenAttachments,
    actor: GivenActor,
    cid: FromPath[str],
    cursor: Annotated[str | None, QueryParameter(max_length=MAX_CURSOR_CHARS)] = None,
    kind: Annotated[AttachmentKind | None, QueryParameter()] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE_MESSAGES,
) -> SharedFilePage:
    return await attachments.shared(actor, cid, cursor=cursor or None, kind=kind, limit=limit)


async def _answer(
    request: Request[Identity, Any, Any],
    attachments: Attachments,
    actor: Actor,
    attachment_id: str,
    *,
    thumbnail: bool,
    download: bool,
) -> OutgoingFile:
    file = await attachments.file(actor, attachment_id, thumbnail=thumbnail)
    answer = serving.plan(
        serving.File(*file),
        {name.lower(): value for name, value in request.headers.items()},
        method=request.method,
        download=download,
    )
    if answer.start == answer.end:
        return OutgoingFile(answer.status, answer.headers)
    if (link := await attachments.link(file)) is not None:
        return OutgoingFile(302, {**_REDIRECT_HEADERS, "Location": link})
    chunks = attachments.read(actor, file, answer.start, answer.end)
    return OutgoingFile(answer.status, answer.headers, first=await anext(chunks), chunks=chunks)


router = Router(
    "/attachments",
    tags=["attachments"],
    route_handlers=[
        begin_upload,
        append_part,
        upload_state,
        abandon_upload,
        file_content,
        file_thumbnail,
    ],
)
