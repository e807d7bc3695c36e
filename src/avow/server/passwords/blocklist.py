"""Passwords that many people have: the list that is bundled (`common.txt`; `common.LICENSE` says whose it was)."""

from functools import cache
from pathlib import Path

__all__ = ["common"]

_FILE = Path(__file__).with_name("common.txt")


@cache
def common() -> frozenset[str]:
    """Return the list, in small letters; about two megabytes, read when somebody first chooses a password."""
    return frozenset(_FILE.read_text(encoding="utf-8").strip("\n").split("\n"))
