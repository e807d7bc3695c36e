"""Codes that a person reads on one device and types on another.

Eight consonants: no words come out of them, and 20 to the power of 8 codes last for ten minutes of tries that are
counted. Spec: RFC 8628 section 6.1.
"""

import secrets
from typing import Final

__all__ = ["make", "read", "shown"]

_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH: Final = 8


def make() -> str:
    """Return a new code."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def read(text: str) -> str:
    """Return a code as it was typed, whatever stands between its letters; "" when it cannot be one."""
    found = "".join(each for each in text.upper() if each.isascii() and each.isalnum())
    return found if len(found) == _LENGTH and set(found) <= set(_LETTERS) else ""


def shown(code: str) -> str:
    """Return a code as it is shown."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"
