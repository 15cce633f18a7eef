"""Connected people who will fall silent: `python -m benchmarks.endurance.peers HOST PORT`, a token a line on its input.

Prints the ports of its sockets once all are connected, and keeps them. Then it is stopped, or its network is.
"""

from __future__ import annotations

import json
import signal
import sys

from . import raw


def main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])
    sockets = []
    for token in sys.stdin.read().split():
        sock = raw.dial(port, host=host)
        raw.upgrade(sock)
        raw.connect(sock, token)
        sockets.append(sock)
    print(json.dumps([sock.getsockname()[1] for sock in sockets]), flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
