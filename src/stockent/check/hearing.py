"""Who heard what: the assertion that every step of the check ends with.

It is total: each device must have heard exactly what the step says, and a device that the step does not name, the
outsider's above all, nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from itertools import groupby
from typing import Any

from .clients import Device, Heard
from .failures import StepFailed

#: How long an event may take to arrive after the ack or response of what caused it.
EVENT_TIMEOUT_S = 2.0

_TIMES = {1: "once", 2: "twice"}

Expected = Mapping[Device, Sequence[str]]


def topic(heard: Heard) -> object:
    """The conversation that an event is about; of `conversation_created` it is the payload itself."""
    if not isinstance(heard.payload, dict):
        return None
    return heard.payload.get("conversationId", heard.payload.get("id"))


class Hearing:
    """What `devices` hear from `begin` on, of conversations in `about`; others may go on beside the check."""

    @classmethod
    async def begin(cls, devices: Sequence[Device], about: Container[object]) -> Hearing:
        """Events that are still on their way belong to what was before."""
        connected = [device for device in devices if device.connected]
        await _settle(connected)
        return cls(connected, about)

    def __init__(self, devices: Sequence[Device], about: Container[object]) -> None:
        self._devices = devices
        self._about = about
        self._starts = {device: len(device.heard) for device in self._devices}

    async def exactly(self, expected: Expected) -> dict[Device, list[Any]]:
        """Wait for these events, then hold all that was heard against them; returns the payloads by device.

        Absence is proved too: before the comparison each device makes a round trip behind whatever is on its way.
        """
        await self._wait(expected)
        await _settle(self._devices)
        payloads = {}
        for device in self._devices:
            heard = self._heard(device)
            _compare(device, expected.get(device, ()), [each.event for each in heard])
            payloads[device] = [each.payload for each in heard]
        return payloads

    async def _wait(self, expected: Expected) -> None:
        deadline = asyncio.get_running_loop().time() + EVENT_TIMEOUT_S
        while asyncio.get_running_loop().time() < deadline:
            if all(len(self._heard(device)) >= len(expected.get(device, ())) for device in self._devices):
                return
            await asyncio.sleep(0.005)

    def _heard(self, device: Device) -> list[Heard]:
        return [heard for heard in device.heard[self._starts[device] :] if topic(heard) in self._about]


async def _settle(devices: Sequence[Device]) -> None:
    await asyncio.gather(*(device.settle() for device in devices))


def _compare(device: Device, expected: Sequence[str], got: list[str]) -> None:
    if list(expected) != got:
        raise StepFailed(f"{device.label} hears {_spoken(expected)}", _spoken(got))


def _spoken(events: Sequence[str]) -> str:
    """In order: `message_received once, message_updated twice`."""
    runs = [(event, len(list(run))) for event, run in groupby(events)]
    return ", ".join(f"{event} {_TIMES.get(count, f'{count} times')}" for event, count in runs) or "nothing"
