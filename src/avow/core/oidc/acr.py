"""Classes of authentication: which of them what somebody has shown is, and whether it is what a request demands.

Spec: OpenID Connect Core 1.0 sections 2 (`acr`) and 5.5.1.1; NIST SP 800-63B section 4 for `aal1` and `aal2`.
"""

from collections.abc import Collection, Sequence
from typing import Final

__all__ = ["MULTI_FACTOR", "SUPPORTED", "class_of", "is_met", "wants_factors"]

AAL1: Final = "aal1"
AAL2: Final = "aal2"
# The name that clients of Auth0 ask for.
MULTI_FACTOR: Final = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
SUPPORTED: Final = (AAL2, MULTI_FACTOR, AAL1)
_OF_FACTORS: Final = frozenset({AAL2, MULTI_FACTOR})


def class_of(wanted: Sequence[str], amr: Collection[str]) -> str:
    """Return the class of a session: the first wanted one that it is, otherwise the highest."""
    held = _held(amr)
    return next((each for each in wanted if each in held), held[0])


def is_met(wanted: Collection[str], amr: Collection[str]) -> bool:
    """Tell whether a session is of one of these classes; none at all asks for nothing."""
    return not wanted or not set(wanted).isdisjoint(_held(amr))


def wants_factors(wanted: Sequence[str]) -> bool:
    """Tell whether what is wanted most takes two factors."""
    return bool(wanted) and wanted[0] in _OF_FACTORS


def _held(amr: Collection[str]) -> tuple[str, ...]:
    return SUPPORTED if "mfa" in amr else (AAL1,)
