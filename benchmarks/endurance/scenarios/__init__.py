"""The scenarios, by name, in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping

from ..stage import Play
from .dead_peers import dead_peers
from .idle import idle
from .non_readers import non_readers
from .slow_senders import slow_senders
from .stampede import drain, stampede

SCENARIOS: Mapping[str, Play] = {
    "idle": idle,
    "stampede": stampede,
    "drain": drain,
    "dead-peers": dead_peers,
    "non-readers": non_readers,
    "slow-senders": slow_senders,
}
