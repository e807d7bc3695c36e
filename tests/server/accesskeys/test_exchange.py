"""POST /v1/auth/accesskey/exchange: which keys count, and what their tokens say."""

from typing import Any

import pytest

from avow.core.tokens import Expected, verify
from avow.server.keys.directory import load
from avow.server.templates import actions as templates
from avow.server.users import actions as users
from avow.testing.server import Avow
from avow.wire.jwttemplates import GivenTemplate
from tests.factories import change_settings, join_tenant, make_role, make_tenant, make_user
from tests.security.tables import read_table
from tests.server.api import Api, Reply, Statements

PATH = "/v1/mgmt/accesskey"
EXCHANGE = "/v1/auth/accesskey/exchange"
INVALID = (401, "E062803")


@pytest.fixture
def key(avow: Avow) -> str:
    return avow.management_key


def create(api: Api, key: str, **fields: Any) -> Reply:
    return api.post(f"{PATH}/create", {"name": "made", "expireTime": 0, **fields}, token=key)


def exchange(api: Api, secret: str, **options: Any) -> Reply:
    return api.post(EXCHANGE, {"loginOptions": options}, token=secret)


def claims(api: Api, reply: Reply) -> dict[str, Any]:
    """Return what a token says, its signature verified."""
    project = api.avow.run(lambda tx: load(tx, api.avow.server.site.settings))
    assert project is not None
    expected = Expected(issuer=api.avow.project_id, kinds=frozenset({"DS"}))
    return dict(verify(reply["sessionJwt"], project.session_keys, expected, api.clock()).claims())


def test_token_names_the_key_and_ends_with_the_project_s_session_tokens(api: Api, key: str) -> None:
    made = create(api, key)
    reply = exchange(api, made["cleartext"])
    assert reply.body.keys() == {"keyId", "sessionJwt", "expiration"}
    assert (reply["keyId"], reply["expiration"]) == (made["key"]["id"], api.clock() + 600)
    assert claims(api, reply) == {
        "drn": "DS",
        "iss": api.avow.project_id,
        "sub": made["key"]["id"],
        "keyId": made["key"]["id"],
        "iat": api.clock(),
        "exp": api.clock() + 600,
        "roles": [],
        "permissions": [],
        "tenants": {},
    }
    assert "set-cookie" not in {name for name, _ in reply.headers}


def test_token_says_what_the_key_holds_in_its_tenants(api: Api, key: str) -> None:
    make_role(api.avow, "reader", ["read"])
    make_role(api.avow, "writer", ["read", "write"])
    one, two, three = (make_tenant(api.avow, name) for name in ("One", "Two", "Three"))
    tenants = [
        {"tenantId": one, "roleNames": ["reader", "writer"]},
        {"tenantId": two, "roleNames": ["reader"]},
        {"tenantId": three},
    ]
    said = claims(api, exchange(api, create(api, key, keyTenants=tenants, roleNames=["writer"])["cleartext"]))
    assert said["tenants"] == {
        one: {"name": "One", "roles": ["reader", "writer"], "permissions": ["read", "write"]},
        two: {"name": "Two", "roles": ["reader"], "permissions": ["read"]},
        three: {"name": "Three", "roles": [], "permissions": []},
    }
    assert (said["roles"], said["permissions"]) == ([], [])


def test_token_says_what_the_key_holds_in_the_project(api: Api, key: str) -> None:
    make_role(api.avow, "reader", ["read"])
    said = claims(api, exchange(api, create(api, key, roleNames=["reader"])["cleartext"]))
    assert (said["roles"], said["permissions"], said["tenants"]) == (["reader"], ["read"], {})


def test_change_of_a_role_is_in_the_next_token(api: Api, key: str) -> None:
    role = make_role(api.avow, "reader", ["read"])
    secret = create(api, key, roleNames=["reader"])["cleartext"]
    change = {"id": role, "newName": "viewer", "permissionNames": []}
    assert api.post("/v1/mgmt/role/update", change, token=key).status == 200
    said = claims(api, exchange(api, secret))
    assert (said["roles"], said["permissions"]) == (["viewer"], [])


def test_key_of_a_user_holds_what_the_user_holds(api: Api, key: str) -> None:
    make_role(api.avow, "own", ["never"])
    role, tenant, user = make_role(api.avow, "buyer", ["buy"]), make_tenant(api.avow), make_user(api.avow)
    join_tenant(api.avow, user, tenant, [role])
    made = create(api, key, userId=user, roleNames=["own"])
    assert (made["key"]["boundUserId"], made["key"]["roleNames"]) == (user, [])
    said = claims(api, exchange(api, made["cleartext"], selectedTenant=tenant))
    assert (said["sub"], said["roles"], said["dct"]) == (made["key"]["id"], [], tenant)
    assert said["tenants"] == {tenant: {"name": "Acme", "roles": ["buyer"], "permissions": ["buy"]}}


