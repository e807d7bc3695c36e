"""`POST /dev/clock`: moves the server's time, so that a test need not wait. Only `avow dev --dev-clock` lists it."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from msgspec import Meta, field

from avow.server.serving import Call, Slice, plain
from avow.wire.endpoint import Caller, Endpoint, Shape

__all__ = ["CLOCK", "clock_slice"]

_MOST_SECONDS = 10 * 365 * 86400


class Advance(Shape, frozen=True, kw_only=True):
    """How far to move; time does not go back."""

    advance_seconds: Annotated[int, Meta(ge=0, le=_MOST_SECONDS)] = field(name="advance_seconds")


class Moved(Shape, frozen=True, kw_only=True):
    """The server's time, seconds since the epoch."""

    now: int


CLOCK = Endpoint("dev.clock", "POST", "/dev/clock", Advance, Moved, Caller.ANYONE)


def clock_slice(advance: Callable[[int], int]) -> Slice:
    """Return the slice that moves a clock.

    Args:
        advance: Moves the clock by seconds and returns the new time.
    """
    return Slice("devclock", (plain(CLOCK, partial(move, advance)),))


def move(advance: Callable[[int], int], call: Call[Advance]) -> Moved:
    """Move the server's time forward and return it."""
    return Moved(now=advance(call.body.advance_seconds))
