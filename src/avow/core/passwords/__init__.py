"""Passwords: hashed with Argon2id, and checked against that or against what another system made of them.

Nothing here belongs into a unit or on an event loop: a hash takes tens of milliseconds, an imported one up to a second.

What others need most:

    stored = imported(hashed)         # HashedPassword -> text for passwords.encoded; raises InvalidArgument (400)
    checked = check(stored, typed)    # slow: is it theirs, and what is to be stored instead
"""

import hmac
import os
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from avow.core.passwords.forms import scheme_of
from avow.core.passwords.schemes import UnusableHash, read
from avow.errors import InvalidArgument
from avow.wire.hashes import HashedPassword

__all__ = ["Checked", "check", "composed", "hashed", "imported", "needs_rehash", "same", "verify"]

_KIB: Final = 19_456
_PASSES: Final = 2
_THREADS: Final = 1
_OWN: Final = f"$argon2id$v=19$m={_KIB},t={_PASSES},p={_THREADS}$"
_ANY_OWN: Final = "$argon2id$"
# Of nobody's password: what a try at a user without one is checked against, so that it takes as long.
_DECOY: Final = _OWN + "QXZvd0F2b3dBdm93QXZvdw$" + "A" * 43


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a typed password.

    Attributes:
        is_theirs: It is the stored one.
        renewed: What is to be stored instead, when it is and was hashed in another way than ours of today.
    """

    is_theirs: bool
    renewed: str | None = field(default=None, repr=False)


def check(stored: str | None, password: str) -> Checked:
    """Tell whether a password is the stored one, and hash it as we do when it was hashed otherwise. Slow.

    What others hashed takes as long as their check and one hash of ours, whether it is right or wrong: a cheap hash
    must not tell that there is a user who came with one.

    Args:
        stored: As in `verify`.
        password: As it was typed.

    Raises:
        UnusableHash: As `verify`.
    """
    is_theirs = verify(stored, password)
    if stored is None or not needs_rehash(stored):
        return Checked(is_theirs)
    made = hashed(password)
    return Checked(is_theirs, made if is_theirs else None)


def same(one: str, other: str) -> bool:
    """Tell whether two typed passwords are one."""
    return hmac.compare_digest(composed(one), composed(other))


def composed(password: str) -> bytes:
    """Return a password as it is hashed: keyboards differ in how they compose letters, and in which space they type."""
    if password.isascii():
        return password.encode()
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in password)
    return unicodedata.normalize("NFC", spaced).encode()


def hashed(password: str) -> str:
    """Return what is stored of a password: Argon2id with 19 MiB, two passes, one thread, and a salt of its own. Slow.

    Spec: OWASP Password Storage Cheat Sheet, Argon2id; RFC 8265 section 4.2 (composed characters, one kind of space).
    """
    from argon2 import Type, low_level  # most processes start without a password

    made = low_level.hash_secret(
        composed(password),
        os.urandom(16),
        time_cost=_PASSES,
        memory_cost=_KIB,
        parallelism=_THREADS,
        hash_len=32,
        type=Type.ID,
    )
    return made.decode()


def verify(stored: str | None, password: str) -> bool:
    """Tell in constant time whether a password is the stored one. Slow.

    Args:
        stored: What `hashed` or `imported` returned; None takes as long as one of ours, and is nobody's.
        password: As it was typed.

    Raises:
        UnusableHash: What is stored was made by neither.
    """
    text = _DECOY if stored is None else stored
    # What others hashed, they hashed as it was typed.
    typed = composed(password) if text.startswith(_ANY_OWN) else password.encode()
    return read(text).matches(typed) and stored is not None


def needs_rehash(stored: str) -> bool:
    """Tell whether what is stored is not what `hashed` makes today; then the next right password is hashed anew."""
    return not stored.startswith(_OWN)


def imported(hashed: HashedPassword) -> str | None:
    """Return what is stored of a password that another system hashed; it needs a rehash. Quick, and pure.

    Args:
        hashed: In exactly one form, as the request names it.

    Returns:
        The text for `passwords.encoded`, or None when the hash is Django's mark of a user without a password.

    Raises:
        InvalidArgument: It is malformed, of an unknown form, or dearer to check than we allow (400, E011004).
    """
    try:
        scheme = scheme_of(hashed)
    except UnusableHash as error:
        raise InvalidArgument(error_message=f"The hashed password cannot be used: {error}.") from error
    return None if scheme is None else str(scheme)
