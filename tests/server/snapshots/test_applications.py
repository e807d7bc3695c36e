"""Applications and APIs in snapshots and copies: whole, the same by their ids, and never with a secret."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from avow.server.applications import actions, consents
from avow.server.keys.actions import create_management_key
from avow.server.snapshots import layout
from avow.server.store import Tx
from avow.testing.server import Avow
from tests.factories import make_user
from tests.server.api import Api, Reply
from tests.server.oidc.relying import API, make_api, make_app

PATH = "/v1/mgmt/project"
CERTIFICATE_FREE = {"name": "Wiki", "entityId": "https://wiki.example.com", "acsUrl": "https://wiki.example.com/acs"}
Files = dict[str, Any]


@pytest.fixture
def source(api: Api) -> Api:
    """Give a project with an API, and an application of each kind."""
    make_api(api.avow, "write:messages", "read:messages", rbac=True, lifetime_seconds=600)
    shop = make_app(api.avow, logoutUris=["https://app.example.com/bye"], pkce="required")
    api.avow.client().mgmt.app.grant(shop.id, API, ["read:messages"])
    third = {"name": "Reader", "loginPageUrl": "https://reader.example.com/login"}
    made = api.post("/v1/mgmt/thirdparty/app/create", third, token=api.avow.management_key)
    assert made.status == 200, made.body
    made = api.post("/v1/mgmt/sso/idp/app/saml/create", CERTIFICATE_FREE, token=api.avow.management_key)
    assert made.status == 200, made.body
    user = make_user(api.avow, "mia@example.com")
    api.avow.run(lambda tx: consents.add(tx, shop.id, user, {"": ("openid",)}))
    return api


@pytest.fixture
def target(make_project: Callable[..., Avow]) -> Api:
    """Give another project."""
    return Api(make_project("Production"))


def export(api: Api) -> Files:
    found: Files = api.post(f"{PATH}/snapshot/export", token=api.avow.management_key)["files"]
    return found


def take(api: Api, files: Any) -> Reply:
    return api.post(f"{PATH}/snapshot/import", {"files": files}, token=api.avow.management_key)


def only(files: Files, **parts: Any) -> Files:
    return {"snapshot.json": files["snapshot.json"], **{f"{name}.json": {name: each} for name, each in parts.items()}}


def applications(api: Api) -> dict[str, Any]:
    return {each["id"]: each for each in api.avow.client().mgmt.app.list()["applications"]}


def secrets(api: Api) -> list[str]:
    """Return every secret in clear text."""

    def unit(tx: Tx) -> list[str]:
        held = [each for each in actions.every(tx) if each.secrets]
        return [actions.revealed(tx, each, actor="test") for each in held]

    return api.avow.run(unit)


def test_export_holds_apis_and_applications_and_no_secret(source: Api) -> None:
    files = export(source)
    [given] = files["apis.json"]["apis"]
    assert (given["identifier"], given["rbac"], given["lifetimeSeconds"]) == (API, True, 600)
    assert [each["name"] for each in given["permissions"]] == ["read:messages", "write:messages"]
    kinds = {each["kind"]: each for each in files["applications.json"]["applications"]}
    assert kinds.keys() == {"oidc", "third-party", "saml"}
    assert kinds["oidc"]["settings"]["pkce"] == "required"
    assert kinds["oidc"]["grants"] == [{"audience": API, "scopes": ["read:messages"]}]
    assert kinds["saml"]["settings"]["acsUrl"] == "https://wiki.example.com/acs"
    text = json.dumps(files)
    kept = secrets(source)
    assert len(kept) == 2
    assert all(len(secret) > 20 and secret not in text for secret in kept)
    assert "mia@example.com" not in text
    assert "consent" not in text


def test_import_makes_them_anew_and_a_second_one_changes_nothing(source: Api, target: Api) -> None:
    files = export(source)
    assert take(target, files).status == 200
    assert export(target) == files
    made = applications(target)
    assert made.keys() == applications(source).keys()
    assert [each["secrets"] for each in made.values()] == [[]] * 3  # none until one is made
    before = target.get("/v1/mgmt/avow/project/settings", token=target.avow.management_key).body
    events = target.avow.client().mgmt.audit.search(actions=["application.changed", "api.changed"])["audits"]
    assert take(target, files).status == 200
    assert target.get("/v1/mgmt/avow/project/settings", token=target.avow.management_key).body == before
    assert target.avow.client().mgmt.audit.search(actions=["application.changed", "api.changed"])["audits"] == events


def test_import_changes_what_is_there_and_keeps_its_secrets(source: Api) -> None:
    files = export(source)
    [shop] = [each for each in files["applications.json"]["applications"] if each["kind"] == "oidc"]
    before = secrets(source)
    changed = {**shop, "name": "Shop 2", "trusted": False, "grants": []}
    changed["settings"] = {**shop["settings"], "redirectUris": ["https://app.example.com/new"]}
    assert take(source, only(files, applications=[changed])).status == 200
    now = applications(source)[shop["id"]]
    assert (now["name"], now["trusted"], now["grants"]) == ("Shop 2", False, [])
    assert now["settings"]["redirectUris"] == ["https://app.example.com/new"]
    assert secrets(source) == before
    assert len(applications(source)) == 3  # what is not named stays


@pytest.mark.usefixtures("room")
def test_copy_has_them_without_secrets(source: Api) -> None:
    made = source.post(f"{PATH}/clone", {"name": "Copy"}, token=source.avow.management_key)
    copy = Avow(source.avow.server, made["projectId"], made["managementKey"])
    assert export(Api(copy)) == export(source)
    found = applications(Api(copy))
    assert found.keys() == applications(source).keys()
    assert {len(each["secrets"]) for each in found.values()} == {0}
    [shop] = [id for id, each in found.items() if each["kind"] == "oidc"]
    assert copy.client().mgmt.app.rotate_secret(shop)["secret"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"applications": [{"id": "A1", "name": "A", "settings": {"redirectUris": ["javascript:x"]}}]}, "no address"),
        ({"applications": [{"id": "A1", "name": "A", "settings": {"secret": "x"}}]}, "not valid"),
        ({"applications": [{"id": "A1", "name": "A", "secret": "x"}]}, "secret"),
        ({"applications": [{"id": "A1", "name": "A", "loginPageUrl": "javascript:x"}]}, "no URL"),
        ({"applications": [{"id": "A1", "name": "A", "kind": "published"}]}, "applications.json"),
        ({"applications": [{"id": "A1", "name": "A", "kind": "saml"}]}, "entityId"),
        ({"applications": [{"id": "A1", "name": "A"}] * 2}, "stands there twice"),
        ({"applications": [{"id": "A 1", "name": "A"}]}, "applications.json"),
        (
            {"applications": [{"id": "A1", "name": "A", "grants": [{"audience": "https://x", "scopes": ["a"]}]}]},
            "no API",
        ),
        ({"apis": [{"identifier": "https://x", "permissions": [{"name": "a"}, {"name": "a"}]}]}, "stands there twice"),
        ({"apis": [{"identifier": "https://x", "lifetimeSeconds": 1}]}, "apis.json"),
        ({"apis": [{"identifier": "https://x\n"}]}, "apis.json"),
    ],
)
def test_what_cannot_be_is_refused_whole(source: Api, target: Api, parts: dict[str, Any], said: str) -> None:
    files = only(export(source), **parts)
    tried = target.post(f"{PATH}/snapshot/validate", {"files": files}, token=target.avow.management_key)
    assert not tried["ok"]
    assert said in " ".join(tried["failures"])
    assert take(target, files).status == 400
    assert applications(target) == {}
    assert export(target)["apis.json"] == {"apis": []}


def test_own_export_fits_after_a_permission_was_taken_off_an_api(source: Api) -> None:
    source.avow.client().mgmt.api.update(API, permissions={"write:messages": ""})
    files = export(source)
    tried = source.post(f"{PATH}/snapshot/validate", {"files": files}, token=source.avow.management_key)
    assert (tried["ok"], tried["failures"]) == (True, [])


def test_import_that_takes_a_permission_off_takes_it_from_applications(source: Api) -> None:
    files = only(export(source), apis=[{"identifier": API, "permissions": [{"name": "write:messages"}]}])
    assert take(source, files).status == 200
    assert [each["grants"] for each in applications(source).values() if each["grants"]] == [
        [{"audience": API, "scopes": []}]
    ]


def test_what_a_snapshot_has_no_room_for_is_not_left_out(source: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    key = source.avow.management_key
    monkeypatch.setattr(layout, "MOST_LISTED", 2)
    refused = source.post(f"{PATH}/snapshot/export", token=key)
    assert refused.status == 400
    assert "applications" in refused.body["errorMessage"]
    assert source.post(f"{PATH}/clone", {"name": "Copy"}, token=key).status == 400


def test_kind_of_an_application_stays(source: Api) -> None:
    [shop] = [id for id, each in applications(source).items() if each["kind"] == "oidc"]
    files = only(export(source), applications=[{"id": shop, "name": "Shop", "kind": "third-party"}])
    assert take(source, files).status == 400


def test_rights_are_those_of_applications_and_apis(source: Api) -> None:
    files = export(source)
    for right, parts in (("api", "applications"), ("app", "apis")):
        making = partial(create_management_key, name="limited", rights=(f"{right}:write", "project:write"))
        key = source.avow.run(making)[1]
        some = {name: files[name] for name in ("snapshot.json", f"{parts}.json")}
        refused = source.post(f"{PATH}/snapshot/import", {"files": some}, token=key)
        assert refused.status == 403
