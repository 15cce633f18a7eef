"""Make a backup beside a running server, or of a store that nobody serves.

One moment of the store is held while its files are pinned, so that each file of each row is there; then the store is
copied and the moment let go; then the pinned files are copied. All of it goes into a directory with another name, which
gets its own by one rename when everything in it is on disk.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from ..config import Settings
from ..files.disk import FILE_MODE, sync_directory
from ..files.folder import FILES as FILES_NAME
from ..files.staging import UPLOADS
from ..messaging.attachments import thumbnail_id
from ..store import database_file
from ..store.snapshots import Snapshot, prove, snapshot
from . import copying
from .copying import Pace, Tally
from .errors import BackupError
from .manifest import (
    FORMAT,
    MANIFEST,
    STORE,
    SUMS,
    Files,
    Manifest,
    StoreCounts,
    Sum,
    file_name,
    is_backup,
)
from .pins import Pins, pinning
from .progress import Progress

#: Below DATA_DIR, where a backup goes that is given no place.
BACKUPS = "backups"


class Made(NamedTuple):
    path: Path
    manifest: Manifest


class _Source(NamedTuple):
    """What a backup is made of. `files` is None where they are kept in a bucket."""

    store: Path
    files_dir: Path
    files: Path | None
    bucket: str | None
    demo: bool


class _Kept(NamedTuple):
    """Of one moment: what is pinned, and what the store knows and nobody has."""

    blob_ids: list[str]
    missing: list[str]


def make(
    settings: Settings,
    target: Path | None,
    *,
    demo: bool = False,
    force: bool = False,
    max_bytes_per_s: float | None = None,
    progress: Progress | None = None,
) -> Made:
    """Write a backup of what `settings` name to `target`, by default a new directory in DATA_DIR's `backups`.

    `force` replaces a backup that is there. Raises `BackupError`, `StoreError` and OSError; then nothing is left.
    """
    progress = progress or Progress()
    source = _source(settings, demo=demo)
    made_at = datetime.now(UTC)
    if target is None:
        name = f"{source.store.stem}-{made_at:%Y%m%dT%H%M%SZ}"
        target = copying.make_directory(settings.data_dir / BACKUPS) / name
    target = target.absolute()
    _refuse_place(target, source, force=force)
    with _whole(target) as partial:
        manifest = _fill(partial, source, made_at, Pace(max_bytes_per_s), progress)
    progress.end()
    return Made(target, manifest)


def _source(settings: Settings, *, demo: bool) -> _Source:
    place = settings.files_place
    bucket = None
    if place is not None:
        bucket = f"s3://{'/'.join(filter(None, (place.bucket, place.prefix)))}"
    files_dir = settings.files_dir
    files = files_dir / FILES_NAME if place is None else None
    return _Source(database_file(settings.database_url), files_dir, files, bucket, demo)


def _refuse_place(target: Path, source: _Source, *, force: bool) -> None:
    resolved = target.resolve()
    own = [source.store.resolve(), source.files_dir.resolve()]
    own += [source.files_dir.resolve() / name for name in (FILES_NAME, UPLOADS)]
    inside = [own_path for own_path in (own[0], *own[2:]) if resolved.is_relative_to(own_path)]
    if inside or any(own_path.is_relative_to(resolved) for own_path in own):
        raise BackupError(f"expected a place beside the store, got {target}, where the store itself lies")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not is_backup(target):
        raise BackupError(f"{target} is there already and is no backup; choose another place")
    if not force:
        raise BackupError(f"{target} is a backup already; choose another place, or --force to replace it")


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A directory that becomes `target` when all went well, else goes: what has that name is whole."""
    copying.make_directory(target.parent)
    partial = target.with_name(f"{target.name}.partial-{secrets.token_hex(4)}")
    partial.mkdir(mode=0o700)
    try:
        yield partial
        copying.sync_tree(partial)
        _become(partial, target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _become(partial: Path, target: Path) -> None:
    old: Path | None = None
    try:
        partial.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        old = target.with_name(f"{target.name}.replaced-{secrets.token_hex(4)}")
        target.rename(old)
        partial.rename(target)
    sync_directory(target.parent)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _fill(partial: Path, source: _Source, made_at: datetime, pace: Pace, progress: Progress) -> Manifest:
    with ExitStack() as pinned:
        pins = None
        if source.files is not None:
            pins = pinned.enter_context(pinning(source.files_dir, source.files))
        with snapshot(source.store) as moment:
            progress.begin("Keeping the files")
            kept = _keep(moment, pins)
            copying.need_room(partial, moment.size_bytes + (moment.files_bytes() if pins else 0))
            epoch, revision, counts = moment.epoch, moment.revision, moment.counts()
            _copy_store(moment, partial / STORE, pace, progress)
        progress.begin("Checking the copy")
        prove(partial / STORE, progress.alive)
        store = _hash_store(partial / STORE, progress)
        with (partial / SUMS).open("w", encoding="ascii", newline="\n") as sums:
            (partial / SUMS).chmod(FILE_MODE)
            sums.write(Sum(store.sha256, STORE).line)
            files_bytes = 0
            if pins is not None:
                progress.begin("Copying the files")
                for each in _copy_files(partial, pins, kept.blob_ids, pace, progress):
                    files_bytes += each.size_bytes
                    sums.write(each.sum.line)
            sums.flush()
            os.fsync(sums.fileno())
    manifest = Manifest(
        format=FORMAT,
        made_by=f"stockent-messaging {version('stockent-messaging')}",
        made_at=made_at.isoformat(timespec="milliseconds")[:-6] + "Z",
        demo=source.demo,
        schema_revision=revision,
        epoch=epoch,
        store_bytes=store.size_bytes,
        counts=StoreCounts(**counts._asdict()),
        files=Files(
            count=len(kept.blob_ids), size_bytes=files_bytes, bucket=source.bucket, missing=kept.missing
        ),
        sums_sha256=copying.hashed(partial / SUMS, Tally(0, lambda *_: None)).sha256,
    )
    copying.write(partial / MANIFEST, manifest.encoded())
    return manifest


def _keep(moment: Snapshot, pins: Pins | None) -> _Kept:
    """Pin every file of the moment; takes a later one while files went away under our hands.

    A row goes before its bytes. So bytes that were missing once, and are asked for by a later moment again, are lost.
    """
    if pins is None:
        return _Kept([], [])
    missing: set[str] = set()
    while True:
        kept = _pin(moment, pins)
        if missing.issuperset(kept.missing):
            return kept
        missing.update(kept.missing)
        moment.renew()


def _pin(moment: Snapshot, pins: Pins) -> _Kept:
    kept = _Kept([], [])
    for file in moment.ready_files():
        for blob_id in (file.id, thumbnail_id(file.id)) if file.has_thumbnail else (file.id,):
            (kept.blob_ids if pins.pin(blob_id) else kept.missing).append(blob_id)
    return kept


def _copy_store(moment: Snapshot, target: Path, pace: Pace, progress: Progress) -> None:
    progress.begin("Copying the store")
    before = 0

    def tell(done_bytes: int, all_bytes: int) -> None:
        nonlocal before
        progress.at(done_bytes, all_bytes)
        pace.spend(done_bytes - before)
        before = done_bytes

    moment.copy_to(target, tell)


def _hash_store(path: Path, progress: Progress) -> copying.Copied:
    progress.begin("Reading the copy")
    found = copying.hashed(path, Tally(path.stat().st_size, progress.at))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return found


class _File(NamedTuple):
    sum: Sum
    size_bytes: int


def _copy_files(
    partial: Path, pins: Pins, blob_ids: list[str], pace: Pace, progress: Progress
) -> Iterator[_File]:
    tally = Tally(sum(pins.path(blob_id).stat().st_size for blob_id in blob_ids), progress.at, pace)
    for blob_id in blob_ids:
        name = file_name(blob_id)
        target = partial / name
        copying.make_directory(target.parent)
        copied = copying.copy(pins.path(blob_id), target, tally)
        with suppress(FileNotFoundError):
            pins.path(blob_id).unlink()
        yield _File(Sum(copied.sha256, name), copied.size_bytes)
