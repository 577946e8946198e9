"""Seconds that passed, those in which the machine slept among them."""

from __future__ import annotations

import time

__all__ = ["GRACE", "TRUSTED", "now"]

GRACE = 3600.0
"""Seconds for which an object stays after it is no longer needed; by the clock of the store."""

TRUSTED = 600.0
"""Seconds for which nobody needs to ask whether an object that was the newest is still there."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def now() -> float:
    """Seconds since some moment, by a clock that nobody sets."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
