"""Reading the claims of a token without believing them: when its cookie ends, and whose it says it is."""

from typing import Any

from avow import shaping
from avow.core.tokens.encoding import from_base64url
from avow.sdk.integration.session import Tokens

__all__ = ["claims_of", "is_of_another_project"]


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, unverified; an empty dict when it says nothing."""
    try:
        claims = shaping.decode(from_base64url(token.split(".")[1].encode()))
    except (ValueError, LookupError):
        return {}
    return claims if isinstance(claims, dict) else {}


def is_of_another_project(tokens: Tokens, project_id: str) -> bool:
    """Tell whether tokens say that another project issued them.

    They sign nobody in here, but an application beside this one, on the same host, may live by them.
    """
    said = [claims_of(token).get("iss") for token in (tokens.session, tokens.refresh)]
    issuers = {str(issuer).rpartition("/")[2] for issuer in said if issuer}
    return bool(project_id and issuers) and project_id not in issuers
