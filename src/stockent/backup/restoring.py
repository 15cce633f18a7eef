"""Bring a backup back, into a place that no server uses: proved first, then exchanged by renames.

All is made beside what is there, and nothing of that is touched until the new store is whole, proved and on disk. While
names are exchanged a marker says so: a server that starts then would take the missing store for a new one.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ..config import Settings
from ..files.disk import sync_directory
from ..files.folder import FILES as FILES_NAME
from ..files.staging import UPLOADS
from ..store import database_file
from ..store.lock import lock_store, restoring_marker
from ..store.snapshots import prove, revive
from . import copying
from .copying import Tally
from .errors import BackupError
from .manifest import STORE, Manifest, Sum, blob_id_of, read_manifest, read_sums
from .pins import clear_dead
from .progress import Progress
from .proving import check_files, check_sums, refuse_changed

#: What follows the name of a store and of folders that were there before.
BEFORE = "before-restore"
_STAGED = ".restored"


class Restored(NamedTuple):
    """`epoch` is the new life of the store; `kept` is what was there before, under its new names."""

    manifest: Manifest
    epoch: str
    kept: list[Path]


class _Place(NamedTuple):
    """Where a store lives, and where the next one is made ready. `files` is None where a bucket keeps them."""

    store: Path
    files_dir: Path
    files: Path | None

    @property
    def staged_store(self) -> Path:
        return self.store.with_name(self.store.name + _STAGED)

    @property
    def staged_files(self) -> Path:
        return self.files_dir / (FILES_NAME + _STAGED)

    @property
    def marker(self) -> Path:
        return restoring_marker(self.store)


def restore(
    backup: Path,
    settings: Settings,
    *,
    demo: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Put the backup where `settings` say. `force` keeps what is there under other names, else it is refused.

    Raises `BackupError`, `StoreError` and OSError; until the last step nothing has changed then.
    """
    progress = progress or Progress()
    manifest = read_manifest(backup)
    _refuse_other_kind(manifest, settings, demo=demo)
    place = _Place(
        database_file(settings.database_url),
        settings.files_dir,
        settings.files_dir / FILES_NAME if settings.files_place is None else None,
    )
    lock = lock_store(place.store)
    try:
        if not force and not place.marker.exists():
            _refuse_taken(place)
        clear_dead(place.files_dir)
        with _staging(place):
            epoch = _stage(backup, manifest, place, progress)
            kept = _exchange(place)
    finally:
        lock.release()
        progress.end()
    return Restored(manifest, epoch, kept)


def _refuse_other_kind(manifest: Manifest, settings: Settings, *, demo: bool) -> None:
    if manifest.demo and not demo:
        raise BackupError("this is a backup of the demo; restore it with --demo")
    if demo and not manifest.demo:
        raise BackupError("in the demo anybody may be anybody; expected a backup of the demo, got a real one")
    if manifest.files.bucket is not None and settings.files_place is None:
        raise BackupError(
            f"the files of this backup are in {manifest.files.bucket}; set FILES_URL to it, or to a copy of it"
        )
    if manifest.files.bucket is None and manifest.files.count and settings.files_place is not None:
        raise BackupError("this backup holds its files, which go into DATA_DIR; expected FILES_URL left out")


def _refuse_taken(place: _Place) -> None:
    has_files = place.files is not None and place.files.is_dir() and any(_blobs(place.files))
    if has_files or (place.store.exists() and place.store.stat().st_size):
        raise BackupError(
            f"there is a store at {place.store} already; choose another DATA_DIR, or --force to keep it beside"
        )


def _blobs(files: Path) -> Iterator[os.DirEntry[str]]:
    for shard in files.iterdir():
        if shard.is_dir():
            with os.scandir(shard) as found:
                yield from found


@contextmanager
def _staging(place: _Place) -> Iterator[None]:
    """What is made ready goes again, whatever happens; also what an interrupted restore has left."""
    _unstage(place)
    try:
        yield
    finally:
        _unstage(place)


def _unstage(place: _Place) -> None:
    for ending in ("", "-wal", "-shm"):
        place.staged_store.with_name(place.staged_store.name + ending).unlink(missing_ok=True)
    shutil.rmtree(place.staged_files, ignore_errors=True)


def _stage(backup: Path, manifest: Manifest, place: _Place, progress: Progress) -> str:
    """Copy and prove all of it; returns the new epoch."""
    check_sums(backup, manifest)
    copying.make_directory(place.files_dir)
    copying.need_room(place.store.parent, manifest.store_bytes)
    copying.need_room(place.files_dir, manifest.files.size_bytes)
    progress.begin("Copying")
    tally = Tally(manifest.store_bytes + manifest.files.size_bytes, progress.at)
    copying.make_directory(place.staged_files)
    present: set[str | None] = set()
    for expected in read_sums(backup):
        _copy(backup, expected, place, tally)
        present.add(blob_id_of(expected.name))
    if None not in present:
        raise BackupError(f"the backup is damaged: its sums do not name {STORE}")
    progress.begin("Checking the store")
    prove(place.staged_store, progress.alive)
    check_files(place.staged_store, manifest, present)
    progress.begin("Bringing the store to this version")
    epoch = revive(place.staged_store, time.time())
    copying.sync_tree(place.staged_files)
    return epoch


def _copy(backup: Path, expected: Sum, place: _Place, tally: Tally) -> None:
    blob_id = blob_id_of(expected.name)
    if blob_id is None:
        target = place.staged_store
    else:
        target = copying.make_directory(place.staged_files / blob_id[-2:]) / blob_id
    try:
        copied = copying.copy(backup / expected.name, target, tally)
    except FileNotFoundError:
        raise BackupError(f"the backup is damaged: {backup / expected.name} is missing") from None
    refuse_changed(backup / expected.name, copied.sha256, expected.sha256)


def _exchange(place: _Place) -> list[Path]:
    """Each step is a rename; cut off at any of them, the marker bars a server, and a repeat ends well."""
    copying.make_directory(place.store.parent)
    place.marker.touch(mode=0o600)
    sync_directory(place.store.parent)
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
    kept = [_set_aside(place.files_dir / name, stamp) for name in (FILES_NAME, UPLOADS)]
    if place.files is not None:
        place.staged_files.rename(place.files)
    sync_directory(place.files_dir)
    kept.append(_set_aside_store(place.store, stamp))
    place.staged_store.rename(place.store)
    sync_directory(place.store.parent)
    place.marker.unlink()
    sync_directory(place.store.parent)
    return [path for path in kept if path is not None]


def _set_aside(path: Path, stamp: str) -> Path | None:
    if not path.exists():
        return None
    kept = path.with_name(f"{path.name}.{BEFORE}-{stamp}")
    path.rename(kept)
    return kept


def _set_aside_store(store: Path, stamp: str) -> Path | None:
    """With its log, which belongs to it by its name."""
    for ending in ("-wal", "-shm"):
        beside = store.with_name(store.name + ending)
        if beside.exists():
            beside.rename(store.with_name(f"{store.name}.{BEFORE}-{stamp}{ending}"))
    return _set_aside(store, stamp)
