"""The scenarios, by name, in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping

from ..stage import Play
from .idle import idle

SCENARIOS: Mapping[str, Play] = {"idle": idle}
