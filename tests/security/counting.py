"""What cases about codes, links and limits share: wrong codes, the state that a refusal leaves alone, and refusals."""

import io
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from avow.server import logs
from avow.testing.clock import FileClock
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.place import Place

CREATED = ("users", "login_ids", "sessions")  # what nobody gets by a refused call
STARTED = (*CREATED, "challenges", "outbox")
_ORDERS = {"login_ids": "login_id"}


def state(place: Place, tables: tuple[str, ...] = CREATED) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of the project, for comparing before and after."""
    return {table: place.rows(table, _ORDERS.get(table, "id")) for table in tables}


def stand_still(place: Place) -> None:
    """Let the clock move only when the test moves it, so that a second before the end is a second before it."""
    clock = place.avow.server.clock
    assert isinstance(clock, FileClock)
    clock.freeze()


def wrong_codes(right: str = "") -> Iterator[str]:
    """Return codes of six digits that are not the right one, without end."""
    return (code for code in (f"{number % 1_000_000:06d}" for number in itertools.count(111_111)) if code != right)


def code_wish(place: Place, login_id: object, code: object, *, method: str = "email") -> Wish:
    """Return the request that sends a code back."""
    return place.api.wish("POST", f"/v1/auth/otp/verify/{method}", body={"loginId": login_id, "code": code})


def send_back(place: Place, login_id: object, code: object, *, method: str = "email") -> Answer:
    """Send a code back."""
    return place.api.carrier.send(code_wish(place, login_id, code, method=method))


def assert_limited(answer: Answer, most_seconds: int) -> None:
    """Assert that the answer is 429 with the seconds to wait, a whole number of at most so many."""
    assert_refused(answer, 429, code="E130429")
    wait = answer.headers["retry-after"]
    assert wait.isascii(), wait
    assert wait.isdigit(), wait
    assert 1 <= int(wait) <= most_seconds, wait


def assert_no_fault(answer: Answer) -> None:
    """Assert that the server did not fail."""
    assert answer.status < 500, f"{answer.status} {answer.content[:200]!r}"


@contextmanager
def whole_log() -> Iterator[io.StringIO]:
    """Send the log, from level debug on, into a text."""
    root, own = logging.getLogger(), logging.getLogger("avow")
    handlers, level, own_level = list(root.handlers), root.level, own.level
    text = io.StringIO()
    logs.configure("debug", stream=text)
    try:
        yield text
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        own.setLevel(own_level)
