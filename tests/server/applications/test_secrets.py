"""Secrets of applications with a name, the newer routes of applications of others, and where secrets never are."""

from collections.abc import Callable
from typing import Any

import pytest

from avow.server.applications import actions
from avow.testing.server import Avow
from tests.server.api import Api, Reply

SSO, V1, V2 = "/v1/mgmt/sso/idp/app", "/v1/mgmt/thirdparty/app", "/v2/mgmt/thirdparty/app"
NOT_FOUND, INVALID, MALFORMED = (404, "E019404"), (400, "E011004"), (400, "E011003")
Send = Callable[..., Reply]


@pytest.fixture
def send(api: Api) -> Send:
    """Return how management calls."""

    def act(path: str, body: object = None, **query: str) -> Reply:
        key = api.avow.management_key
        return api.get(path, query, token=key) if body is None else api.post(path, body, token=key)

    return act


@pytest.fixture(params=[SSO, V1])
def place(request: pytest.FixtureRequest) -> str:
    """Return where the secrets of a kind of application are."""
    return str(request.param)


@pytest.fixture
def app(send: Send, place: str) -> str:
    """Return the id of a new application of that kind."""
    path = f"{SSO}/oidc/create" if place == SSO else f"{V1}/create"
    return str(send(path, {"name": "Shop", "loginPageUrl": ""})["id"])


def is_secret(avow: Avow, id: str, secret: str) -> bool:
    return avow.run(lambda tx: actions.is_secret(tx, actions.get(tx, id), secret))


def test_named_secret_counts_beside_the_others_until_it_is_revoked(send: Send, api: Api, place: str, app: str) -> None:
    first = send(f"{place}/secret", id=app)["cleartext"]
    added = send(f"{place}/secret/add", {"id": app, "name": "ci"})
    assert (added["meta"]["name"], added["meta"]["status"], added["meta"]["expireTime"]) == ("ci", "active", 0)
    secret = added["cleartext"]
    assert [is_secret(api.avow, app, each) for each in (first, secret)] == [True, True]
    assert send(f"{place}/secret", id=app)["cleartext"] == first
    assert send(f"{place}/secret", id=app, secretName="ci")["cleartext"] == secret
    left = send(f"{place}/secret/revoke", {"id": app, "name": "ci"})["secrets"]
    assert [each["name"] for each in left] == [""]
    assert [is_secret(api.avow, app, each) for each in (first, secret)] == [True, False]
    assert send(f"{place}/secret", id=app, secretName="ci").refusal == NOT_FOUND
    assert send(f"{place}/secret/revoke", {"id": app, "name": "ci"}).refusal == NOT_FOUND


def test_rotation_leaves_named_secrets_alone(send: Send, api: Api, place: str, app: str) -> None:
    named = send(f"{place}/secret/add", {"id": app, "name": "ci"})["cleartext"]
    first = send(f"{place}/secret", id=app)["cleartext"]
    second = send(f"{place}/rotate", {"id": app})["cleartext"]
    api.avow.advance(86_400)
    assert [is_secret(api.avow, app, each) for each in (first, second, named)] == [False, True, True]


def test_named_secret_ends_when_it_is_said(send: Send, api: Api, place: str, app: str) -> None:
    end = api.clock() + 60
    secret = send(f"{place}/secret/add", {"id": app, "name": "ci", "expireTime": end})["cleartext"]
    assert is_secret(api.avow, app, secret)
    api.avow.advance(60)
    assert not is_secret(api.avow, app, secret)
    again = send(f"{place}/secret/add", {"id": app, "name": "ci"})["cleartext"]
    assert is_secret(api.avow, app, again)
    assert send(f"{place}/secret/add", {"id": app, "name": "x", "expireTime": api.clock()}).refusal == INVALID


def test_name_is_given_once_and_secrets_are_counted(send: Send, place: str, app: str) -> None:
    for number in range(actions.MOST_SECRETS - 1):
        assert send(f"{place}/secret/add", {"id": app, "name": f"n{number}"}).status == 200
        assert send(f"{place}/secret/add", {"id": app, "name": f"n{number}"}).refusal == INVALID
    assert send(f"{place}/secret/add", {"id": app, "name": "one more"}).refusal == INVALID
    assert send(f"{place}/secret/add", {"id": app, "name": ""}).refusal == MALFORMED


def test_secrets_of_the_other_kind_are_not_there(send: Send, place: str, app: str) -> None:
    other = V1 if place == SSO else SSO
    assert send(f"{other}/secret", id=app).refusal == NOT_FOUND
    for path, body in (("rotate", {}), ("secret/add", {"name": "ci"}), ("secret/revoke", {"name": "ci"})):
        assert send(f"{other}/{path}", {"id": app, **body}).refusal == NOT_FOUND


