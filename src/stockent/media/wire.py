"""What goes over the pipes between `worker` and `child`: JSON in frames, each behind its length in four bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from .models import Inspection, MediaLimits

LENGTH_BYTES = 4
#: The longest have a traceback, which is cut.
MAX_FRAME_BYTES = 65_536
MAX_DETAIL_CHARS = 4_000


class Job(msgspec.Struct, frozen=True):
    source: Path
    voice: bool
    limits: MediaLimits


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The first word of a child."""


class Done(msgspec.Struct, frozen=True, tag=True):
    inspection: Inspection


class Refused(msgspec.Struct, frozen=True, tag=True):
    reason: str


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Neither found out nor the file's fault. `detail` is for the log."""

    detail: str


class NoRoom(msgspec.Struct, frozen=True, tag=True):
    """As `Failed`, because the disk is full."""


Answer = Ready | Done | Refused | Failed | NoRoom


def _to_json(value: Any) -> str:
    return str(value)


def _from_json(_type: Any, value: Any) -> Any:
    return Path(value)


_encoder = msgspec.json.Encoder(enc_hook=_to_json)
_jobs = msgspec.json.Decoder(Job, dec_hook=_from_json)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer, dec_hook=_from_json)


def frame(value: Job | Answer) -> bytes:
    body = _encoder.encode(value)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def job(body: bytes) -> Job:
    return _jobs.decode(body)


def answer(body: bytes) -> Answer:
    """Raises `msgspec.MsgspecError`."""
    return _answers.decode(body)
