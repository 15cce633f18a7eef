"""A few threads for everything that touches the disk, and the rule that what was begun ends before its caller goes on.

Failures of the operating system become `StorageFull` or `StorageUnavailable` here, once, and are logged with their
reason; the text for the caller holds none.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import structlog

from stockent.messaging.blobs import BlobError, StorageFull, StorageUnavailable

P = ParamSpec("P")
T = TypeVar("T")

#: Each waits for the disk most of the time. A caller has at most one step here, so the queue is as long as there are
#: requests.
THREADS = 8
#: EFBIG: the largest file that the process or the file system may have.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

log = structlog.get_logger("stockent.files")


class Threads:
    """`run` from one event loop, until `close`."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        self._closed = False

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on a thread. A cancelled caller waits for it to end, unless it was not begun yet."""
        if self._closed:
            raise StorageUnavailable("the file storage is closed")
        step = self._pool.submit(work, *args, **kwargs)
        future = asyncio.wrap_future(step)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if not step.cancel():
                await ended(future)
            raise
        except OSError as error:
            raise told(error) from error

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)


async def ended(future: asyncio.Future[T]) -> None:
    """Wait until it is done, also while the waiting task is cancelled, which then is told. Its outcome is nobody's."""
    interrupted: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            interrupted = error
    if not future.cancelled():
        future.exception()
    if interrupted is not None:
        raise interrupted


def told(error: OSError) -> BlobError:
    """The typed failure for one of the operating system."""
    if error.errno in _NO_ROOM:
        log.error("files_full", reason=str(error))
        return StorageFull("no room for files")
    log.error("files_unavailable", reason=str(error))
    return StorageUnavailable("the file storage cannot be used now")
