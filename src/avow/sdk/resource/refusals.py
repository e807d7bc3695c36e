"""How an API refuses: status, a sentence that says nothing about anybody, and the challenge. No I/O in it.

Spec: RFC 6750 section 3; RFC 9449 section 7.1; RFC 9728 section 5.1.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from avow.core.oidc.dpop import ALGORITHMS
from avow.sdk.integration.bearer import SCHEME
from avow.sdk.integration.refusals import Refusal
from avow.sdk.resource.credentials import DPOP
from avow.sdk.resource.settings import Resource
from avow.sdk.resource.tokens import Needs

__all__ = ["AWAY", "BOUND", "INVALID", "MALFORMED", "NOT_ENOUGH", "OTHERWISE_BOUND", "PROOF", "STRANGER"]
__all__ += ["Reason", "refusal"]

_SCOPE: Final = re.compile(r"[!#-\[\]-~]+")  # RFC 6749 section 3.3, `scope-token`


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request is refused.

    Attributes:
        status: HTTP status.
        sentence: For people; it does not say which rule a token broke.
        error: Of the challenge, "" for none.
        scheme: Of the challenge.
        names_scope: The challenge says what is needed.
    """

    status: int
    sentence: str
    error: str = ""
    scheme: str = SCHEME
    names_scope: bool = False


# A request without credentials is told which ones to bring, and no error (RFC 6750 section 3.1, at its end).
STRANGER: Final = Reason(401, "An access token is needed.", names_scope=True)
INVALID: Final = Reason(401, "The access token does not hold.", "invalid_token")
MALFORMED: Final = Reason(400, "One access token is needed, in the header Authorization.", "invalid_request")
NOT_ENOUGH: Final = Reason(
    403, "The access token does not have the rights that this needs.", "insufficient_scope", names_scope=True
)
BOUND: Final = Reason(
    401, "The access token has to come with a proof of possession (DPoP).", "invalid_token", scheme=DPOP
)
OTHERWISE_BOUND: Final = Reason(
    401, "The access token is bound to something that is not checked here, such as a certificate.", "invalid_token"
)
PROOF: Final = Reason(401, "The proof of possession does not hold.", "invalid_dpop_proof", scheme=DPOP)
AWAY: Final = Refusal(503, "Access tokens cannot be verified now; please try again.", {"Retry-After": "2"})


def refusal(reason: Reason, said: Resource, wanted: Needs) -> Refusal:
    """Return the answer to a request that may not pass."""
    if said.requires_dpop and reason.scheme == SCHEME:
        reason = replace(reason, scheme=DPOP)
    parts = {
        "realm": "api",
        "error": reason.error,
        "error_description": reason.sentence if reason.error else "",
        "scope": _scope(wanted) if reason.names_scope else "",
        "algs": " ".join(ALGORITHMS) if reason.scheme == DPOP else "",
        "resource_metadata": said.metadata_url,
    }
    text = ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)
    return Refusal(reason.status, reason.sentence, {"WWW-Authenticate": f"{reason.scheme} {text}"})


def _scope(wanted: Needs) -> str:
    """Return what is needed as far as it can be asked for: a permission with a space in its name is no scope."""
    names = dict.fromkeys((*wanted.scopes, *wanted.permissions))
    return " ".join(name for name in names if _SCOPE.fullmatch(name))
