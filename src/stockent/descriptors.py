"""How many files and connections the system lets this process have open, and what that means for connections."""

from __future__ import annotations

import sys

import structlog

#: More than this is not asked for: what walks over all possible descriptors would take its time.
MOST_DESCRIPTORS = 1_048_576
#: Kept back for the store, files that are read and written, worker processes, and connections that are turned away.
MAX_RESERVED = 1_000
#: Memory is the bound beyond this: an idle connection has about 11 KB.
MOST_CONNECTIONS = 50_000

log = structlog.get_logger("stockent.server")


def raise_limit() -> int:
    """Let this process have as many files open as it may ask for, and return how many that is."""
    if sys.platform == "win32":
        return MOST_DESCRIPTORS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError) as error:
        log.warning("open_files_limit_stays", limit=soft, reason=str(error))
        return soft
    log.info("open_files_limit_raised", before=soft, limit=wanted)
    return wanted


def connections_within(descriptors: int) -> int:
    """How many connections may be open where so many files may be."""
    return max(1, min(MOST_CONNECTIONS, descriptors - min(MAX_RESERVED, descriptors // 3)))
