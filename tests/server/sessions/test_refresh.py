"""POST /v1/auth/refresh and /v1/auth/try-refresh."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.core.ids import SESSION
from avow.server.users import actions as users
from avow.testing.server import Avow
from tests.factories import change_settings, join_tenant, make_member, make_role, make_tenant, make_user, new_email
from tests.server.api import START, Api, Reply, Statements, said

GRACE_SECONDS = 30
KEEPER: dict[str, Any] = {"x_avow_stores_rotated_tokens": "1"}  # a client that promises to keep the newest token


def claims(api: Api, session: Reply) -> dict[str, object]:
    return dict(api.avow.client().validate_session(session["sessionJwt"]))


def test_refresh_gives_a_fresh_session_token_and_the_same_end(api: Api) -> None:
    session = api.sign_in()
    api.clock.advance(3600)
    fresh = api.refresh(session["refreshJwt"])
    assert fresh["sessionJwt"] != session["sessionJwt"]
    assert fresh["sessionExpiration"] == START + 3600 + 600
    assert fresh["cookieExpiration"] == session["cookieExpiration"] == START + 28 * 86400
    assert fresh["cookieMaxAge"] == 28 * 86400 - 3600
    assert fresh["user"] == session["user"] | {"modifiedTime": fresh["user"]["modifiedTime"]}
    assert "refreshJwt" not in fresh.body  # given out in a body, it does not rotate


def test_session_ends_to_the_second(api: Api) -> None:
    token = api.sign_in()["refreshJwt"]
    api.clock.advance(28 * 86400 - 1)
    last = api.refresh(token)
    assert last["sessionExpiration"] == last["cookieExpiration"] == START + 28 * 86400
    api.clock.advance(1)
    assert api.refresh(token).status == 401


def test_session_that_rests_too_long_ends(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(idle_lifetime_seconds=1000))
    token = api.sign_in()["refreshJwt"]
    api.clock.advance(999)
    assert api.refresh(token).status == 200
    api.clock.advance(999)
    assert api.refresh(token).status == 200
    api.clock.advance(1000)
    assert api.refresh(token).refusal == (401, "E064001")


# --- Rotation ----------------------------------------------------------------------------------------------------


@pytest.fixture
def first(api: Api) -> str:
    """The first refresh token of a session that rotates."""
    return str(api.sign_in(**KEEPER)["refreshJwt"])


def test_token_younger_than_the_grace_is_given_again(api: Api, first: str) -> None:
    api.clock.advance(GRACE_SECONDS - 1)
    assert said(api.refresh(first)["refreshJwt"]) == said(first)


def test_older_token_is_replaced(api: Api, first: str) -> None:
    api.clock.advance(GRACE_SECONDS)
    second = api.refresh(first)["refreshJwt"]
    assert said(second) != said(first)
    assert said(api.refresh(second)["refreshJwt"]) == said(second)


def test_replaced_token_gets_the_newest_within_the_grace(api: Api, first: str) -> None:
    api.clock.advance(GRACE_SECONDS)
    second = api.refresh(first)["refreshJwt"]
    api.clock.advance(GRACE_SECONDS - 1)
    assert said(api.refresh(first)["refreshJwt"]) == said(second)


def test_replaced_token_ends_the_family_after_the_grace(api: Api, first: str) -> None:
    api.clock.advance(GRACE_SECONDS)
    second = api.refresh(first)["refreshJwt"]
    api.clock.advance(GRACE_SECONDS)
    assert api.refresh(first).refusal == (401, "E064001")
    assert api.refresh(second).refusal == (401, "E064001")


def test_token_replaced_twice_ends_the_family_at_once(api: Api, first: str) -> None:
    api.clock.advance(GRACE_SECONDS)
    second = api.refresh(first)["refreshJwt"]
    api.clock.advance(GRACE_SECONDS)
    third = api.refresh(second)["refreshJwt"]
    assert api.refresh(first).refusal == (401, "E064001")
    assert api.refresh(third).refusal == (401, "E064001")


def test_rotation_does_not_move_the_end(api: Api, first: str) -> None:
    token = first
    for _ in range(27):
        api.clock.advance(86400)
        token = api.refresh(token)["refreshJwt"]
    api.clock.advance(86400)
    assert api.refresh(token).status == 401


@pytest.mark.parametrize(
    ("policy", "headers", "rotates"),
    [
        ("sole-holder", {}, False),
        ("sole-holder", KEEPER, True),
        ("always", {}, True),
        ("never", KEEPER, False),
    ],
)
def test_policy_decides_at_sign_in(
    policy: str, headers: dict[str, Any], rotates: bool, make_project: Callable[..., Avow]
) -> None:
    api = Api(make_project(rotation=policy))
    token = api.sign_in(**headers)["refreshJwt"]
    change_settings(api.avow, {"rotation": "always" if policy == "never" else "never"})
    api.clock.advance(GRACE_SECONDS)
    assert ("refreshJwt" in api.refresh(token).body) is rotates


def test_token_in_a_cookie_rotates_as_a_cookie(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(refresh_token_in="cookie"))
    session = api.sign_in()
    assert "refreshJwt" not in session.body
    cookie = session.header("set-cookie")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    api.clock.advance(GRACE_SECONDS)
    own = "http://localhost:8000"
    fresh = api.post("/v1/auth/refresh", cookie=cookie.partition(";")[0], origin=own)
    assert fresh["sessionJwt"]
    assert fresh.header("set-cookie").startswith("DSR=")
    assert fresh.header("set-cookie").partition(";")[0] != cookie.partition(";")[0]


def test_cookie_without_an_allowed_origin_is_refused(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project(refresh_token_in="cookie", allowed_origins=["https://app.example.com"]))
    cookie = api.sign_in().header("set-cookie").partition(";")[0]
    assert api.post("/v1/auth/refresh", cookie=cookie).refusal == (403, "E019403")
    assert api.post("/v1/auth/refresh", cookie=cookie, origin="https://evil.example.org").status == 403
    assert api.post("/v1/auth/refresh", cookie=cookie, origin="https://app.example.com").status == 200


# --- What tokens say ---------------------------------------------------------------------------------------------


def test_role_given_meanwhile_is_in_the_next_session_token(api: Api) -> None:
    session = api.sign_in()
    assert claims(api, session)["roles"] == []
    make_member(
        api.avow, session["user"]["userId"], roles_of_project={"Editor": ["write"]}, roles_in_tenant={"B": ["b"]}
    )
    fresh = claims(api, api.refresh(session["refreshJwt"]))
    assert (fresh["roles"], fresh["permissions"]) == (["Editor"], ["write"])
    assert fresh["tenants"] == {"my-tenant-ID": {"name": "My tenant", "roles": ["B"], "permissions": ["b"]}}


def test_claims_of_the_sign_in_last(api: Api) -> None:
    options = {"customClaims": {"colour": "blue", "tenants": {}, "dct": "T"}}
    session = api.sign_in(options=options)
    for each in (session, api.refresh(session["refreshJwt"])):
        assert claims(api, each)["nsec"] == {"colour": "blue"}


# --- Refusals ----------------------------------------------------------------------------------------------------


def test_disabled_and_deleted_users_are_refused_at_once(api: Api) -> None:
    sessions = [api.sign_in() for _ in range(2)]
    disabled, deleted = (each["user"]["userId"] for each in sessions)
    api.avow.run(lambda tx: users.set_status(tx, disabled, "disabled"))
    api.avow.run(lambda tx: users.delete(tx, deleted))
    for session in sessions:
        assert api.refresh(session["refreshJwt"]).refusal == (401, "E064001")


def test_tokens_of_other_kinds_and_projects_are_refused(api: Api, make_project: Callable[..., Avow]) -> None:
    session = api.sign_in()
    assert api.refresh(session["sessionJwt"]).refusal == (401, "E064002")
    assert Api(make_project()).refresh(session["refreshJwt"]).status == 401
    assert api.post("/v1/auth/refresh").refusal == (401, "E019401")
    assert api.refresh(f"{SESSION}nothing").status == 401


def test_try_refresh_answers_an_object_without_a_session(api: Api) -> None:
    path = "/v1/auth/try-refresh"
    session = api.sign_in()
    assert api.post(path).body == {}
    assert api.post(path, token="a.b.c").body == {}
    assert api.post(path, token=session["refreshJwt"])["user"]["userId"] == session["user"]["userId"]
    api.post("/v1/auth/logout", token=session["refreshJwt"])
    ended = api.post(path, token=session["refreshJwt"])
    assert (ended.status, ended.body) == (200, {})


def test_throttled_browser_is_told_to_come_back_and_not_to_log_out(make_project: Callable[..., Avow]) -> None:
    api = Api(make_project())
    token = api.sign_in()["refreshJwt"]
    change_settings(api.avow, {"project_requests_per_minute": 1})
    api.clock.advance(60)
    assert api.refresh(token).status == 200
    assert api.refresh(token).refusal == (429, "E130429")
    browser = api.post("/v1/auth/refresh", token=token, x_descope_sdk_name="web-js")
    assert browser.refusal == (503, "E130429")
    assert browser.header("retry-after") == "60"


# --- Statements --------------------------------------------------------------------------------------------------


def test_refresh_runs_two_statements(api: Api, statements: Statements) -> None:
    session = api.sign_in(**KEEPER)
    tenant = make_tenant(api.avow)
    join_tenant(api.avow, session["user"]["userId"], tenant, [make_role(api.avow, "Buyer", ["buy"])])
    api.clock.advance(GRACE_SECONDS)
    with statements:
        api.refresh(session["refreshJwt"])
    assert statements.ran == ["sessions.CONTINUE", "users.PROFILE"]


def test_first_sign_up_is_the_only_one_that_is_first_seen(api: Api) -> None:
    address = new_email()
    make_user(api.avow, address)
    assert api.sign_in(address)["firstSeen"] is False


def test_session_whose_claims_no_token_holds_is_refused_with_a_reason(api: Api) -> None:
    address = new_email()
    user = make_user(api.avow, address)
    session = api.sign_in(address)
    for number in range(60):
        join_tenant(api.avow, user, make_tenant(api.avow, f"Tenant {number} of many"))
    assert api.refresh(session["refreshJwt"]).status == 200
    options = {"customClaims": {"colour": "blue" * 2000}}
    assert api.sign_in(address, options).refusal == (400, "E011004")
    assert api.sign_in(address).status == 200
