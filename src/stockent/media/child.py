"""The process that looks at files: `python -m stockent.media.child MEMORY_BYTES JOB_SECONDS`.

Started by `worker`, and speaks with it over standard input and output (`wire`). It bounds itself before its first job,
and ends when its input does, which is what happens when its parent dies.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import BinaryIO

from . import wire
from .inspect import inspect
from .models import MediaRefused
from .room import is_no_room

NICENESS = 10


def main(memory_bytes: int, job_s: int) -> None:
    jobs, answers = _private_pipes()
    _bound(memory_bytes)
    _send(answers, wire.Ready())
    while body := _received(jobs):
        _alarm(job_s)
        answer = _answer(wire.job(body))
        _alarm(0)
        _send(answers, answer)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two ends, out of reach of a library that prints or reads."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return jobs, answers


def _bound(memory_bytes: int) -> None:
    """As far as the system lets: memory, no core file with somebody's picture in it, and behind the server's work."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    os.nice(NICENESS)


def _alarm(seconds: int) -> None:
    """End the process after `seconds`, whatever it is at: nobody else would, were the parent dead. 0 calls it off."""
    try:
        from signal import alarm
    except ImportError:  # Windows
        return
    alarm(seconds)


def _answer(job: wire.Job) -> wire.Answer:
    try:
        return wire.Done(inspect(job.source, voice=job.voice, limits=job.limits))
    except MediaRefused as error:
        return wire.Refused(str(error))
    except MemoryError:
        return wire.Refused("looking at the file needs more memory than there is for one file")
    except Exception as error:  # noqa: BLE001  # told to the parent, which logs it
        if is_no_room(error):
            return wire.NoRoom()
        return wire.Failed(traceback.format_exc()[-wire.MAX_DETAIL_CHARS :])


def _received(jobs: BinaryIO) -> bytes:
    """The next job's JSON, empty where there is none any more."""
    length = int.from_bytes(jobs.read(wire.LENGTH_BYTES), "big")
    return jobs.read(length)


def _send(answers: BinaryIO, answer: wire.Answer) -> None:
    answers.write(wire.frame(answer))
    answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
