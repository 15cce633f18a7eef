"""How texts are compared in a search: without case and without accents, the same when stored and when asked."""

from __future__ import annotations

import unicodedata


def fold(*texts: str | None) -> str:
    """One line for `search` columns. "Zürich GmbH" and "ZURICH gmbh" fold to the same."""
    joined = " ".join(text for text in texts if text)
    if joined.isascii():
        return joined.lower()
    decomposed = unicodedata.normalize("NFKD", joined.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
