"""An identity provider of ours and its service provider, for tests without a server."""

from typing import Any

from avow.core.saml.idp import OwnIdp, Sp
from tests.saml.sp import ACS, ENTITY, SP_KEY

__all__ = ["NOW", "OWN", "SSO", "sp"]

NOW = 1_800_000_000
_ROOT = "https://avow.example.com/saml/P1/wiki"
SSO = f"{_ROOT}/sso"
SLO = f"{_ROOT}/slo"
OWN = OwnIdp(entity_id=f"{_ROOT}/metadata", sso_url=SSO, slo_url=SLO)


def sp(**changes: Any) -> Sp:
    """Return a service provider that signs its requests; `changes` are of `Sp`."""
    given: dict[str, Any] = {"certificates": (SP_KEY.certificate,), "needs_signature": True} | changes
    return Sp(entity_id=ENTITY, acs_url=ACS, **given)
