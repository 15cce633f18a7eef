"""The scenarios, by name, in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping

from ..stage import Play
from .cut_answers import cut_answers
from .dead_peers import dead_peers
from .devices import devices
from .idle import idle
from .mixed import mixed
from .non_readers import non_readers
from .slow_senders import slow_senders
from .stampede import drain, stampede
from .starved import starved
from .turnover import turnover

SCENARIOS: Mapping[str, Play] = {
    "idle": idle,
    "turnover": turnover,
    "stampede": stampede,
    "drain": drain,
    "dead-peers": dead_peers,
    "non-readers": non_readers,
    "slow-senders": slow_senders,
    "cut-answers": cut_answers,
    "devices": devices,
    "mixed": mixed,
    "starved": starved,
}
