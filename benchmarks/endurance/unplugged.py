"""The part of `dead-peers` that needs a network of its own, started by it in one. Prints its figures as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from .scenarios.dead_peers import unplugged
from .stage import Scale, Stage


def main() -> None:
    figures = asyncio.run(unplugged(Stage("dead-peers", Scale[sys.argv[1]], Path(sys.argv[2]))))
    print(json.dumps([vars(figure) for figure in figures]))


if __name__ == "__main__":
    main()
