"""The proof of a backup finds each way in which one may be damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stockent.backup import BackupError, make, restore, verify
from stockent.backup.manifest import Manifest
from stockent.store import StoreError
from tests.backup.conftest import World, settings_of


@pytest.fixture
async def backup(world: World, tmp_path: Path) -> Path:
    await world.say()
    await world.file()
    path = make(world.settings, tmp_path / "backup").path
    verify(path)
    return path


def flip_a_byte(file: Path, at: int = -1) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def some_file(backup: Path) -> Path:
    return next(path for path in (backup / "files").rglob("*") if path.is_file())


def rewrite(backup: Path, **changed: Any) -> None:
    file = backup / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changed))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda backup: (backup / "manifest.json").unlink(), "is no backup"),
    "half a manifest": (lambda backup: (backup / "manifest.json").write_text('{"format": 1, "ma'), "damaged"),
    "not a manifest": (lambda backup: (backup / "manifest.json").write_text("[]"), "damaged"),
    "a manifest without a word": (
        lambda backup: (backup / "manifest.json").write_text('{"format": 1}'),
        "damaged",
    ),
    "a newer format": (lambda backup: rewrite(backup, format=2), "newer version"),
    "a byte of the store": (
        lambda backup: flip_a_byte(backup / "store.db"),
        "store.db is not as it was written",
    ),
    "a byte of a file": (lambda backup: flip_a_byte(some_file(backup)), "is not as it was written"),
    "a shorter store": (
        lambda backup: (backup / "store.db").write_bytes(b""),
        "store.db is not as it was written",
    ),
    "no store": (lambda backup: (backup / "store.db").unlink(), "store.db is missing"),
    "no file": (lambda backup: some_file(backup).unlink(), "is missing"),
    "no sums": (lambda backup: (backup / "SHA256SUMS").unlink(), "SHA256SUMS is missing"),
    "a line of the sums less": (
        lambda backup: (backup / "SHA256SUMS").write_text(
            "".join((backup / "SHA256SUMS").read_text().splitlines(keepends=True)[:-1])
        ),
        "SHA256SUMS is not as it was written",
    ),
    "a byte of the sums": (lambda backup: flip_a_byte(backup / "SHA256SUMS", 3), "SHA256SUMS is not as"),
    "another epoch": (
        lambda backup: rewrite(backup, epoch="0" * 32),
        "not the store that its manifest describes",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_told_and_not_restored(backup: Path, damage: str, tmp_path: Path) -> None:
    do, says = DAMAGES[damage]
    do(backup)
    with pytest.raises(BackupError, match=says):
        verify(backup)
    with pytest.raises(BackupError, match=says):
        restore(backup, settings_of(tmp_path / "new"))
    left = {path.name for path in (tmp_path / "new").rglob("*")} if (tmp_path / "new").exists() else set()
    assert left <= {"stockent.db.lock"}


@pytest.mark.parametrize(
    "name",
    ["files/../../etc/passwd", "/etc/passwd", "files/ab/x", "manifest.json", "files/00/" + "0" * 30 + "ab"],
)
def test_a_name_in_the_sums_leads_nowhere_else(backup: Path, name: str, tmp_path: Path) -> None:
    sums = backup / "SHA256SUMS"
    with sums.open("a") as file:
        file.write(f"{'0' * 64}  {name}\n")
    rewrite(backup, sumsSha256=_sha256(sums))
    with pytest.raises(BackupError, match="SHA256SUMS is damaged in line 4"):
        verify(backup)
    with pytest.raises(BackupError, match="SHA256SUMS is damaged in line 4"):
        restore(backup, settings_of(tmp_path / "new"))


def test_a_file_of_the_store_that_the_sums_do_not_name_is_missed(backup: Path) -> None:
    sums = backup / "SHA256SUMS"
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[:-1]))
    rewrite(backup, sumsSha256=_sha256(sums))
    with pytest.raises(BackupError, match="of its store is not in it"):
        verify(backup)


def test_a_store_that_was_damaged_before_its_hash_is_found(backup: Path) -> None:
    flip_a_byte(backup / "store.db", 100)
    sums = backup / "SHA256SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    sums.write_text("".join([f"{_sha256(backup / 'store.db')}  store.db\n", *lines[1:]]))
    rewrite(backup, sumsSha256=_sha256(sums))
    with pytest.raises(StoreError, match=r"store\.db"):
        verify(backup)


def test_a_proof_writes_nothing(backup: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (backup, *backup.rglob("*"))}
    assert isinstance(verify(backup), Manifest)
    assert {path: path.stat().st_mtime_ns for path in (backup, *backup.rglob("*"))} == before


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
