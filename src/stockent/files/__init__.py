"""Where the bytes of attachments lie, and how they are sent: implements `messaging.blobs.Blobs`.

`open_blobs` makes the storage that FILES_URL names; `serving.plan` answers a request for a file. Who may see a file is
decided elsewhere, before.
"""

from __future__ import annotations

from pathlib import Path

from stockent.messaging.blobs import Blobs

from .files_url import FilesUrlError, S3Keys, S3Place, parse_files_url

__all__ = ["FilesUrlError", "S3Keys", "S3Place", "open_blobs", "parse_files_url"]


def open_blobs(place: S3Place | None, keys: S3Keys | None, data_dir: Path) -> Blobs:
    """The storage, not yet open: a folder in `data_dir` when there is no `place`. Uploads are staged in `data_dir`."""
    # Imported where one is used: settings are read, and files served, without the client of the other.
    if place is None:
        from .folder import FolderBlobs

        return FolderBlobs(data_dir)
    if keys is None:
        raise FilesUrlError(
            "expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY with an s3:// address, got neither"
        )
    from .s3 import S3Blobs

    return S3Blobs(place, keys, data_dir)
