"""How messages leave the house: the port, its two refusals, and which sender serves which method."""

from typing import Protocol

from avow.server.delivery.messages import Rendered

__all__ = ["Sender", "TryLater", "Undeliverable", "Unreachable"]


class Undeliverable(Exception):
    """The other side refused this message for good; the text is for the log and names no recipient."""


class TryLater(Exception):
    """The other side did not take the message now; the attempt counts.

    Attributes:
        retry_after_seconds: How long the other side asked to wait, 0 when it did not say.
    """

    def __init__(self, reason: str, *, retry_after_seconds: int = 0) -> None:
        """Keep the reason for the log."""
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class Unreachable(TryLater):
    """The other side could not be spoken to at all; nothing was handed over, so the attempt does not count."""


class Sender(Protocol):
    """Sends messages of one or more methods; several threads may use it at once."""

    def send(self, message: Rendered) -> None:
        """Hand one message over, within a bounded time.

        Raises:
            Undeliverable: Never try this message again.
            TryLater: Try again; the attempt counts.
            Unreachable: Try again, and the others of this sender not before.
        """
        ...

    def rest(self) -> None:
        """Let go of what this thread holds (a connection); called when there is nothing more to send."""
        ...
