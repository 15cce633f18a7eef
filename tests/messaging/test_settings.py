"""Settings: whose they are, and who hears that they changed."""

from __future__ import annotations

import pytest

from stockent.messaging import settings
from stockent.messaging.commands import ChangeSettings
from stockent.messaging.domain import Domain
from stockent.messaging.errors import MessagingError
from tests.messaging.conftest import ANN, CEM
from tests.messaging.sockets import Sockets


async def test_settings_are_ones_own_to_see_and_told_to_ones_own_devices_once(
    domain: Domain, sockets: Sockets, cid: str
) -> None:
    ann, phone, bob = sockets.connect("ann", viewing=cid), sockets.connect("ann"), sockets.connect("bob")
    for _ in range(2):
        changed = await settings.change(domain, ANN, ChangeSettings(send_read_receipts=False))
        assert (changed.share_presence, changed.send_read_receipts) == (True, False)
    for socket in (ann, phone):
        assert socket.heard == [("settings_changed", {"sharePresence": True, "sendReadReceipts": False})]
    assert bob.heard == []
    assert await settings.settings(domain, ANN) == changed
    assert (await settings.settings(domain, CEM)).send_read_receipts
    with pytest.raises(MessagingError, match="sharePresence"):
        await settings.change(domain, ANN, ChangeSettings())
