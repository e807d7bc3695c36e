"""Proof Key for Code Exchange: S256 alone.

Spec: RFC 7636; RFC 9700 section 2.1.1 (plain is refused).
"""

import hashlib
import re
from typing import Final

from avow.core.tokens.encoding import to_base64url

__all__ = ["challenge_of", "is_challenge", "is_verifier"]

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}", re.ASCII)


def is_challenge(text: str) -> bool:
    """Tell whether text is a SHA-256 in base64url."""
    return _CHALLENGE.fullmatch(text) is not None


def is_verifier(text: str) -> bool:
    """Tell whether text can be a verifier: 43 to 128 unreserved characters."""
    return _VERIFIER.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """Return the challenge of a verifier."""
    return to_base64url(hashlib.sha256(verifier.encode()).digest())
