"""Recovery codes: how they are made, and how a typed one is read."""

import secrets
from typing import Final

from avow.core.otp import Randomness

__all__ = ["COUNT", "bare", "new_codes"]

COUNT: Final = 10

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_GROUPS: Final = 3
_GROUP_LETTERS: Final = 4  # 60 bits in all
_READ_AS: Final = str.maketrans("OIL", "011", " -")


def new_codes(random: Randomness = secrets) -> tuple[str, ...]:
    """Return ten different codes of 60 random bits, as people are shown them: `7K3M-QX0D-9ZTA`.

    Args:
        random: Source of randomness.

    Spec: ASVS 5.0 6.5.3 (from a CSPRNG); they are stored as MACs under a key outside the database (6.5.2).
    """
    made: dict[str, None] = {}
    while len(made) < COUNT:
        groups = ("".join(_LETTERS[random.randbelow(32)] for _ in range(_GROUP_LETTERS)) for _ in range(_GROUPS))
        made["-".join(groups)] = None
    return tuple(made)


def bare(typed: str) -> str:
    """Return a code as it is compared: dashes and spaces, small letters and those that look alike do not matter.

    Returns:
        Twelve letters, or "" for what cannot be a code.
    """
    text = typed.upper().translate(_READ_AS)
    is_one = len(text) == _GROUPS * _GROUP_LETTERS and all(letter in _LETTERS for letter in text)
    return text if is_one else ""
