"""The token of a sign-in that waits for its second factor: told from other tokens, made and read. No I/O, no clock.

It is no JWT, on purpose. Official clients take any JWT of the project for a session token, refresh tokens included, so
that a refresh token in its place would let in whoever has shown one factor.
"""

from dataclasses import dataclass
from typing import Final

from avow.core.tokens.encoding import from_base64url, to_base64url
from avow.core.vault import Vault

__all__ = ["Waiting", "is_one", "make", "read"]

_KIND: Final = "mfa."
_PURPOSE: Final = "mfa-token"
_MOST_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a token names: a session that waits, and whose it is."""

    user_id: str
    session_id: str


def is_one(token: str) -> bool:
    """Tell whether a token says that it is of this kind."""
    return token.startswith(_KIND)


def make(vault: Vault, project_id: str, waiting: Waiting) -> str:
    """Return the token of a waiting session: `mfa.<user>.<session>.<MAC>`; nothing of it is stored."""
    mac = vault.mac(_PURPOSE, project_id, waiting.user_id, waiting.session_id)
    return f"{_KIND}{waiting.user_id}.{waiting.session_id}.{to_base64url(mac)}"


def read(vault: Vault, project_id: str, token: str) -> Waiting | None:
    """Return what a token names, or None when it is not one of this project; whether the session waits, rows say."""
    parts = token.split(".", 4)
    if len(token) > _MOST_CHARACTERS or len(parts) != 4 or not token.isascii():
        return None
    _, user_id, session_id, encoded = parts
    try:
        mac = from_base64url(encoded.encode())
    except ValueError:
        return None
    is_ours = vault.is_mac(mac, _PURPOSE, project_id, user_id, session_id)
    return Waiting(user_id, session_id) if is_ours else None
