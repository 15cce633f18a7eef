"""What people say in a run, and how a message is told from another: canary words, texts, digests.

Each conversation has its own canary, and each text of it holds that word. Who hears a canary of a conversation that is
not theirs has found a leak.
"""

from __future__ import annotations

import random
import re
from hashlib import blake2b
from random import Random

#: 48 bits: numbers that every reader of JSON holds exactly.
DIGEST_BYTES = 6
CANARY = re.compile(rb"canary-[0-9a-f]{12}")

_WORDS = (
    "steel",
    "Größe",
    "pallet",
    "naïve",
    "price",
    "東京",
    "ok 👍",
    "delivery",
    "Ağustos",
    "valve",
    "zł",
    "quote",
)
_LONG_SHARE, _LONG_WORDS = 0.01, 150


def canary(rng: Random) -> str:
    return f"canary-{rng.getrandbits(48):012x}"


def text(rng: random.Random, word: str, number: int) -> str:
    """A text that no other is like, mostly short. It begins and ends with what no trimming takes away."""
    count = _LONG_WORDS if rng.random() < _LONG_SHARE else 1 + number % 5
    return f"{word} {' '.join(rng.choices(_WORDS, k=count))} #{number}"


def client_id(run: int, number: int) -> str:
    """A UUID (version 8: one's own making) that is told by the run and a number, so that a seed repeats it."""
    return f"{run & 0xFFFFFFFF:08x}-0000-8000-8000-{number:012x}"


def digest(sender: str, client: str, kind: str, content: str, *, deleted: bool) -> int:
    """One number for who said what by which `clientId`, never 0. Equal for all who see the same version."""
    whole = f"{sender}\0{client}\0{kind}\0{deleted:d}\0{content}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(whole, digest_size=DIGEST_BYTES).digest()) or 1
