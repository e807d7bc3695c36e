"""POST /v1/mgmt/auth/signin, signup, signup-in and anonymous."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.core.claims import MAX_BYTES
from avow.server.operations.housekeeping import Housekeeper
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import join_tenant, make_tenant, make_user, new_email, new_phone
from tests.server.api import Api, Reply

SIGN_IN = "/v1/mgmt/auth/signin"
SIGN_UP = "/v1/mgmt/auth/signup"
SIGN_UP_OR_IN = "/v1/mgmt/auth/signup-in"
ANONYMOUS = "/v1/mgmt/auth/anonymous"
APPLICATIONS = "/v1/mgmt/sso/idp/app/oidc/create"


def manage(api: Api, path: str, body: dict[str, Any]) -> Reply:
    return api.post(path, body, token=api.avow.management_key)


def applications_of(api: Api, login_id: str) -> list[str]:
    return list(api.get("/v1/mgmt/user", {"loginId": login_id}, token=api.avow.management_key)["user"]["ssoAppIds"])


def made_application(api: Api, name: str) -> str:
    return str(manage(api, APPLICATIONS, {"name": name, "loginPageUrl": ""})["id"])


def claims(api: Api, session: Reply) -> dict[str, Any]:
    return dict(api.avow.client().validate_session(session["sessionJwt"]))


# --- Sign-in -----------------------------------------------------------------------------------------------------


def test_user_is_signed_in_with_claims_at_the_top_level(api: Api) -> None:
    address = new_email()
    user = make_user(api.avow, address)
    session = manage(api, SIGN_IN, {"loginId": address, "customClaims": {"plan": "gold"}})
    assert session["user"]["userId"] == user
    assert session["firstSeen"] is False
    said = claims(api, session)
    assert (said["sub"], said["amr"], said["plan"]) == (user, [], "gold")
    assert "nsec" not in said
    again = api.refresh(session["refreshJwt"])
    assert claims(api, again)["plan"] == "gold"


def test_unknown_user_is_not_found_and_a_disabled_one_refused(api: Api) -> None:
    assert manage(api, SIGN_IN, {"loginId": new_email()}).refusal == (404, "E112102")
    address = new_email()
    user = make_user(api.avow, address)
    api.avow.run(lambda tx: users.set_status(tx, user, "disabled"))
    assert manage(api, SIGN_IN, {"loginId": address}).refusal == (403, "E062110")
    assert manage(api, SIGN_UP_OR_IN, {"loginId": address}).refusal == (403, "E062110")


def test_invited_user_who_signs_in_has_come(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address, status="invited")
    assert manage(api, SIGN_IN, {"loginId": address})["user"]["status"] == "enabled"


def test_session_lives_as_long_as_asked_but_not_longer_than_the_project_lets_it(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address)
    short = manage(api, SIGN_IN, {"loginId": address, "refreshDuration": 90})
    assert short["cookieMaxAge"] == 90
    assert short["sessionExpiration"] == api.clock() + 90
    long = manage(api, SIGN_IN, {"loginId": address, "refreshDuration": 300 * 86400})
    assert long["cookieMaxAge"] == 28 * 86400
    api.clock.advance(90)
    assert api.refresh(short["refreshJwt"]).status == 401


def test_other_sessions_end_where_that_is_asked(api: Api) -> None:
    address = new_email()
    first = api.sign_in(address)
    manage(api, SIGN_IN, {"loginId": address})
    assert api.refresh(first["refreshJwt"]).status == 200
    last = manage(api, SIGN_IN, {"loginId": address, "revokeOtherSessions": True})
    assert api.refresh(first["refreshJwt"]).status == 401
    assert api.refresh(last["refreshJwt"]).status == 200


def test_refresh_token_is_in_the_body_where_browsers_get_a_cookie(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(refresh_token_in="cookie"))
    address = new_email()
    make_user(api.avow, address)
    session = manage(api, SIGN_IN, {"loginId": address})
    assert session["refreshJwt"]
    assert session.header("set-cookie") == ""
    api.clock.advance(60)
    assert "set-cookie" not in dict(api.refresh(session["refreshJwt"]).headers)  # it does not rotate


# --- Step-up and further factors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["refreshJwt", "sessionJwt"])
def test_step_up_and_mfa_add_to_a_live_session(api: Api, kind: str) -> None:
    address = new_email()
    live = api.sign_in(address)
    body = {"loginId": address, "jwt": live[kind]}
    stepped = claims(api, manage(api, SIGN_IN, {**body, "stepup": True}))
    assert (stepped["amr"], stepped["su"]) == (["email"], True)
    assert claims(api, manage(api, SIGN_IN, {**body, "mfa": True}))["amr"] == ["email", "mfa"]


def test_step_up_needs_a_live_session_of_the_same_user(api: Api, make_project: Callable[..., Avow]) -> None:
    address = new_email()
    live, other, elsewhere = api.sign_in(address), api.sign_in(), Api(make_project()).sign_in(address)
    body = {"loginId": address, "stepup": True}
    assert manage(api, SIGN_IN, body).refusal == (400, "E011002")
    assert manage(api, SIGN_IN, {**body, "jwt": other["refreshJwt"]}).refusal == (401, "E064002")
    assert manage(api, SIGN_IN, {**body, "jwt": elsewhere["refreshJwt"]}).status == 401
    assert manage(api, SIGN_IN, {**body, "jwt": "a.b.c"}).refusal == (401, "E064002")
    api.post("/v1/auth/logout", token=live["refreshJwt"])
    assert manage(api, SIGN_IN, {**body, "jwt": live["refreshJwt"]}).refusal == (401, "E064001")
    assert manage(api, SIGN_IN, {**body, "jwt": live["sessionJwt"]}).refusal == (401, "E064001")


# --- Sign-up -----------------------------------------------------------------------------------------------------


def test_new_user_is_what_the_back_end_says(api: Api) -> None:
    address, number = new_email(), new_phone()
    known = {"name": "Mia", "givenName": "M", "middleName": "I", "familyName": "A", "phone": number}
    session = manage(api, SIGN_UP, {"loginId": address, "user": known, "emailVerified": True})
    assert session["firstSeen"] is True
    assert claims(api, session)["sub"] == session["user"]["userId"]
    user = api.get("/v1/mgmt/user", {"loginId": address}, token=api.avow.management_key)["user"]
    assert {name: user[name] for name in known} == known
    assert (user["email"], user["verifiedEmail"], user["verifiedPhone"]) == (address, True, False)
    assert user["status"] == "enabled"


def test_address_is_not_verified_unless_somebody_says_so(api: Api) -> None:
    said = manage(api, SIGN_UP, {"loginId": new_email()})["user"]
    assert (said["verifiedEmail"], said["email"] in said["loginIds"]) == (False, True)
    named = {"loginId": "mia", "user": {"email": new_email(), "emailVerified": True}}
    assert manage(api, SIGN_UP, named)["user"]["verifiedEmail"] is True
    assert manage(api, SIGN_UP, {"loginId": "pia", "phoneVerified": True})["user"]["verifiedPhone"] is False


def test_login_id_that_is_taken_is_refused_or_signed_in(api: Api) -> None:
    address = new_email()
    first = manage(api, SIGN_UP, {"loginId": address})
    assert manage(api, SIGN_UP, {"loginId": address}).refusal == (400, "E062107")
    again = manage(api, SIGN_UP_OR_IN, {"loginId": address, "user": {"name": "Other"}})
    assert (again["firstSeen"], again["user"]["userId"]) == (False, first["user"]["userId"])
    assert again["user"]["name"] == ""  # who is there already stays as they are
    assert manage(api, SIGN_UP_OR_IN, {"loginId": new_email()})["firstSeen"] is True


def test_who_signs_up_to_an_application_reaches_that_one_alone(api: Api) -> None:
    wiki, shop = made_application(api, "Wiki"), made_application(api, "Shop")
    for body, reached in (
        ({"ssoAppId": wiki}, {wiki}),
        ({"user": {"ssoAppId": wiki}}, {wiki}),
        ({"ssoAppId": wiki, "user": {"ssoAppId": wiki}}, {wiki}),
        ({"ssoAppId": wiki, "user": {"ssoAppId": shop}}, {wiki, shop}),
    ):
        login_id = new_email()
        assert manage(api, SIGN_UP, {"loginId": login_id, **body})["firstSeen"] is True
        assert set(applications_of(api, login_id)) == reached


def test_who_is_there_already_reaches_what_they_did(api: Api) -> None:
    login_id = new_email()
    make_user(api.avow, login_id)
    manage(api, SIGN_UP_OR_IN, {"loginId": login_id, "ssoAppId": made_application(api, "Wiki")})
    assert applications_of(api, login_id) == []


def test_sign_up_to_an_application_that_is_not_there_makes_nobody(api: Api) -> None:
    login_id = new_email()
    assert manage(api, SIGN_UP, {"loginId": login_id, "ssoAppId": "N1"}).refusal == (404, "E019404")
    assert manage(api, SIGN_IN, {"loginId": login_id}).refusal == (404, "E112102")


# --- Nobody ------------------------------------------------------------------------------------------------------


def test_anonymous_session_is_somebody_nobody_finds(api: Api) -> None:
    session = manage(api, ANONYMOUS, {"customClaims": {"cart": 7}, "refreshDuration": 600})
    said = claims(api, session)
    assert (said["cart"], said["roles"], said["tenants"], said["amr"]) == (7, [], {}, [])
    assert session["user"]["loginIds"] == []
    assert session["cookieMaxAge"] == 600
    assert claims(api, api.refresh(session["refreshJwt"]))["sub"] == said["sub"]
    assert manage(api, "/v2/mgmt/user/search", {})["users"] == []
    api.clock.advance(600)
    assert api.refresh(session["refreshJwt"]).status == 401


def test_anonymous_session_acts_in_a_tenant_without_any_right(api: Api) -> None:
    tenant = make_tenant(api.avow)
    manage(api, "/v1/mgmt/role/create", {"name": "buyer", "tenantId": tenant, "default": True})
    manage(api, "/v1/mgmt/tenant/updateDefaultRoles", {"id": tenant, "defaultRoles": ["buyer"]})
    said = claims(api, manage(api, ANONYMOUS, {"selectedTenant": tenant}))
    assert said["dct"] == tenant
    assert said["tenants"] == {tenant: {"name": "Acme", "roles": [], "permissions": []}}
    assert manage(api, ANONYMOUS, {"selectedTenant": "Tnone"}).refusal == (404, "E019404")


def test_anonymous_users_go_when_their_sessions_are_forgotten(api: Api) -> None:
    keeper = Housekeeper(api.avow.server.site.store)
    mine = manage(api, ANONYMOUS, {"refreshDuration": 600})["user"]["userId"]
    known = make_user(api.avow)
    api.clock.advance(29 * 86400)
    keeper.run_once()
    assert api.avow.run(lambda tx: users.find(tx, mine)) is not None
    api.clock.advance(2 * 86400)
    keeper.run_once()
    assert api.avow.run(lambda tx: users.find(tx, mine)) is None
    assert api.avow.run(lambda tx: users.find(tx, known)) is not None


# --- Claims ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [SIGN_IN, SIGN_UP, SIGN_UP_OR_IN, ANONYMOUS])
def test_claims_have_bounds_and_cannot_be_reserved(api: Api, path: str) -> None:
    def wish(given: dict[str, Any]) -> Reply:
        address = new_email()
        if path == SIGN_IN:
            make_user(api.avow, address)
        return manage(api, path, {"loginId": address, "customClaims": given})

    too_much: dict[str, Any] = {"x": "x" * MAX_BYTES}
    deep: Any = 1
    for _ in range(8):
        deep = {"x": deep}
    for wrong in (too_much, {"x": deep}, {f"c{number}": 1 for number in range(101)}):
        refused = wish(wrong)
        assert refused.refusal[0] == 400, refused.body
    before = api.avow.run(lambda tx: tx.one("SELECT COUNT(*) FROM sessions WHERE project_id = :project_id", int))
    session = wish({"sub": "Uother", "roles": ["is_superuser"], "act": {"sub": "Uother"}, "dct": "T", "mine": 1})
    said = claims(api, session)
    assert said["sub"] == session["user"]["userId"]
    assert (said["roles"], said["mine"]) == ([], 1)
    assert not {"act", "dct"} & said.keys()
    assert before == 0  # what was refused opened nothing


def test_person_with_more_tenants_than_a_token_carries_is_told_so(api: Api) -> None:
    address = new_email()
    user = make_user(api.avow, address)
    for number in range(160):
        join_tenant(api.avow, user, make_tenant(api.avow, f"Tenant {number} with a long name, as companies have them"))
    refused = manage(api, SIGN_IN, {"loginId": address})
    assert refused.refusal == (400, "E011004")
    assert "template" in refused.body["errorMessage"]


def test_session_is_recorded_with_the_key_that_opened_it(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address)
    manage(api, SIGN_IN, {"loginId": address})
    actor = api.avow.run(
        lambda tx: tx.one(
            "SELECT actor FROM audit_events WHERE project_id = :project_id AND action = 'session.opened'", str
        )
    )
    assert actor == f"key:{api.avow.management_key[:27]}"