def test_key_of_a_disabled_user_counts_again_when_the_user_does(api: Api, key: str) -> None:
    user = make_user(api.avow)
    secret = create(api, key, userId=user)["cleartext"]
    for status, refusal in (("disabled", INVALID), ("enabled", (200, ""))):
        api.avow.run(lambda tx, status=status: users.set_status(tx, user, status))  # type: ignore[misc]  # a default
        assert exchange(api, secret).refusal == refusal


def test_key_goes_with_its_user(api: Api, key: str) -> None:
    user = make_user(api.avow)
    made = create(api, key, userId=user)
    assert api.post("/v1/mgmt/user/delete", {"userId": user}, token=key).status == 200
    assert exchange(api, made["cleartext"]).refusal == INVALID
    assert api.get(PATH, {"id": made["key"]["id"]}, token=key).status == 404


def test_custom_claims_of_the_key_stand_at_the_top_and_those_asked_for_apart(api: Api, key: str) -> None:
    forged = {"sub": "Umia", "roles": ["admin"], "tenants": {"T1": {}}, "exp": 4_000_000_000, "drn": "DSR", "dct": "T1"}
    secret = create(api, key, customClaims={"plan": "pro", **forged})["cleartext"]
    reply = exchange(api, secret, customClaims={"plan": "free", "run": 7, **forged})
    said = claims(api, reply)
    assert (said["plan"], said["nsec"]) == ("pro", {"plan": "free", "run": 7})
    assert (said["sub"], said["roles"], said["tenants"], said["drn"]) == (reply["keyId"], [], {}, "DS")
    assert "dct" not in said


@pytest.mark.parametrize("claims", [{"deep": [[[[[[[1]]]]]]]}, {"long": "x" * 9000}])
def test_custom_claims_that_no_token_can_hold_are_refused(claims: dict[str, Any], api: Api, key: str) -> None:
    assert create(api, key, customClaims=claims).refusal == (400, "E011004")
    assert exchange(api, create(api, key)["cleartext"], customClaims=claims).refusal == (400, "E011004")


def test_only_a_tenant_of_the_key_can_be_selected(api: Api, key: str) -> None:
    mine, other = make_tenant(api.avow), make_tenant(api.avow)
    secret = create(api, key, keyTenants=[{"tenantId": mine}])["cleartext"]
    assert claims(api, exchange(api, secret, selectedTenant=mine))["dct"] == mine
    assert "dct" not in claims(api, exchange(api, secret, selectedTenant=""))
    assert exchange(api, secret, selectedTenant=other).refusal == (403, "E019403")
    assert exchange(api, secret, selectedTenant="T-unknown").refusal == (403, "E019403")


def test_key_ends_to_the_second_and_its_token_not_later(api: Api, key: str) -> None:
    end = api.clock() + 100
    secret = create(api, key, expireTime=end)["cleartext"]
    api.clock.advance(99)
    assert exchange(api, secret)["expiration"] == end
    api.clock.advance(1)
    assert exchange(api, secret).refusal == INVALID


def test_key_counts_from_its_addresses_only(api: Api, key: str) -> None:
    here = create(api, key, permittedIps=["192.0.2.1", "203.0.113.0/24"])["cleartext"]
    elsewhere = create(api, key, permittedIps=["192.0.2.1"])["cleartext"]
    assert exchange(api, here).status == 200
    assert exchange(api, elsewhere).refusal == INVALID


def test_inactive_key_is_refused_at_once_until_it_is_active_again(api: Api, key: str) -> None:
    made = create(api, key)
    for call, refusal in (("deactivate", INVALID), ("activate", (200, ""))):
        assert api.post(f"{PATH}/{call}", {"id": made["key"]["id"]}, token=key).status == 200
        assert exchange(api, made["cleartext"]).refusal == refusal


def test_new_secret_takes_the_place_of_the_one_before(api: Api, key: str) -> None:
    made = create(api, key, expireTime=api.clock() + 100, description="d")
    rotated = api.post(f"{PATH}/rotate", {"id": made["key"]["id"]}, token=key)
    assert rotated["key"] == made["key"]
    assert exchange(api, made["cleartext"]).refusal == INVALID
    assert exchange(api, rotated["cleartext"])["keyId"] == made["key"]["id"]


