"""Who speaks from where: `auth.identify`, for which an address has a limited number of wrong tokens.

The HTTP middleware and the socket gateway come in through here.
"""

from __future__ import annotations

from .auth import Authenticator, Identity, identify
from .messaging.errors import Code, MessagingError
from .messaging.ports import Store
from .rates import Limit, Rates, address_key


async def identify_from(
    address: str, token: str, *, authenticator: Authenticator, store: Store, rates: Rates
) -> Identity:
    """As `identify`, or `RATE_LIMITED` before the token is looked at when the address has sent too many wrong ones.

    One that was verified a moment ago is let in also then: whoever shares an address with a guesser goes on.
    """
    place = address_key(address)
    if not token:
        rates.take(Limit.ADDRESS_REQUESTS, place)
    else:
        _look(authenticator, token, rates, place)
    try:
        return await identify(authenticator, store, token)
    except MessagingError as refusal:
        if refusal.code is Code.AUTH_INVALID:
            rates.take(Limit.ADDRESS_FAILURES, place)
        elif refusal.code is Code.AUTH_EXPIRED:
            # Nobody's guess, but work all the same.
            rates.take(Limit.ADDRESS_REQUESTS, place)
        raise


def _look(authenticator: Authenticator, token: str, rates: Rates, place: str | None) -> None:
    try:
        rates.look(Limit.ADDRESS_FAILURES, place)
    except MessagingError:
        if not authenticator.remembers(token):
            raise
