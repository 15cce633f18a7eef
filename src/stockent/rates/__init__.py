"""How much of what anybody may ask for in which time: the table of rates, their settings, and the buckets.

Used by the gateway for commands, by `http` for requests, and by the door for connections. Knows nothing of sockets or
requests: a user's or connection's id, or an address, is a key.
"""

from .addresses import address_key
from .rates import Rates
from .settings import RateSettings, default_rates, no_rates
from .table import Limit

__all__ = ["Limit", "RateSettings", "Rates", "address_key", "default_rates", "no_rates"]
