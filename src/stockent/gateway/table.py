"""Every command that a socket may give, with its verb. What each takes and answers: `messaging.commands.COMMANDS`."""

from __future__ import annotations

from collections.abc import Mapping

from . import conversing, grouping, reacting, searching, signalling, standing, talking
from .context import Verb

VERBS: Mapping[str, Verb] = {
    **standing.VERBS,
    **talking.VERBS,
    **conversing.VERBS,
    **signalling.VERBS,
    **grouping.VERBS,
    **reacting.VERBS,
    **searching.VERBS,
}
