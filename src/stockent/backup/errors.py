"""The one failure of this package."""


class BackupError(Exception):
    """A sentence for the operator: what was expected, what was found, and what to do. Nothing half-made is left."""
