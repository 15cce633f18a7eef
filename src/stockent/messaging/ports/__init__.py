"""What messaging needs from outside: a store that is the truth, an emitter that carries events to sockets.

Each method states its obligation; `tests/store/` holds one suite that judges every implementation of `Store`.
"""

from .access import AccessRecords, Credential, Void
from .attachments import AttachmentRecords, Begun, NewUpload, Readable, Upload
from .emitter import Emitter
from .store import Store, StoreError, StoreInUse
from .values import (
    Changed,
    Created,
    Delivered,
    Extras,
    Greeting,
    Joined,
    Kept,
    Membership,
    NewConversation,
    NewMessage,
    Read,
    Resumed,
    Sent,
    Settled,
    Started,
    View,
)

__all__ = [
    "AccessRecords",
    "AttachmentRecords",
    "Begun",
    "Changed",
    "Created",
    "Credential",
    "Delivered",
    "Emitter",
    "Extras",
    "Greeting",
    "Joined",
    "Kept",
    "Membership",
    "NewConversation",
    "NewMessage",
    "NewUpload",
    "Read",
    "Readable",
    "Resumed",
    "Sent",
    "Settled",
    "Started",
    "Store",
    "StoreError",
    "StoreInUse",
    "Upload",
    "View",
    "Void",
]
