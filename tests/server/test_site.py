"""The pool for slow work: it begins with its first work, and anew after it was closed."""

import threading

import pytest

from avow.errors import Unavailable
from avow.server.site import Pool


def test_closed_pool_finishes_what_runs_and_begins_anew() -> None:
    pool = Pool(1)
    assert pool.submit(lambda: 1).result() == 1
    pool.close()
    pool.close()
    assert pool.submit(lambda: 2).result() == 2
    pool.close()


def test_full_pool_refuses_at_once_and_has_room_again() -> None:
    pool, gate = Pool(1, waiting=1), threading.Event()
    held = [pool.submit(gate.wait), pool.submit(gate.wait)]
    with pytest.raises(Unavailable):
        pool.submit(gate.wait)
    gate.set()
    assert [each.result() for each in held] == [True, True]
    pool.close()
    assert pool.submit(lambda: 3).result() == 3
    pool.close()
