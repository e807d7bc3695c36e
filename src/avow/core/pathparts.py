"""Ids as one part of a path: what is plain stands there as it is, anything else is encoded."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

__all__ = ["id_of", "part"]

_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_ENCODED: Final = "~"
_MOST_ID: Final = 256


def part(named: str) -> str:
    """Return an id as one part of a path: dots alone would lead out of it, and "" is none."""
    if _PLAIN.fullmatch(named) and named.strip("."):
        return named
    return _ENCODED + urlsafe_b64encode(named.encode()).rstrip(b"=").decode()


def id_of(part: str) -> str:
    """Return the id that a part of a path stands for.

    Raises:
        ValueError: No id is like that, and no database would take it.
    """
    text = part.removeprefix(_ENCODED)
    found = part if text == part else urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    if len(found) > _MOST_ID or not found.isprintable():
        raise ValueError("no id")
    return found
