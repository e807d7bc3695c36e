"""Tokens that a back end makes and changes, through the official SDK."""

from collections.abc import Callable
from typing import Any

import pytest
from descope import AuthException
from descope.management.common import MgmtLoginOptions, MgmtSignUpOptions, MgmtUserRequest

from avow.testing.server import Avow
from tests.contract.people import Person, error_code
from tests.factories import grant, join_tenant, make_role, make_tenant, make_user, new_email, new_phone

SignIn = Callable[..., Person]


@pytest.fixture
def helper(avow: Avow) -> str:
    """Address of somebody who may impersonate."""
    address = new_email("helper")
    grant(avow, make_user(avow, address), make_role(avow, "Support", ["Impersonate"]))
    return address


@pytest.mark.operation("mgmt.jwt.update_jwt")
def test_claims_are_added_to_a_session(client: Any, avow: Avow, sign_in: SignIn, fits: Any) -> None:
    person = sign_in()
    grant(avow, person.id, make_role(avow, "Editor", ["write"]))
    updated = client.mgmt.jwt.update_jwt(person.session_jwt, {"plan": "gold", "sub": "Uother"})
    assert fits("mgmt.jwt.update_jwt", "jwt")
    claims = client.validate_session(updated)
    assert (claims["plan"], claims["userId"], claims["roles"]) == ("gold", person.id, ["Editor"])
    later = client.refresh_session(person.refresh_jwt)
    assert later["sessionToken"]["plan"] == "gold"
    refresh = client.mgmt.jwt.update_jwt(jwt=person.refresh_jwt, custom_claims={"plan": "silver"}, refresh_duration=60)
    assert client.refresh_session(refresh)["sessionToken"]["plan"] == "silver"


def test_claims_of_a_dead_session_are_refused(client: Any, sign_in: SignIn) -> None:
    person = sign_in()
    client.logout(person.refresh_jwt)
    with pytest.raises(AuthException) as refused:
        client.mgmt.jwt.update_jwt(person.session_jwt, {"plan": "gold"})
    assert (refused.value.status_code, error_code(refused)) == (401, "E064001")


@pytest.mark.operation("mgmt.jwt.impersonate", "mgmt.jwt.stop_impersonation")
def test_impersonation_and_back(client: Any, avow: Avow, sign_in: SignIn, helper: str, fits: Any) -> None:
    person = sign_in()
    tenant = make_tenant(avow)
    join_tenant(avow, person.id, tenant)
    token = client.mgmt.jwt.impersonate(
        helper, person.login_id, False, custom_claims={"ticket": 7}, tenant_id=tenant, refresh_duration=600
    )
    assert fits("mgmt.jwt.impersonate", "jwt")
    session = client.refresh_session(token)
    claims = session["sessionToken"]
    helper_id = client.mgmt.user.load(helper)["user"]["userId"]
    assert (session["userId"], claims["act"], claims["dct"]) == (person.id, {"sub": helper_id}, tenant)
    assert claims["ticket"] == 7
    assert 595 <= session["cookieData"]["maxAge"] <= 600  # what the calls themselves took
    assert client.me(token)["userId"] == person.id

    back = client.mgmt.jwt.stop_impersonation(token, custom_claims={"ticket": 7})
    assert fits("mgmt.jwt.stop_impersonation", "jwt")
    own = client.refresh_session(back)
    assert (own["userId"], own["sessionToken"]["ticket"], "act" in own["sessionToken"]) == (helper_id, 7, False)
    with pytest.raises(AuthException):
        client.refresh_session(token)
    assert client.refresh_session(person.refresh_jwt)["userId"] == person.id


@pytest.mark.operation("mgmt.jwt.impersonate_stepup")
def test_impersonation_with_step_up(client: Any, sign_in: SignIn, helper: str, fits: Any) -> None:
    person = sign_in()
    token = client.mgmt.jwt.impersonate_stepup(helper, person.id, False)
    assert fits("mgmt.jwt.impersonate_stepup", "jwt")
    assert client.refresh_session(token)["sessionToken"]["su"] is True


