"""Prove a backup: every byte by its hash, the store by its own checks, and that each file of the store is there."""

from __future__ import annotations

from pathlib import Path

from ..messaging.attachments import thumbnail_id
from ..store.snapshots import prove, snapshot
from . import copying
from .copying import Tally
from .errors import BackupError
from .manifest import STORE, SUMS, Manifest, blob_id_of, read_manifest, read_sums
from .progress import Progress


def verify(path: Path, progress: Progress | None = None) -> Manifest:
    """Raise `BackupError` or `StoreError` with the first thing that is wrong. Writes nothing into the backup."""
    progress = progress or Progress()
    manifest = read_manifest(path)
    check_sums(path, manifest)
    progress.begin("Reading the backup")
    tally = Tally(manifest.store_bytes + manifest.files.size_bytes, progress.at)
    for expected in read_sums(path):
        refuse_changed(path / expected.name, _hashed(path / expected.name, tally).sha256, expected.sha256)
    progress.begin("Checking the store")
    prove(path / STORE, progress.alive)
    check_files(path / STORE, manifest, {blob_id_of(each.name) for each in read_sums(path)})
    progress.end()
    return manifest


def check_sums(path: Path, manifest: Manifest) -> None:
    """`SHA256SUMS` is the one that the manifest means, so the hashes in it are as they were written."""
    refuse_changed(path / SUMS, _hashed(path / SUMS, Tally(0, lambda *_: None)).sha256, manifest.sums_sha256)


def check_files(store: Path, manifest: Manifest, present: set[str | None]) -> None:
    """Each file that the store's rows call ready is there, but for those that were lost before the backup."""
    if manifest.files.bucket is not None:
        return
    present |= set(manifest.files.missing)
    with snapshot(store) as moment:
        if (moment.epoch, moment.revision) != (manifest.epoch, manifest.schema_revision):
            raise BackupError(f"{store} is not the store that its manifest describes")
        for file in moment.ready_files():
            for blob_id in (file.id, thumbnail_id(file.id)) if file.has_thumbnail else (file.id,):
                if blob_id not in present:
                    raise BackupError(f"the backup is damaged: the file {blob_id} of its store is not in it")


def refuse_changed(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise BackupError(f"the backup is damaged: {path} is not as it was written")


def _hashed(path: Path, tally: Tally) -> copying.Copied:
    try:
        return copying.hashed(path, tally)
    except FileNotFoundError:
        raise BackupError(f"the backup is damaged: {path} is missing") from None
