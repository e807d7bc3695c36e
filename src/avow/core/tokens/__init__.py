"""Our own strict JSON Web Tokens, directly over `cryptography`: keys, signing, verification.

It knows compact JWS with ES256, RS256 and EdDSA and nothing else; the caller, never the token, chooses what is
accepted.
"""

from avow.core.tokens.jws import (
    MAX_LIFETIME_SECONDS,
    MAX_TOKEN_BYTES,
    Expected,
    Verified,
    sign,
    unverified_kid,
    verify,
)
from avow.core.tokens.keys import ALGORITHMS, KeySet, SigningKey

__all__ = [
    "ALGORITHMS",
    "MAX_LIFETIME_SECONDS",
    "MAX_TOKEN_BYTES",
    "Expected",
    "KeySet",
    "SigningKey",
    "Verified",
    "sign",
    "unverified_kid",
    "verify",
]
