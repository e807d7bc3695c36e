"""The one place that reads the wall clock; everything else is handed a `Clock`."""

import time
from collections.abc import Callable

__all__ = ["Clock", "system_clock"]

Clock = Callable[[], int]


def system_clock() -> int:
    """Return the seconds since the epoch, UTC."""
    return int(time.time())
