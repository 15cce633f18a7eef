"""What a backup says of itself: `manifest.json`, written last, and `SHA256SUMS`, a line for each other file of it.

`sha256sum --check SHA256SUMS` reads the latter without this program. The manifest holds its hash, so nothing can be
missing from it unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..files.disk import is_id, shard
from .errors import BackupError

#: Of what stands here; a later form gets a later number.
FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
STORE = "store.db"
FILES = "files"
MAX_MANIFEST_BYTES = 64 * 1024 * 1024
_LINE = re.compile(r"([0-9a-f]{64})  (\S{1,200})\n")


class _Part(msgspec.Struct, frozen=True, rename="camel", kw_only=True, forbid_unknown_fields=True):
    pass


class StoreCounts(_Part, frozen=True):
    users: int
    conversations: int
    messages: int
    attachments: int


class Files(_Part, frozen=True):
    """`bucket` names where the files stayed; null: they are here.

    `missing` are files that the store knew and nobody could find: lost before the backup.
    """

    count: int
    size_bytes: int
    bucket: str | None = None
    missing: list[str] = []


class Manifest(_Part, frozen=True):
    """`made_at` is RFC 3339; the store is as it was then. `epoch` is the life of the store that was copied."""

    format: int
    made_by: str
    made_at: str
    demo: bool
    schema_revision: str
    epoch: str
    store_bytes: int
    counts: StoreCounts
    files: Files
    sums_sha256: str

    def encoded(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class Sum(NamedTuple):
    sha256: str
    #: With slashes, below the backup.
    name: str

    @property
    def line(self) -> str:
        return f"{self.sha256}  {self.name}\n"


def file_name(blob_id: str) -> str:
    return f"{FILES}/{shard(blob_id)}/{blob_id}"


def blob_id_of(name: str) -> str | None:
    """The file's id, None for the store."""
    return None if name == STORE else name.rpartition("/")[2]


def is_backup(path: Path) -> bool:
    return (path / MANIFEST).is_file()


def read_manifest(path: Path) -> Manifest:
    """Raises `BackupError` for what is no whole backup, or one of a later form."""
    file = path / MANIFEST
    try:
        if file.stat().st_size > MAX_MANIFEST_BYTES:
            raise BackupError(f"{file} is too large to be a manifest")
        content = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(
            f"{path} is no backup: expected a directory with {MANIFEST}, which a backup gets last of all"
        ) from None
    try:
        found = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        form = msgspec.json.decode(found.get("format", msgspec.Raw(b"0")), type=int)
        if form > FORMAT:
            raise BackupError(
                f"{path} was made by a newer version of StockENT Messaging: format {form}, expected {FORMAT}"
            )
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupError(f"{file} is damaged: {error}") from error


def read_sums(path: Path) -> Iterator[Sum]:
    """Each line; a name leads nowhere but to the store or to a file. Raises `BackupError`."""
    file = path / SUMS
    try:
        with file.open(encoding="ascii", errors="replace", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                match = _LINE.fullmatch(line)
                if match is None or not _is_known(match[2]):
                    raise BackupError(f"{file} is damaged in line {number}")
                yield Sum(match[1], match[2])
    except FileNotFoundError:
        raise BackupError(f"{path} is damaged: {SUMS} is missing") from None


def _is_known(name: str) -> bool:
    blob_id = blob_id_of(name)
    return blob_id is None or (is_id(blob_id) and name == file_name(blob_id))
