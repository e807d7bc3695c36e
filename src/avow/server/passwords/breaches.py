"""Passwords known from breaches, looked up where the server's setting says: a range service, or a file.

Of a password nothing leaves but the first five characters of its SHA-1, which some hundred others share. Where nobody
answers, the password is taken: the bundled list has judged it already, and signing up must not rest on somebody else.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from avow.core.passwords import composed
from avow.errors import AvowError, InvalidArgument
from avow.server.outgoing import OutgoingCall
from avow.server.serving import Project, Steps, aside, send

__all__ = ["require_unbreached"]

_log = logging.getLogger("avow.server")
_PREFIX: Final = 5
_LINE: Final = re.compile(rb"([0-9A-Fa-f]{35}):([0-9]{1,12})\r?", re.ASCII)
_HASH_BYTES: Final = 40
_LINE_BYTES: Final = 64  # the longest that a file may have
_OK: Final = 200
_PADDED: Final = {"add-padding": "true", "accept": "text/plain"}


def require_unbreached(project: Project, password: str) -> Steps[None]:
    """Refuse a password that is known from a breach, where the server's setting says how to tell.

    Raises:
        InvalidArgument: It is known.

    Spec: NIST SP 800-63B-4 section 3.1.1.2 (passwords obtained from previous breach corpuses).
    """
    place = project.breached_passwords
    if not place:
        return
    # A name of it that breaches go by, not how it is stored.
    digest = hashlib.sha1(composed(password), usedforsecurity=False).hexdigest().upper()
    try:
        if "://" in place:
            answered = yield from send(OutgoingCall(place + digest[:_PREFIX], headers=_PADDED))
            is_known = answered.status == _OK and _names(answered.body, digest[_PREFIX:].encode())
        else:
            is_known = yield from aside(_is_in_file, Path(place), digest.encode())
    except (AvowError, OSError) as wrong:
        _log.warning("breached passwords could not be looked up: %s", type(wrong).__name__)
        return
    if is_known:
        raise InvalidArgument(error_message="The password is known from a breach of another service.")


def _names(answer: bytes, rest: bytes) -> bool:
    """Tell whether an answer of a range service names the rest of a hash; what it counts as 0 only fills it up."""
    for line in answer.split(b"\n"):
        found = _LINE.fullmatch(line)
        if found and found[1].upper() == rest:
            return int(found[2]) > 0
    return False


def _is_in_file(path: Path, digest: bytes) -> bool:
    """Tell whether a file of lines `SHA1:count` in their order has a hash; some forty reads of one of any size."""
    with path.open("rb") as file:
        low, high = 0, file.seek(0, 2)
        place = _first(low, high, lambda position: _hash_at(file, position) >= digest)
        return _hash_at(file, place) == digest


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the first position from which on something holds, or the end."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _hash_at(file: BinaryIO, position: int) -> bytes:
    """Return the hash of the first line that begins at a position or behind it; at the end one beyond all others."""
    file.seek(max(0, position - 1))
    read = file.read(2 * _LINE_BYTES)
    if position:
        read = read.partition(b"\n")[2]
    return read[:_HASH_BYTES].upper() or b"~"
