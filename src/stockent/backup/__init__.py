"""Backups: `make` copies a running server's store and files, `verify` proves a copy, `restore` brings it back.

For the command line; blocks. A backup is a directory: the store as one file, each file of an attachment under its own
name, their hashes in the form of `sha256sum`, and a manifest. So it may be looked into, sent by rsync, which then sends
only new files, and kept by tools that know nothing of it.
"""

from .errors import BackupError
from .making import Made, make
from .manifest import Manifest
from .progress import Progress
from .proving import verify
from .restoring import Restored, restore

__all__ = ["BackupError", "Made", "Manifest", "Progress", "Restored", "make", "restore", "verify"]
