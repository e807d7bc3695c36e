"""Whether this instance's clock is right, as far as the database server's can tell.

Instances never ask each other for the time; what they share is the database. So each compares its clock with that one.
"""

import logging

from avow.errors import AvowError
from avow.server.store import Store, StoreRefused, Tx
from avow.server.store.clocks import has_clock, seconds_ahead

__all__ = ["ClockWatch", "clock_warning"]

_log = logging.getLogger("avow.clock")

# SDKs, the official one included, refuse a token that was issued 5 s in their future.
_WRONG_SECONDS = 5


class ClockWatch:
    """Compares the clock when it is asked to, and logs when it becomes wrong and when it is right again."""

    def __init__(self, database_url: str) -> None:
        self._has_clock = has_clock(database_url)
        self._is_wrong = False

    def ahead(self, tx: Tx) -> int:
        """Return by how many seconds this clock is ahead of the database server's: a unit that reads; 0 on SQLite."""
        return seconds_ahead(tx) if self._has_clock else 0

    def judge(self, ahead: int) -> str:
        """Return a sentence when the clock is wrong, "" when it is not; what has changed is logged."""
        warning = clock_warning(ahead)
        if bool(warning) != self._is_wrong:
            self._is_wrong = bool(warning)
            if warning:
                _log.warning("%s", warning)
            else:
                _log.info("the clock of this server and that of the database server agree again")
        return warning

    def look(self, store: Store) -> None:
        """Compare and log, in this thread; a database that does not answer is nothing to say here."""
        if not self._has_clock:
            return
        try:
            self.judge(store.look_anywhere(self.ahead))
        except (AvowError, StoreRefused):
            return


def clock_warning(ahead: int) -> str:
    """Return a sentence when a clock that is so many seconds ahead is wrong, "" when it is not."""
    if abs(ahead) < _WRONG_SECONDS:
        return ""
    way = "ahead of" if ahead > 0 else "behind"
    return (
        f"The clock of this server is {abs(ahead)} s {way} that of the database server; tokens of one instance may be "
        "refused elsewhere. Set both clocks by NTP."
    )
