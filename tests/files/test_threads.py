"""The threads: what was begun ends before its caller goes on, and what was not begun never runs."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from stockent.files.threads import THREADS, Threads
from stockent.messaging.blobs import BlobError, StorageFull, StorageUnavailable


class Step:
    """Work on a thread that ends when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.ended = False

    def run(self) -> None:
        self.begun.set()
        self.may_end.wait()
        self.ended = True


@pytest.fixture
async def threads() -> AsyncIterator[Threads]:
    threads = Threads()
    yield threads
    await threads.close()


@pytest.fixture
def step(threads: Threads) -> Iterator[Step]:
    """One that ends at the latest with the test, before the threads do."""
    step = Step()
    yield step
    step.may_end.set()


async def test_a_cancelled_caller_waits_for_a_step_that_was_begun(threads: Threads, step: Step) -> None:
    caller = asyncio.create_task(threads.run(step.run))
    await asyncio.to_thread(step.begun.wait)
    for _ in range(3):
        caller.cancel()
        await asyncio.wait([caller], timeout=0)
        assert not caller.done(), "however often it is cancelled"
    step.may_end.set()
    await asyncio.wait([caller])
    assert caller.cancelled()
    assert step.ended


async def test_a_cancelled_step_that_was_not_begun_never_runs(threads: Threads) -> None:
    steps = [Step() for _ in range(THREADS)]
    busy = [asyncio.create_task(threads.run(step.run)) for step in steps]
    for step in steps:
        await asyncio.to_thread(step.begun.wait)
    late = Step()
    caller = asyncio.create_task(threads.run(late.run))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    assert caller.cancelled()
    for step in steps:
        step.may_end.set()
    await asyncio.gather(*busy)
    await threads.close()
    assert not late.begun.is_set()


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EIO, StorageUnavailable),
        (errno.EROFS, StorageUnavailable),
        (errno.ENOENT, StorageUnavailable),
    ],
)
async def test_a_failure_of_the_system_is_told_by_its_kind_without_a_path(
    threads: Threads, number: int, kind: type[BlobError]
) -> None:
    def fail() -> None:
        raise OSError(number, "reason", "/secret/path")

    with pytest.raises(kind) as refusal:
        await threads.run(fail)
    assert "secret" not in str(refusal.value)


async def test_closing_waits_for_what_runs(threads: Threads, step: Step) -> None:
    caller = asyncio.create_task(threads.run(step.run))
    await asyncio.to_thread(step.begun.wait)
    closing = asyncio.create_task(threads.close())
    await asyncio.wait([closing], timeout=0)
    with pytest.raises(StorageUnavailable, match="closed"):
        await threads.run(step.run)
    step.may_end.set()
    await closing
    assert step.ended
    await caller