def test_secret_is_in_no_log_no_audit_no_answer_and_no_repr(
    send: Send, api: Api, place: str, app: str, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = [
        send(f"{place}/secret", id=app)["cleartext"],
        send(f"{place}/rotate", {"id": app})["cleartext"],
        send(f"{place}/secret/add", {"id": app, "name": "ci"})["cleartext"],
        send(f"{place}/secret", id=app, secretName="ci")["cleartext"],
    ]
    said = capfd.readouterr()
    sql = "SELECT action, data FROM audit_events WHERE project_id = :project_id"
    events = api.avow.run(lambda tx: tx.all(sql, lambda *row: row))
    held = api.avow.run(lambda tx: actions.get(tx, app))
    kept = api.avow.run(
        lambda tx: tx.all(
            "SELECT id, mac, sealed FROM application_secrets WHERE project_id = :project_id", lambda *row: row
        )
    )
    shown = send(f"{place}/load", id=app).body
    for secret in secrets:
        assert secret
        for text in (said.out, said.err, str(events), repr(held), repr(held.secrets), str(kept), str(shown)):
            assert secret not in text
    assert {action for action, _ in events} >= {"application.secret_read", "application.secret_added"}


# --- Applications of others ----------------------------------------------------------------------------------------


def test_newer_routes_work_on_the_same_applications(send: Send, api: Api) -> None:
    claims = [{"scope": "orders", "claims": {"email": "email"}, "description": "d", "useProjectMapping": False}]
    body = {"name": "Books", "loginPageUrl": "", "scopeClaimMapping": claims, "forceDpop": True, "logo": None}
    made = send(f"{V2}/create", body)
    app = send(f"{V2}/load", id=made["id"]).body
    assert app == send(f"{V1}/load", id=made["id"]).body
    assert (app["scopeClaimMapping"][0]["claims"], app["forceDpop"]) == ({"email": "email"}, True)
    settings = api.avow.run(lambda tx: actions.settings_of(actions.get(tx, made["id"]).row))
    assert (settings.scopes, settings.requires_dpop, settings.pkce) == (("orders",), True, "required")
    send(f"{V2}/patch", {"id": made["id"], "forceDpop": False})
    send(f"{V2}/update", {"id": made["id"], "name": "Library", "loginPageUrl": "", "scopeClaimMapping": claims})
    app = send(f"{V2}/load", id=made["id"]).body
    assert (app["name"], app["forceDpop"], app["scopeClaimMapping"]) == (
        "Library",
        False,
        [{**claims[0], "mandatory": False}],
    )
    send(f"{V2}/create", {"name": "Other", "loginPageUrl": ""})
    page = send("/v2/mgmt/thirdparty/apps/load", {"page": 1, "limit": 1})
    assert (len(page["apps"]), page["total"]) == (1, 2)
    assert len(send("/v2/mgmt/thirdparty/apps/load", {})["apps"]) == 2


def test_public_application_of_others_keeps_no_secret_until_it_is_none(send: Send, api: Api) -> None:
    made = send(f"{V2}/create", {"name": "Page", "loginPageUrl": "", "clientType": "public"})
    assert made["cleartext"] == ""
    assert send(f"{V1}/secret", id=made["id"])["cleartext"] == ""
    assert send(f"{V1}/rotate", {"id": made["id"]}).refusal == INVALID
    send(f"{V2}/patch", {"id": made["id"], "clientType": "confidential"})
    assert is_secret(api.avow, made["id"], send(f"{V1}/secret", id=made["id"])["cleartext"])
    assert send(f"{V2}/patch", {"id": made["id"], "clientType": "open"}).refusal == INVALID
    wrong = {"id": made["id"], "clientType": "public", "forcePkce": False}
    assert send(f"{V2}/patch", wrong).refusal == INVALID


@pytest.mark.parametrize(
    "wrong",
    [
        {"permissionsScopes": [{"description": "no name"}]},
        {"scopeClaimMapping": [{"scope": "a b"}]},
        {"jwtBearerSettings": {"issuers": {"x": "y"}}},
        {"approvedCallbackUrls": ["https://app.example.com/cb#fragment"]},
        {"loginPageUrl": "javascript:alert(1)"},
        {"defaultAudience": 7},
    ],
)
def test_application_of_others_that_cannot_be_is_not_made(send: Send, wrong: dict[str, Any]) -> None:
    assert send(f"{V1}/create", {"name": "Books", "loginPageUrl": "", **wrong}).refusal in (INVALID, MALFORMED)
    assert send("/v1/mgmt/thirdparty/apps/load")["apps"] == []


def test_each_change_moves_the_version_by_which_nodes_keep_applications(send: Send, api: Api) -> None:
    made = send(f"{V1}/create", {"name": "Books", "loginPageUrl": ""})
    version = api.avow.run(lambda tx: tx.all(_VERSION, lambda *row: row))
    send(f"{V1}/secret/add", {"id": made["id"], "name": "ci"})
    assert api.avow.run(lambda tx: tx.all(_VERSION, lambda *row: row)) > version


_VERSION = "SELECT version FROM projects WHERE id = :project_id"
