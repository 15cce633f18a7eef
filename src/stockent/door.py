"""The door of a node: counts connections and sessions, by address and all together, and turns away what is too much."""

from __future__ import annotations

from collections import Counter
from random import randint

import structlog

from .rates import Limit, Rates, address_key
from .socketio import Proxies, TurnedAway

#: Beyond a count so many more are told why; further ones are cut.
TOLD_WHY = 32
RETRY_AFTER_S, RETRY_JITTER_S = 2, 8
#: Between two lines of the log that say that the node is full.
LOG_EVERY_S = 10.0

log = structlog.get_logger("stockent.server")


class NodeDoor:
    """The `socketio.Door` of a node. `most_connections` is what `RATE_LIMITS` and the system's limit leave."""

    def __init__(self, rates: Rates, proxies: Proxies, *, most_connections: int) -> None:
        self._rates = rates
        self._proxies = proxies
        self._most_connections = most_connections
        #: TCP connections now, those that are being turned away too.
        self.connections = 0
        self._connections_of: Counter[str] = Counter()
        self._sessions_of: Counter[str] = Counter()
        self._logged_at: float | None = None

    def connected(self, peer: str) -> TurnedAway | None:
        self.connections += 1
        key = self._peer_key(peer)
        if key is not None:
            self._connections_of[key] += 1
        beyond = self.connections - self._most_connections
        if beyond > 0:
            self._tell()
            return _away(503, "The server has as many connections as it can hold", beyond)
        return None if key is None else self._judge(key)

    def disconnected(self, peer: str) -> None:
        self.connections -= 1
        _count_down(self._connections_of, self._peer_key(peer))

    def admit(self, address: str) -> TurnedAway | None:
        key = address_key(address)
        if key is None:
            return None
        most = self._rates.caps.get(Limit.ADDRESS_OPEN_SESSIONS)
        if most is not None and self._sessions_of[key] >= most:
            return _away(429, "Too many sessions from this address at a time")
        if self._rates.runs_out(Limit.ADDRESS_SESSIONS, key):
            return _away(429, "Too many new sessions from this address")
        return None

    def opened(self, address: str) -> None:
        key = address_key(address)
        if key is not None:
            self._sessions_of[key] += 1

    def closed(self, address: str) -> None:
        _count_down(self._sessions_of, address_key(address))

    def _peer_key(self, peer: str) -> str | None:
        """A trusted proxy brings everybody's connections."""
        return None if self._proxies.trusts(peer) else address_key(peer)

    def _judge(self, key: str) -> TurnedAway | None:
        if self._rates.runs_out(Limit.ADDRESS_CONNECTS, key):
            return _away(429, "", TOLD_WHY + 1)
        most = self._rates.caps.get(Limit.ADDRESS_OPEN_CONNECTIONS)
        beyond = 0 if most is None else self._connections_of[key] - most
        return _away(429, "Too many connections from this address", beyond) if beyond > 0 else None

    def _tell(self) -> None:
        now = self._rates.now()
        if self._logged_at is None or now >= self._logged_at + LOG_EVERY_S:
            self._logged_at = now
            log.warning("connections_full", connections=self.connections, most=self._most_connections)


def _away(status: int, message: str, beyond: int = 0) -> TurnedAway:
    retry_after_s = RETRY_AFTER_S + randint(0, RETRY_JITTER_S)  # noqa: S311
    return TurnedAway(status, message, retry_after_s, abruptly=beyond > TOLD_WHY)


def _count_down(counted: Counter[str], key: str | None) -> None:
    if key is None:
        return
    counted[key] -= 1
    if counted[key] <= 0:
        del counted[key]
