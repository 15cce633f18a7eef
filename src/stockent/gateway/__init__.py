"""The socket's side of messaging: who a socket is, which rooms it is in, and its commands to verbs of the domain.

No rule of messaging stands here, and no frame: a command is decoded, its verb called, its ack encoded. Rooms are
joined by the server after a proof of access; no client ever names one.
"""

from .emitter import SocketEmitter
from .gateway import Gateway

__all__ = ["Gateway", "SocketEmitter"]
