"""What an authorization request needs of its person."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from avow.core.oidc.clients import PRESETS, Api, Client
from avow.core.oidc.interaction import (
    AskConsent,
    Decision,
    Grant,
    Refuse,
    Seen,
    SignIn,
    Waited,
    aimed_at,
    decide,
    granted_scopes,
)
from avow.core.oidc.request import Authorization
from avow.core.oidc.scopes import ClaimsRequest

NOW = 1000
TRUSTED = Client("C1", is_trusted=True, settings=PRESETS["regular-web"])
ASKING = replace(TRUSTED, is_trusted=False)
SEEN = Seen("U1", "S1", auth_time=900, tenants=("T1",))
WANTED = {"": ("openid", "email")}


def wish(client: Client = TRUSTED, *prompt: str, **changes: Any) -> Authorization:
    made = Authorization(client=client, redirect_uri="https://a", has_redirect=True, mode="query", scope=("openid",))
    return replace(made, prompt=frozenset(prompt), **changes)


def decided(
    asked: Authorization,
    seen: Seen | None = SEEN,
    waited: Waited | None = None,
    *,
    subject: str | None = None,
    is_allowed: bool = False,
) -> Decision:
    return decide(asked, seen, waited, subject=subject, wanted=WANTED, is_allowed=is_allowed, now=NOW)


def error(decision: Decision) -> str:
    assert isinstance(decision, Refuse)
    return decision.error


def test_session_is_enough_for_a_trusted_application() -> None:
    assert decided(wish()) == Grant(WANTED)
    assert decided(wish(TRUSTED, "none")) == Grant(WANTED)


@pytest.mark.parametrize("address", ["http://127.0.0.1:55555/cb", "http://localhost/cb", "com.example.app:/cb"])
def test_address_that_any_program_of_the_device_may_have_gets_no_code_unasked(address: str) -> None:
    public = Client("C1", settings=PRESETS["native"])
    seen = replace(SEEN, allowed={"": ("openid", "email")})
    assert decided(wish(public), seen) == Grant(WANTED)  # an https address is that of one application
    assert decided(wish(public, redirect_uri=address), seen) == AskConsent(WANTED)
    assert decided(wish(public, redirect_uri=address), seen, is_allowed=True) == Grant(WANTED)
    assert error(decided(wish(public, "none", redirect_uri=address), seen)) == "consent_required"
    trusted = replace(public, is_trusted=True)
    assert decided(wish(trusted, "none", redirect_uri=address), seen) == Grant(WANTED)
    assert decided(wish(ASKING, redirect_uri=address), seen) == Grant(WANTED)  # a code is of no use without its secret


def test_nobody_signs_in_or_is_refused() -> None:
    assert decided(wish(), None) == SignIn()
    assert error(decided(wish(TRUSTED, "none"), None)) == "login_required"


FRESH = Seen("U1", "S2", auth_time=990)
WAITED = Waited(begun_at=980, session_id="S1")


@pytest.mark.parametrize(
    ("asked", "seen", "waited", "expected"),
    [
        (wish(TRUSTED, "login"), SEEN, None, SignIn()),
        (wish(TRUSTED, "login"), SEEN, WAITED, SignIn()),
        (wish(TRUSTED, "login"), FRESH, WAITED, Grant(WANTED)),
        (wish(TRUSTED, "login"), replace(FRESH, session_id="S1"), WAITED, SignIn()),
        (wish(TRUSTED, "login"), replace(FRESH, auth_time=979), WAITED, SignIn()),
        (wish(replace(TRUSTED, forces_authentication=True)), SEEN, None, SignIn()),
        (wish(max_age=99), SEEN, None, SignIn()),
        (wish(max_age=100), SEEN, None, Grant(WANTED)),
        (wish(max_age=0), FRESH, WAITED, Grant(WANTED)),
        (wish(max_age=9), FRESH, WAITED, Grant(WANTED)),  # they have read a question for longer
        (wish(max_age=9), FRESH, None, SignIn()),
        (wish(TRUSTED, "select_account"), SEEN, None, SignIn()),
        (wish(TRUSTED, "select_account"), SEEN, Waited(980, "S1"), Grant(WANTED)),
    ],
)
def test_fresh_proof_is_a_session_that_began_after_the_request(
    asked: Authorization, seen: Seen, waited: Waited | None, expected: Decision
) -> None:
    assert decided(asked, seen, waited) == expected


def test_somebody_else_signs_in_once_and_is_refused_then() -> None:
    assert decided(wish(), subject="U1") == Grant(WANTED)
    assert decided(wish(), subject="U2") == SignIn()
    assert error(decided(wish(), FRESH, WAITED, subject="U2")) == "login_required"
    assert error(decided(wish(TRUSTED, "none"), subject="U2")) == "login_required"
    assert error(decided(wish(TRUSTED, "none"), subject="")) == "login_required"


def test_tenant_is_one_of_the_users() -> None:
    assert decided(wish(tenant="T1")) == Grant(WANTED)
    assert error(decided(wish(tenant="T2"))) == "access_denied"


def test_what_the_tenant_demands_is_shown_by_a_sign_in_or_the_application_is_told() -> None:
    short, fresh = replace(SEEN, may_act=False), replace(FRESH, tenants=("T1",), may_act=False)
    assert decided(wish(tenant="T1"), short) == SignIn()
    assert decided(wish(tenant="T1"), short, WAITED) == SignIn()
    assert decided(wish(tenant="T1"), short, is_allowed=True) == SignIn()
    assert error(decided(wish(TRUSTED, "none", tenant="T1"), short)) == "login_required"
    assert error(decided(wish(tenant="T1"), fresh, WAITED)) == "unmet_authentication_requirements"


def test_consent_is_asked_for_what_was_not_allowed() -> None:
    assert decided(wish(ASKING)) == AskConsent(WANTED)
    assert error(decided(wish(ASKING, "none"))) == "consent_required"
    assert decided(wish(ASKING), is_allowed=True) == Grant(WANTED)
    assert decided(wish(ASKING), replace(SEEN, allowed={"": ("openid", "email")})) == Grant(WANTED)
    assert decided(wish(ASKING), replace(SEEN, allowed={"": ("openid",)})) == AskConsent(WANTED)
    assert decided(wish(ASKING), replace(SEEN, allowed={"api": ("openid", "email")})) == AskConsent(WANTED)
    assert decided(wish(TRUSTED, "consent")) == AskConsent(WANTED)


def test_only_scopes_that_somebody_knows_are_granted() -> None:
    api = Api("https://api", scopes=frozenset({"read", "email"}))
    asked = wish(scope=("openid", "email", "read", "write", "offline_access"))
    assert granted_scopes(asked, [api]) == {"": ("openid", "email", "offline_access"), "https://api": ("read",)}
    assert granted_scopes(asked, [replace(api, allows_offline=False)])[""] == ("openid", "email")
    without = Client("C1", settings=changed(PRESETS["regular-web"], grant_types=("authorization_code",)))
    assert granted_scopes(replace(asked, client=without), [])[""] == ("openid", "email")


def test_claims_by_name_are_wanted_as_the_scopes_that_hold_them() -> None:
    named = ClaimsRequest(id_token=("email_verified", "acr"), userinfo=("birthdate", "nobody"))
    assert granted_scopes(wish(claims=named), []) == {"": ("openid", "profile", "email")}


def test_scopes_of_an_api_that_is_gone_are_in_no_token() -> None:
    read, write = Api("https://r", scopes=frozenset({"read"})), Api("https://w", scopes=frozenset({"write"}))
    held = ("openid", "read", "write")
    assert aimed_at(TRUSTED, held, [read, write], ()) == ((read, write), held)
    assert aimed_at(TRUSTED, held, [read, write], ["https://w"]) == ((write,), ("openid", "write"))
    assert aimed_at(TRUSTED, held, [write], ()) == ((write,), ("openid", "write"))
