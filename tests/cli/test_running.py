"""One server process: how it is set up before it serves."""

import gc

from avow.cli.running import collect_rarely


def test_cycles_are_looked_for_less_often_than_python_does_by_itself() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert all(mine >= own for mine, own in zip(gc.get_threshold(), before, strict=True))
        assert gc.get_threshold()[0] >= 20_000
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)
