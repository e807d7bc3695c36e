"""Work beside the requests: one thread that is woken when there is something to do, and rests otherwise."""

import logging
import threading
from collections.abc import Callable

from avow.errors import AvowError

__all__ = ["Background"]

_UNREACHABLE_SECONDS = 1.0
_FAILED_SECONDS = 5.0


class Background:
    """Runs rounds of work in a thread of its own, from `start` until `stop`."""

    def __init__(self, name: str, round_: Callable[[], float], log: logging.Logger) -> None:
        """Keep the parts; nothing starts yet.

        Args:
            name: Of the thread, and in the log.
            round_: Does what is due and returns the seconds until there is something to do, if nobody wakes it.
            log: Where trouble is told.
        """
        self._name = name
        self._round = round_
        self._log = log
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_stopping = False

    @property
    def is_started(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread is not None

    def start(self) -> None:
        """Begin."""
        self.is_stopping = False
        self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the round that runs end, and begin none after it."""
        if self._thread is None:
            return
        self.is_stopping = True
        self.wake()
        self._thread.join()
        self._thread = None

    def wake(self) -> None:
        """Begin the next round now."""
        self._woken.set()

    def _loop(self) -> None:
        while True:
            self._woken.clear()
            if self.is_stopping:  # looked at after the mark is cleared, so that no wake to stop is lost
                return
            try:
                pause = self._round()
            except AvowError as failure:
                self._log.warning("%s waits for the database: %s", self._name, failure.code)
                pause = _UNREACHABLE_SECONDS
            except Exception:  # a bug must not end all of the work
                self._log.exception("%s failed", self._name)
                pause = _FAILED_SECONDS
            if pause > 0:
                self._woken.wait(pause)
