"""GET /v1/auth/me, POST /v1/auth/me/tenants, GET /v1/auth/me/history, POST /v1/auth/tenant/select."""

from collections.abc import Callable

import pytest

from avow.testing.server import Avow
from tests.factories import join_tenant, make_role, make_tenant, make_user, new_email, new_phone
from tests.server.api import START, Api, Reply, Statements, said


@pytest.fixture
def session(api: Api) -> Reply:
    return api.sign_in()


@pytest.fixture
def token(session: Reply) -> str:
    return str(session["refreshJwt"])


@pytest.fixture
def tenants(api: Api, session: Reply) -> tuple[str, str]:
    """Two tenants of the user; in the first one they buy."""
    acme, other = make_tenant(api.avow, "Acme"), make_tenant(api.avow, "Other")
    user_id = session["user"]["userId"]
    join_tenant(api.avow, user_id, acme, [make_role(api.avow, "Buyer", ["buy"])])
    join_tenant(api.avow, user_id, other)
    make_tenant(api.avow, "Strangers")
    return acme, other


def test_me_shows_the_user_as_the_sign_in_did(api: Api, session: Reply, token: str) -> None:
    me = api.get("/v1/auth/me", token=token)
    assert me.body == session["user"]
    assert me.header("cache-control") == "no-store"


def test_session_that_has_rested_too_long_is_not_among_the_live_ones(make_project: Callable[..., Avow]) -> None:
    api, address = Api(make_project(idle_lifetime_seconds=100)), new_email()
    api.sign_in(address)
    api.clock.advance(100)
    token = api.sign_in(address)["refreshJwt"]
    [shown] = api.get("/v1/auth/avow/sessions", token=token)["sessions"]
    assert shown["current"] is True


def test_me_shows_every_login_id_as_it_was_typed(api: Api) -> None:
    address, number = new_email("Mia"), new_phone()
    make_user(api.avow, address, further_login_ids=(number,), name="Mia", picture="https://example.com/mia.png")
    me = api.get("/v1/auth/me", token=api.sign_in(address)["refreshJwt"])
    assert set(me["loginIds"]) == {address, number}
    assert (me["name"], me["picture"]) == ("Mia", "https://example.com/mia.png")


@pytest.mark.parametrize("path", ["/v1/auth/me", "/v1/auth/me/history", "/v1/auth/avow/sessions"])
def test_refresh_token_of_a_live_session_is_needed(path: str, api: Api, session: Reply, token: str) -> None:
    assert api.get(path).refusal == (401, "E019401")
    assert api.get(path, token=session["sessionJwt"]).refusal == (401, "E064002")
    assert api.get(path, token=token).status == 200
    api.post("/v1/auth/logout", token=token)
    assert api.get(path, token=token).refusal == (401, "E064001")


def test_me_runs_two_statements(api: Api, token: str, statements: Statements) -> None:
    with statements:
        api.get("/v1/auth/me", token=token)
    assert statements.ran == ["sessions.LIVE", "users.PROFILE"]


# --- Tenants -----------------------------------------------------------------------------------------------------


def test_tenants_are_those_of_the_user(api: Api, token: str, tenants: tuple[str, str]) -> None:
    def listed(body: object) -> set[str]:
        return {each["id"] for each in api.post("/v1/auth/me/tenants", body, token=token)["tenants"]}

    assert listed({"dct": False, "ids": list(tenants)}) == set(tenants)
    assert listed({"ids": [tenants[1], "unknown"]}) == {tenants[1]}
    assert listed({}) == set(tenants)
    assert listed({"dct": True}) == set()


def test_selected_tenant_is_in_the_tokens_that_follow(api: Api, token: str, tenants: tuple[str, str]) -> None:
    acme, other = tenants
    client = api.avow.client()
    selected = api.post("/v1/auth/tenant/select", {"tenant": acme}, token=token)
    assert client.validate_session(selected["sessionJwt"])["dct"] == acme
    assert said(selected["refreshJwt"]) == said(token)
    assert client.validate_session(api.refresh(token)["sessionJwt"])["dct"] == acme
    [tenant] = api.post("/v1/auth/me/tenants", {"dct": True}, token=token)["tenants"]
    assert (tenant["id"], tenant["name"], tenant["customAttributes"]) == (acme, "Acme", {})
    api.post("/v1/auth/tenant/select", {"tenant": other}, token=token)
    assert client.validate_session(api.refresh(token)["sessionJwt"])["dct"] == other


def test_tenant_of_others_cannot_be_selected(api: Api, token: str, tenants: tuple[str, str]) -> None:
    strangers = make_tenant(api.avow, "Others")
    api.post("/v1/auth/tenant/select", {"tenant": tenants[0]}, token=token)
    for tenant in (strangers, "unknown"):
        refused = api.post("/v1/auth/tenant/select", {"tenant": tenant}, token=token)
        assert refused.refusal == (403, "E019403")
    assert api.avow.client().validate_session(api.refresh(token)["sessionJwt"])["dct"] == tenants[0]


def test_selecting_rotates_as_a_refresh_does(api: Api) -> None:
    session = api.sign_in(x_avow_stores_rotated_tokens="1")
    tenant = make_tenant(api.avow)
    join_tenant(api.avow, session["user"]["userId"], tenant)
    api.clock.advance(30)
    selected = api.post("/v1/auth/tenant/select", {"tenant": tenant}, token=session["refreshJwt"])
    assert said(selected["refreshJwt"]) != said(session["refreshJwt"])
    assert api.refresh(selected["refreshJwt"]).status == 200


# --- History and own sessions ------------------------------------------------------------------------------------


def test_history_is_the_sign_ins_of_the_user(api: Api) -> None:
    address = new_email()
    api.sign_in(address)
    api.sign_in()
    api.clock.advance(60)
    token = api.sign_in(address)["refreshJwt"]
    records = api.get("/v1/auth/me/history", token=token).body
    assert [record["loginTime"] for record in records] == [START + 60, START]
    assert {record["ip"] for record in records} == {"203.0.113.7"}
    api.refresh(token)
    assert len(api.get("/v1/auth/me/history", token=token).body) == 2


def test_own_sessions_are_listed_and_ended(api: Api) -> None:
    address = new_email()
    phone = api.sign_in(address, user_agent="A phone")["refreshJwt"]
    api.clock.advance(60)
    token = api.sign_in(address, user_agent="A laptop")["refreshJwt"]
    api.sign_in()
    here, there = api.get("/v1/auth/avow/sessions", token=token)["sessions"]
    assert (here["current"], here["device"], here["createdTime"]) == (True, "A laptop", START + 60)
    assert (there["current"], there["device"], there["address"]) == (False, "A phone", "203.0.113.7")
    assert api.post("/v1/auth/avow/sessions/end", {"sessionId": there["id"]}, token=token).body == {}
    assert api.refresh(phone).refusal == (401, "E064001")
    [left] = api.get("/v1/auth/avow/sessions", token=token)["sessions"]
    assert left["current"] is True


def test_session_of_another_user_cannot_be_ended(api: Api, token: str) -> None:
    other = api.sign_in()["refreshJwt"]
    [theirs] = api.get("/v1/auth/avow/sessions", token=other)["sessions"]
    refused = api.post("/v1/auth/avow/sessions/end", {"sessionId": theirs["id"]}, token=token)
    assert refused.refusal == (404, "E019404")
    assert api.refresh(other).status == 200
