"""A trusted identity provider, a request of ours to it, and what Avow's reader is to expect in answer."""

from functools import cache
from typing import Any

from avow.core.saml import Demand, Expected, IdentityProvider, SamlKey, ServiceProvider, new_key
from tests.saml.maker import Idp, Told, make_idp
from tests.saml.pieces import Cast

__all__ = ["NOW", "SP", "TOLD", "cast", "described", "expected", "key"]

NOW = 1_800_000_000
SP = ServiceProvider(entity_id="https://avow.example.com/saml/T1", acs_url="https://avow.example.com/saml/T1/acs")
TOLD = Told(acs_url=SP.acs_url, sp_entity_id=SP.entity_id, request_id="_request1", now=NOW)


@cache
def key() -> SamlKey:
    """Return our key; one for all tests, as it takes long to make."""
    return new_key("Avow", 1_700_000_000)  # whose certificate holds for other clocks too


@cache
def cast() -> Cast:
    """Return who takes part."""
    idp = make_idp("https://idp.example.com/metadata")
    return Cast(idp, make_idp("https://idp.example.org/metadata", "other"), key().certificate)


def described(idp: Idp) -> IdentityProvider:
    """Return an identity provider as it is configured with us."""
    return IdentityProvider(
        entity_id=idp.entity_id, sso_url="https://idp.example.com/sso", certificates=(idp.certificate,)
    )


def expected(demand: Demand = Demand.ASSERTION, **changes: Any) -> Expected:
    """Return what an answer to `TOLD` has to be; `changes` are of `Expected`."""
    given: dict[str, Any] = {"keys": (key(),), "request_id": TOLD.request_id, "idp": described(cast().idp)}
    return Expected(sp=SP, demand=demand, **(given | changes))
