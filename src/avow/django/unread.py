"""Reading the claims of a token without believing them: when its cookie ends, and whose it says it is."""

from typing import Any

import msgspec

from avow.core.tokens.encoding import from_base64url

__all__ = ["claims_of"]


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, unverified; an empty dict when it says nothing."""
    try:
        claims = msgspec.json.decode(from_base64url(token.split(".")[1].encode()))
    except (ValueError, LookupError):
        return {}
    return claims if isinstance(claims, dict) else {}
