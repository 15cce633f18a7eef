"""The worker processes: a file may kill, stall or bloat the one that looks at it, and nothing else.

A named pipe stands in for a file that takes long: whoever opens it to read waits until the test writes.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import sys
import zlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from stockent.media.models import (
    Inspection,
    MediaBusy,
    MediaNoRoom,
    MediaRefused,
    MediaUnavailable,
    cleaned_path,
)
from stockent.media.worker import JOBS_PER_PROCESS, MediaWorkers
from tests.media.making import encoded, picture, png, recording, telling_jpeg
from tests.waiting import poll_until

TEXT = Inspection(media_type="text/plain", kind="FILE")


@asynccontextmanager
async def working(**options: Any) -> AsyncIterator[MediaWorkers]:
    workers = MediaWorkers(**options)
    try:
        yield workers
    finally:
        await workers.close()
        assert workers.pids == []


@pytest.fixture
async def workers() -> AsyncIterator[MediaWorkers]:
    async with working() as made:
        yield made


class Slow:
    """A file whose content comes when the test says so."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._descriptor: int | None = None

    async def opened(self) -> None:
        """Return once a process waits for the content."""
        await poll_until(self._try_open, deadline_s=20)

    def _try_open(self) -> bool:
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            return False
        return True

    def finish(self) -> None:
        assert self._descriptor is not None
        os.write(self._descriptor, b"hello")
        self.close()

    def close(self) -> None:
        """Once more empty and unread, when its reader is gone."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    made = Slow(tmp_path / "slow")
    yield made
    made.close()


def text(tmp_path: Path, name: str = "text") -> Path:
    path = tmp_path / name
    path.write_text("hello")
    return path


def lives(pid: int) -> bool:
    """False also for one that has ended and that nobody has asked after."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def begun(job: Coroutine[Any, Any, Inspection]) -> asyncio.Task[Inspection]:
    return asyncio.create_task(job)


async def test_a_file_is_looked_at_by_another_process(workers: MediaWorkers, tmp_path: Path) -> None:
    assert await workers.inspect(text(tmp_path)) == TEXT
    (pid,) = workers.pids
    assert pid != os.getpid()
    assert lives(pid)


async def test_a_picture_comes_back_with_what_was_made_of_it(workers: MediaWorkers, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(telling_jpeg(orientation=6))

    inspection = await workers.inspect(source)

    assert (inspection.kind, inspection.width, inspection.height) == ("IMAGE", 20, 40)
    assert inspection.preview is not None
    assert inspection.cleaned is not None
    assert set(tmp_path.iterdir()) == {source, inspection.preview.path, inspection.cleaned}


async def test_a_recording_comes_back_measured(workers: MediaWorkers, tmp_path: Path) -> None:
    inspection = await workers.inspect(recording(tmp_path / "source", "webm", 1.0), voice=True)

    assert inspection.kind == "VOICE"
    assert inspection.duration_ms is not None
    assert abs(inspection.duration_ms - 1_000) <= 20


@pytest.mark.parametrize("voice", [False, True])
async def test_without_room_for_what_is_made_of_it_a_file_is_not_at_fault(
    workers: MediaWorkers, tmp_path: Path, voice: bool
) -> None:
    source = tmp_path / "source"
    if voice:
        recording(source, "webm", 1.0)
    else:
        source.write_bytes(telling_jpeg())
    await workers.inspect(text(tmp_path))
    (pid,) = workers.pids
    room = resource.prlimit(pid, resource.RLIMIT_FSIZE, (50, resource.RLIM_INFINITY))

    with pytest.raises(MediaNoRoom):
        await workers.inspect(source, voice=voice)

    assert set(tmp_path.iterdir()) == {source, tmp_path / "text"}
    assert workers.pids == [pid]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, room)
    assert (await workers.inspect(source, voice=voice)).cleaned is not None


