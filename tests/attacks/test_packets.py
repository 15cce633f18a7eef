"""Engine.IO and Socket.IO packets that attackers have sent to other servers, over both transports."""

from __future__ import annotations

import pytest

from .conftest import UnderAttack
from .offender import Offender

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])


async def refused(offender: Offender, transport: str, *packets: str | bytes, entered: bool = True) -> str:
    client = await offender.open(transport, entered=entered)
    assert await client.is_refused(*packets)
    return "close 1003" if transport == "websocket" else "400, session closed"


@TRANSPORTS
@pytest.mark.parametrize(
    "packet",
    [
        '42[{"toString":"foo"}]',
        '42[true,"x"]',
        '42[null,"x"]',
        "42{}",
        "40[]",
        "41/admin,{}",
        '42/admin,"bad',
    ],
)
async def test_an_event_of_another_form(under_attack: UnderAttack, transport: str, packet: str) -> None:
    """Packets of another form than the protocol's (CVE-2023-32695)."""
    await under_attack(lambda offender: refused(offender, transport, packet))
