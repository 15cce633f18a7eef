"""The server with something changed, for the tests: `python -m tests.attacks.launch hurried serve`.

`hurried` shortens what one would wait for. `faulty` does on request what no server must do, to show that the rule
catches it.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from stockent import cli, server
from stockent.http import bodies

BODY_TIMEOUT_S = 1.0


def hurry() -> None:
    server.LIMITS = replace(
        server.LIMITS,
        connect_timeout_s=2.0,
        body_timeout_s=BODY_TIMEOUT_S,
        upgrade_timeout_s=1.0,
        linger_s=0.5,
    )
    bodies.BODY_TIMEOUT_S = BODY_TIMEOUT_S


if __name__ == "__main__":
    kind = sys.argv.pop(1)
    if kind == "hurried":
        hurry()
    else:
        from tests.attacks import faulty

        faulty.install()
    cli.main()