async def test_a_refusal_comes_back_and_the_process_goes_on(workers: MediaWorkers, tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\x89PNG\r\n\x1a\n")

    with pytest.raises(MediaRefused, match="could not be read as an image"):
        await workers.inspect(tmp_path / "broken")
    before = workers.pids
    assert await workers.inspect(text(tmp_path)) == TEXT
    assert workers.pids == before


async def test_a_file_that_is_not_there_is_not_its_senders_fault(
    workers: MediaWorkers, tmp_path: Path
) -> None:
    with pytest.raises(MediaUnavailable):
        await workers.inspect(tmp_path / "nothing")
    assert await workers.inspect(text(tmp_path)) == TEXT


async def test_a_full_disk_is_not_the_files_fault(workers: MediaWorkers, tmp_path: Path) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(telling_jpeg())
    voice = recording(tmp_path / "voice", "webm", 0.5)
    for source in (photo, voice):
        cleaned_path(source).symlink_to("/dev/full")
        with pytest.raises(MediaUnavailable):
            await workers.inspect(source, voice=source is voice)

    assert set(tmp_path.iterdir()) == {photo, voice}
    assert (await workers.inspect(photo)).kind == "IMAGE"


async def test_the_event_loop_goes_on_while_a_file_is_looked_at(workers: MediaWorkers, slow: Slow) -> None:
    happened = []
    job = begun(workers.inspect(slow.path))
    job.add_done_callback(lambda _: happened.append("answer"))
    await slow.opened()

    for number in range(3):
        await asyncio.sleep(0)
        happened.append(f"other work {number}")
    slow.finish()

    assert await job == TEXT
    assert happened == ["other work 0", "other work 1", "other work 2", "answer"]


async def test_a_killed_process_is_replaced_and_the_file_looked_at_again(
    workers: MediaWorkers, slow: Slow
) -> None:
    job = begun(workers.inspect(slow.path))
    await slow.opened()
    (killed,) = workers.pids

    os.kill(killed, signal.SIGKILL)
    await poll_until(lambda: not lives(killed))
    slow.close()
    await slow.opened()
    slow.finish()

    assert await job == TEXT
    (replaced,) = workers.pids
    assert replaced != killed


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
async def test_a_file_that_ends_two_processes_is_refused_and_the_next_is_not(
    workers: MediaWorkers, slow: Slow, tmp_path: Path, how: signal.Signals
) -> None:
    job = begun(workers.inspect(slow.path))
    other = begun(workers.inspect(text(tmp_path)))
    for _ in range(2):
        await slow.opened()
        (pid,) = workers.pids
        os.kill(pid, how)
        await poll_until(lambda pid=pid: not lives(pid))  # type: ignore[misc]
        slow.close()

    with pytest.raises(MediaRefused, match="ended the process"):
        await job
    assert await other == TEXT


async def test_a_process_that_dies_between_two_files_is_not_missed(
    workers: MediaWorkers, tmp_path: Path
) -> None:
    await workers.inspect(text(tmp_path))
    (pid,) = workers.pids
    os.kill(pid, signal.SIGKILL)

    assert await workers.inspect(text(tmp_path)) == TEXT
    assert pid not in workers.pids


async def test_a_file_that_takes_too_long_is_refused_and_its_process_killed(
    slow: Slow, tmp_path: Path
) -> None:
    async with working(job_timeout_s=1) as workers:
        job = begun(workers.inspect(slow.path))
        await slow.opened()
        (pid,) = workers.pids

        with pytest.raises(MediaRefused, match="within 1 s, it took too long"):
            await job
        assert not lives(pid)
        assert await workers.inspect(text(tmp_path)) == TEXT


async def test_a_picture_that_needs_too_much_memory_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "source"
    # 24 megapixels with four channels of 16 bits.
    rows = zlib.compressobj(1)
    row = bytes(1 + 6_000 * 8)
    pixels = b"".join([*(rows.compress(row) for _ in range(4_000)), rows.flush()])
    source.write_bytes(png(6_000, 4_000, pixels, depth=16, colour=6))
    async with working(memory_bytes=120_000_000) as small:
        with pytest.raises(MediaRefused, match="memory"):
            await small.inspect(source)
        assert list(tmp_path.iterdir()) == [source]
        assert await small.inspect(text(tmp_path)) == TEXT
    async with working() as enough:
        assert (await enough.inspect(source)).kind == "IMAGE"


async def test_twenty_files_at_once_are_each_answered_by_few_processes(tmp_path: Path) -> None:
    async with working(processes=2) as workers:
        sources = []
        for number in range(20):
            sources.append(tmp_path / f"{number}")
            sources[-1].write_bytes(encoded(picture(100 + number, 50), "PNG"))

        inspections = await asyncio.gather(*map(workers.inspect, sources))

        assert [inspection.width for inspection in inspections] == [100 + number for number in range(20)]
        assert len(workers.pids) == 2


async def test_more_than_may_wait_are_turned_away_and_may_come_again(tmp_path: Path, slow: Slow) -> None:
    async with working(max_waiting=2) as workers:
        job = begun(workers.inspect(slow.path))
        await slow.opened()
        waiting = [begun(workers.inspect(text(tmp_path, name))) for name in "ab"]
        await asyncio.sleep(0)

        with pytest.raises(MediaBusy):
            await workers.inspect(text(tmp_path))

        slow.finish()
        assert await asyncio.gather(job, *waiting) == [TEXT] * 3
        assert await workers.inspect(text(tmp_path)) == TEXT


async def test_a_cancelled_job_ends_with_its_process_and_the_next_one_runs(
    workers: MediaWorkers, tmp_path: Path, slow: Slow
) -> None:
    job = begun(workers.inspect(slow.path))
    waiting = begun(workers.inspect(text(tmp_path, "waiting")))
    other = begun(workers.inspect(text(tmp_path, "other")))
    await slow.opened()
    (pid,) = workers.pids

    job.cancel()
    waiting.cancel()

    for cancelled in (job, waiting):
        with pytest.raises(asyncio.CancelledError):
            await cancelled
    assert not lives(pid)
    assert await other == TEXT


async def test_a_job_cancelled_while_its_process_starts_leaves_none(tmp_path: Path) -> None:
    async with working() as workers:
        for _ in range(5):
            job = begun(workers.inspect(text(tmp_path)))
            await asyncio.sleep(0)
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
        assert await workers.inspect(text(tmp_path)) == TEXT
        assert len(workers.pids) == 1
    await poll_until(lambda: not children(), deadline_s=20)


def children() -> list[int]:
    """Processes of the kind that a worker starts, whose parent is the test."""
    return [
        int(pid)
        for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        if lives(int(pid)) and b"stockent.media.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


async def test_what_was_made_goes_when_nobody_gets_it(
    workers: MediaWorkers, tmp_path: Path, slow: Slow
) -> None:
    (tmp_path / "slow.preview").write_bytes(b"of a process that died")
    job = begun(workers.inspect(slow.path))
    await slow.opened()

    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job

    assert list(tmp_path.iterdir()) == [slow.path]


async def test_an_idle_process_ends(tmp_path: Path) -> None:
    async with working(idle_s=0.05) as workers:
        await workers.inspect(text(tmp_path))
        (pid,) = children()

        await poll_until(lambda: not lives(pid), deadline_s=20)
        assert workers.pids == []
        assert await workers.inspect(text(tmp_path)) == TEXT


async def test_a_process_that_has_done_much_is_replaced(workers: MediaWorkers, tmp_path: Path) -> None:
    source = text(tmp_path)
    pids = set()
    for _ in range(JOBS_PER_PROCESS + 1):
        await workers.inspect(source)
        pids |= set(workers.pids)

    assert len(pids) == 2


async def test_closing_answers_who_waits_and_leaves_no_process(tmp_path: Path, slow: Slow) -> None:
    async with working() as workers:
        job = begun(workers.inspect(slow.path))
        waiting = begun(workers.inspect(text(tmp_path)))
        await slow.opened()
        (pid,) = workers.pids

        await workers.close()

        assert not lives(pid)
        for unanswered in (job, waiting, workers.inspect(text(tmp_path))):
            with pytest.raises(MediaUnavailable, match="stopping"):
                await unanswered


async def test_closing_while_a_process_starts_leaves_none(tmp_path: Path) -> None:
    async with working() as workers:
        job = begun(workers.inspect(text(tmp_path)))
        await asyncio.sleep(0)

        await workers.close()

        with pytest.raises(MediaUnavailable):
            await job
        assert not children()


async def test_no_process_outlives_its_parent(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; from stockent.media.worker import MediaWorkers\n"
        "async def main():\n"
        "    workers = MediaWorkers()\n"
        "    await workers.inspect(Path(sys.argv[1]))\n"
        "    print(workers.pids[0], flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(text(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert lives(child)

    parent.kill()
    await parent.wait()

    await poll_until(lambda: not lives(child), deadline_s=20)


async def test_the_server_s_secrets_stay_with_the_server(
    workers: MediaWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_SECRET", "a-secret-of-the-server")
    await workers.inspect(text(tmp_path))
    (pid,) = workers.pids

    environ = Path(f"/proc/{pid}/environ").read_bytes()

    assert b"PATH=" in environ
    assert b"a-secret-of-the-server" not in environ


@pytest.mark.parametrize("program", ["/nothing/there", shutil.which("false")])
async def test_a_process_that_does_not_start_is_not_the_files_fault(
    workers: MediaWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", program)
        with pytest.raises(MediaUnavailable):
            await workers.inspect(text(tmp_path))
    assert await workers.inspect(text(tmp_path)) == TEXT
