"""One sign-in for several APIs, and access tokens for some of them (RFC 8707)."""

import pytest

from avow.testing.server import Avow
from tests.factories import new_email
from tests.server.oidc.relying import API, Rp, claims, make_api, make_app

SECOND, OTHER = "https://second.example.com", "https://other.example.com"
WANTED = "openid offline_access read:messages write:letters read:both"


@pytest.fixture
def rp(project: Avow) -> Rp:
    """Return an application of a project with three APIs."""
    make_api(project, "read:messages", "read:both")
    make_api(project, "write:letters", "read:both", "read:own", identifier=SECOND)
    make_api(project, "read:other", identifier=OTHER)
    return make_app(project, scopes=["read:own"])


def code(rp: Rp, scope: str = WANTED) -> str:
    return rp.code(rp.browser(), new_email(), resource=[API, SECOND], scope=scope)


def test_code_is_redeemed_for_one_api_and_refreshed_for_another(rp: Rp) -> None:
    first = rp.redeem(code(rp, f"{WANTED} read:own"), resource=API)
    own = f"{rp.issuer}/userinfo"
    assert claims(first["access_token"])["aud"] == [API, own]
    # A scope that both APIs know stays, and so does one that the application has of its own.
    assert first["scope"] == "openid offline_access read:messages read:both read:own"
    second = rp.refresh(first["refresh_token"], audience=SECOND)
    assert claims(second["access_token"])["aud"] == [SECOND, own]
    assert second["scope"] == "openid offline_access write:letters read:both read:own"
    narrow = rp.refresh(second["refresh_token"], resource=SECOND, scope="read:messages read:both")
    assert (claims(narrow["access_token"])["aud"], narrow["scope"]) == (SECOND, "read:both")
    both = rp.refresh(narrow["refresh_token"], resource=[API, SECOND])
    assert claims(both["access_token"])["aud"] == claims(rp.refresh(both["refresh_token"])["access_token"])["aud"]


@pytest.mark.parametrize("target", [OTHER, "https://nobody.example.com", [API, OTHER]])
def test_api_that_was_not_granted_is_refused_and_costs_nothing(rp: Rp, target: str | list[str]) -> None:
    found = code(rp)
    assert rp.redeem(found, resource=target).error == (400, "invalid_target")
    tokens = rp.redeem(found)
    assert rp.refresh(tokens["refresh_token"], resource=target).error == (400, "invalid_target")
    assert rp.refresh(tokens["refresh_token"])["scope"] == WANTED