def test_whatever_is_wrong_with_a_key_is_answered_alike(api: Api, key: str, make_project: Any) -> None:
    made = create(api, key)
    secret, id = made["cleartext"], made["key"]["id"]
    other = Api(make_project())
    theirs = create(other, other.avow.management_key)["cleartext"]
    deleted = create(api, key)
    assert api.post(f"{PATH}/delete", {"id": deleted["key"]["id"]}, token=key).status == 200
    wrong = (
        "A",
        id,
        secret[:-1],
        secret + "x",
        secret.swapcase(),
        id + "x" * 43,
        "A" + "0" * 69,
        theirs,
        deleted["cleartext"],
        key,
        "x" * 5000,
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
    )
    answers = [exchange(api, each) for each in wrong]
    assert {(each.refusal, str(each.body)) for each in answers} == {(INVALID, str(answers[0].body))}
    assert exchange(api, secret).status == 200


def test_missing_key_is_told_apart_from_a_wrong_one(api: Api) -> None:
    assert api.post(EXCHANGE, {}).refusal == (401, "E062802")


def test_body_may_say_nothing(api: Api, key: str) -> None:
    secret = create(api, key)["cleartext"]
    for body in (None, {"loginOptions": None}, {"loginOptions": {"customClaims": None, "selectedTenant": None}}):
        assert api.post(EXCHANGE, body, token=secret).status == 200


def test_wrong_keys_meet_the_limit_of_their_address(api: Api, key: str) -> None:
    change_settings(api.avow, {"requests_per_minute": 5})
    api.clock.advance(120)
    answers = [exchange(api, "Awrong") for _ in range(6)]
    assert [each.status for each in answers] == [401] * 5 + [429]
    assert int(answers[-1].header("retry-after")) > 0


def test_wrong_keys_are_audited_without_them(api: Api, key: str) -> None:
    secret = create(api, key)["cleartext"][:-1]
    exchange(api, secret)
    query = "SELECT action, outcome, actor, data FROM audit_events WHERE project_id = ? AND action = 'caller.refused'"
    [(_, outcome, actor, data)] = read_table(api.avow.server.site.store.url, query, api.avow.project_id)
    assert (outcome, actor) == ("refused", "anyone")
    assert "exchange_access_key" in str(data)
    assert secret[27:] not in str(data)


def test_token_that_would_be_too_long_is_refused(api: Api, key: str) -> None:
    names = [f"{'role' * 50}-{number}" for number in range(120)]
    for name in names:
        make_role(api.avow, name)
    secret = create(api, key, roleNames=names)["cleartext"]
    assert exchange(api, secret).refusal == (400, "E011004")


def test_template_of_the_project_lays_the_token_out(api: Api, key: str) -> None:
    make_role(api.avow, "reader", ["read"])
    tenant, user = make_tenant(api.avow), make_user(api.avow, "mia@example.com", name="Mia")
    template = GivenTemplate(
        name="machines",
        type="key",
        template={"plan": "free", "who": "{{user.name}}", "where": "{{tenant.name}}", "app": "{{project.id}}"},
        auth_schema="tenantOnly",
        auto_dct=True,
        add_jti=True,
    )
    made = api.avow.run(lambda tx: templates.create(tx, template, actor="test"))
    change_settings(api.avow, {"access_key_template": made.id})
    api.clock.advance(2)
    tenants = [{"tenantId": tenant, "roleNames": ["reader"]}]
    own = create(api, key, keyTenants=tenants, customClaims={"plan": "pro"})["cleartext"]
    said = claims(api, exchange(api, own))
    assert (said["plan"], said["who"], said["where"], said["app"]) == ("pro", "", "Acme", api.avow.project_id)
    assert (said["dct"], said["roles"], said["permissions"]) == (tenant, ["reader"], ["read"])
    assert said["jti"] != claims(api, exchange(api, own))["jti"]
    assert "tenants" not in said
    bound = claims(api, exchange(api, create(api, key, userId=user)["cleartext"]))
    assert (bound["plan"], bound["who"], bound["where"]) == ("free", "Mia", "")


def test_exchange_runs_one_statement_and_one_more_for_a_user(api: Api, key: str, statements: Statements) -> None:
    make_role(api.avow, "reader", ["read"])
    tenant = make_tenant(api.avow)
    own = create(api, key, keyTenants=[{"tenantId": tenant, "roleNames": ["reader"]}])["cleartext"]
    bound = create(api, key, userId=make_user(api.avow))["cleartext"]
    with statements:
        assert exchange(api, own, selectedTenant=tenant).status == 200
    assert statements.ran == ["accesskeys.LIVE"]
    with statements:
        assert exchange(api, bound).status == 200
    assert statements.ran == ["accesskeys.LIVE", "users.PROFILE"]
