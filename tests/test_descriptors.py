"""The limit of open files: raised as far as may be, and what of it is left for connections."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stockent.descriptors import MAX_RESERVED, MOST_CONNECTIONS, connections_within

RAISE = """
import resource
from stockent.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard"), [(100, 300), (300, 300)])
def test_the_soft_limit_is_raised_to_the_hard_one(soft: int, hard: int) -> None:
    script = RAISE.format(soft=soft, hard=hard)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "300 300 300"
    assert ("open_files_limit_raised" in done.stdout) == (soft < hard)


def test_connections_leave_room_for_files() -> None:
    assert connections_within(256) == 171
    assert connections_within(1_024) == 683
    assert connections_within(20_000) == 20_000 - MAX_RESERVED
    assert connections_within(1_048_576) == MOST_CONNECTIONS
    assert connections_within(1) == 1
