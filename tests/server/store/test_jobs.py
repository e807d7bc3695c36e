"""The line that units wait in."""

import threading

import pytest

from avow.errors import Unavailable
from avow.server.store.jobs import Job, Line


def test_a_unit_that_comes_at_the_end_is_refused_and_every_thread_still_goes_home() -> None:
    refused: list[Job] = []
    line = Line(8)
    line.close()
    line.refuse_rest()  # what `put` does for a job that was added in the same moment
    with pytest.raises(Unavailable):
        line.put(Job(lambda tx: None, None, refused.extend))
    takers = [threading.Thread(target=line.take, args=(4,), daemon=True) for _ in range(3)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join(30)
    assert not any(taker.is_alive() for taker in takers)
