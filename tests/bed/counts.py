"""How often a run repeats things: the stated counts, or reduced ones so that it ends soon."""

import os

__all__ = ["is_full"]


def is_full() -> bool:
    """Tell whether this is `make test-full`: the stated counts instead of the reduced ones."""
    return os.environ.get("AVOW_TEST_FULL", "") not in {"", "0"}
