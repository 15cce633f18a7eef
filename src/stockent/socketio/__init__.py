"""A Socket.IO server (Socket.IO protocol 5 on Engine.IO protocol 4): WebSocket and HTTP long polling on one port.

An echo server, whole::

    from stockent.socketio import Server, run

    server = Server()
    chat = server.of("/")

    @chat.on("message")
    def message(socket, *args):
        socket.emit("message-back", *args)
        return args  # the acknowledgement, if the client asked for one

    run(server, port=3000)

Handlers may be coroutine functions; packets of one connection are handled in order. `chat.use(middleware)` admits or
refuses sockets (`ConnectError`), `socket.join("room")` and `chat.to("room").emit(...)` address rooms,
`await socket.call(...)` waits for a client's answer. Everything that a client can make grow has a bound in `Limits`.
The package knows nothing of what is said through it.
"""

from .addresses import Proxies
from .broker import Broadcast, Broker, LocalBroker
from .connection import Connection, Reason, Request
from .door import Door, TurnedAway
from .limits import Limits
from .namespace import ConnectError, Disconnected, Emission, Namespace, Socket
from .recovery import Lost
from .rooms import TooManyRooms
from .server import Server
from .serving import Listener, listener, run, serve, tune_collector

__all__ = [
    "Broadcast",
    "Broker",
    "ConnectError",
    "Connection",
    "Disconnected",
    "Door",
    "Emission",
    "Limits",
    "Listener",
    "LocalBroker",
    "Lost",
    "Namespace",
    "Proxies",
    "Reason",
    "Request",
    "Server",
    "Socket",
    "TooManyRooms",
    "TurnedAway",
    "listener",
    "run",
    "serve",
    "tune_collector",
]