def test_impersonation_without_the_permission_or_consent(client: Any, sign_in: SignIn, helper: str) -> None:
    person, other = sign_in(), sign_in()
    for impersonator, consent in ((other.login_id, False), (helper, True)):
        with pytest.raises(AuthException) as refused:
            client.mgmt.jwt.impersonate(impersonator, person.login_id, consent)
        assert refused.value.status_code == 403


@pytest.mark.operation("mgmt.jwt.sign_in")
def test_existing_user_is_signed_in(client: Any, fits: Any) -> None:
    address = new_email()
    user = client.mgmt.user.create(address)["user"]
    session = client.mgmt.jwt.sign_in(address, MgmtLoginOptions(custom_claims={"plan": "gold"}, refresh_duration=600))
    assert fits("mgmt.jwt.sign_in", "sessionJwt", "refreshJwt", "user")
    assert (session["userId"], session["sessionToken"]["plan"]) == (user["userId"], "gold")
    assert 595 <= session["cookieData"]["maxAge"] <= 600  # what the calls themselves took
    assert session["firstSeen"]
    assert client.validate_session(session["sessionToken"]["jwt"])["userId"] == user["userId"]
    assert client.mgmt.user.load(address)["user"]["status"] == "enabled"
    stepped = client.mgmt.jwt.sign_in(
        address, MgmtLoginOptions(stepup=True, jwt=session["refreshSessionToken"]["jwt"], revoke_other_sessions=True)
    )
    assert stepped["sessionToken"]["su"] is True
    with pytest.raises(AuthException):
        client.refresh_session(session["refreshSessionToken"]["jwt"])
    with pytest.raises(AuthException) as missing:
        client.mgmt.jwt.sign_in(new_email())
    assert (missing.value.status_code, error_code(missing)) == (404, "E112102")


@pytest.mark.operation("mgmt.jwt.sign_up")
def test_new_user_is_signed_up(client: Any, fits: Any) -> None:
    address, number = new_email(), new_phone()
    known = MgmtUserRequest(name="Mia", given_name="M", phone=number, email_verified=True)
    session = client.mgmt.jwt.sign_up(address, known, MgmtSignUpOptions(custom_claims={"plan": "gold"}))
    assert fits("mgmt.jwt.sign_up", "sessionJwt", "refreshJwt", "user")
    assert (session["firstSeen"], session["sessionToken"]["plan"]) == (True, "gold")
    user = client.mgmt.user.load(address)["user"]
    assert (user["userId"], user["name"], user["givenName"]) == (session["userId"], "Mia", "M")
    assert (user["phone"], user["verifiedPhone"], user["verifiedEmail"]) == (number, False, True)
    with pytest.raises(AuthException) as taken:
        client.mgmt.jwt.sign_up(address)
    assert (taken.value.status_code, error_code(taken)) == (400, "E062107")


@pytest.mark.operation("mgmt.jwt.sign_up_or_in")
def test_sign_up_or_in_does_whichever_applies(client: Any, fits: Any) -> None:
    address = new_email()
    first = client.mgmt.jwt.sign_up_or_in(address, signup_options=MgmtSignUpOptions(refresh_duration=600))
    assert fits("mgmt.jwt.sign_up_or_in", "sessionJwt", "refreshJwt", "user")
    second = client.mgmt.jwt.sign_up_or_in(address)
    assert (first["firstSeen"], second["firstSeen"]) == (True, False)
    assert first["userId"] == second["userId"]
    assert 595 <= first["cookieData"]["maxAge"] <= 600
    assert client.mgmt.user.load(address)["user"]["userId"] == first["userId"]


@pytest.mark.operation("mgmt.jwt.anonymous")
def test_anonymous_session(client: Any, avow: Avow, fits: Any) -> None:
    tenant = make_tenant(avow)
    session = client.mgmt.jwt.anonymous({"cart": 7}, tenant_id=tenant, refresh_duration=600)
    assert fits("mgmt.jwt.anonymous", "sessionJwt", "refreshJwt")
    assert (session["sessionToken"]["cart"], session["sessionToken"]["dct"]) == (7, tenant)
    assert session["tenants"] == {tenant: {"name": "Acme", "roles": [], "permissions": []}}
    later = client.refresh_session(session["refreshSessionToken"]["jwt"])
    assert (later["userId"], later["sessionToken"]["cart"]) == (session["userId"], 7)
    assert client.mgmt.user.search_all()["users"] == []
