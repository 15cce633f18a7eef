"""What the store owes about files: whose upload, how far it was judged, who may read it, and what may be removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..models import Attachment, AttachmentKind, SharedFilePage


class NewUpload(NamedTuple):
    """`name` is harmless already, `size_bytes` within what one file may have."""

    owner_id: str
    client_id: str
    name: str
    size_bytes: int
    voice: bool


class Upload(NamedTuple):
    """A file as its owner's row has it.

    `size_bytes` is what was announced. `attachment` is there once the content was judged; the file may be sent and read
    from when it is `ready`, which its bytes are before the row says so.
    """

    id: str
    name: str
    size_bytes: int
    voice: bool
    attachment: Attachment | None
    ready: bool


class Begun(NamedTuple):
    """`repeated`: it was begun before under this `clientId`."""

    upload: Upload
    repeated: bool


class Readable(NamedTuple):
    """A file that somebody was proved to be allowed to read. `thumbnail_type` None: it has no thumbnail."""

    attachment: Attachment
    thumbnail_type: str | None


class AttachmentRecords(Protocol):
    """Other people's uploads and ids that nobody has raise one and the same `not_found`."""

    async def begin_upload(self, new: NewUpload, *, max_unsent: int, max_unsent_bytes: int) -> Begun:
        """Make the row, or find it: `(owner_id, client_id)` is unique; other data under it is `CLIENT_ID_REUSED`.

        Its id is 32 lower-case hexadecimal digits; like the epoch's they sort by time, and greater than that.

        `RATE_LIMITED` when the owner's files that no message shows would be more, or larger together.
        """
        ...

    async def upload(self, attachment_id: str, *, owner_id: str) -> Upload: ...

    async def move_upload(self, attachment_id: str, *, owner_id: str) -> Upload:
        """The same; from now on counts when it last moved."""
        ...

    async def judge_upload(
        self, attachment_id: str, attachment: Attachment, *, thumbnail_type: str | None
    ) -> None:
        """Keep what the content was found to be. `not_found` when it was removed meanwhile."""
        ...

    async def finish_upload(self, attachment_id: str) -> Upload:
        """Its bytes are kept: it is `ready`. `not_found` when it was removed meanwhile."""
        ...

    async def remove_upload(self, attachment_id: str, *, owner_id: str) -> None:
        """`TOO_LATE` while a message shows it."""
        ...

    async def readable_file(self, attachment_id: str, *, user_id: str) -> Readable:
        """A ready file that is one's own, or in a message that one may see now; else `not_found`."""
        ...

    async def shared_files(
        self,
        conversation_id: str,
        *,
        user_id: str,
        cursor: str | None,
        kind: AttachmentKind | None,
        limit: int,
    ) -> SharedFilePage:
        """The files of the messages that one may see, newest first, within a message in its order."""
        ...

    async def remove_unshown(self, *, idle_s: float, limit: int) -> list[str]:
        """Remove rows that no message shows, and return their ids: those that have not moved for `idle_s`, and at once
        those that messages showed before."""
        ...

    async def known_attachments(self, ids: Sequence[str]) -> set[str]:
        """Which of these ids have a row."""
        ...
