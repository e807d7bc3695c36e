"""/v1/mgmt/avow/app and /api: applications and APIs made, changed and deleted; secrets shown once."""

from typing import Any

import pytest

from avow.errors import InvalidArgument
from avow.server.applications import actions
from avow.server.applications.rows import SecretRow
from avow.testing.server import Avow
from tests.server.api import Api, Reply

APP, API = "/v1/mgmt/avow/app", "/v1/mgmt/avow/api"
NOT_FOUND, INVALID = (404, "E019404"), (400, "E011004")
REDIRECT = "https://app.example.com/cb"


@pytest.fixture
def key(avow: Avow) -> str:
    return avow.management_key


def create(api: Api, key: str, **fields: Any) -> Reply:
    return api.post(f"{APP}/create", {"name": "Shop", **fields}, token=key)


def load(api: Api, key: str, id: str) -> Any:
    return api.get(APP, {"id": id}, token=key)["application"]


def table(avow: Avow, name: str, columns: str) -> list[tuple[Any, ...]]:
    """Return columns of every row that the project has in a table."""
    sql = f"SELECT {columns} FROM {name} WHERE project_id = :project_id"
    return avow.run(lambda tx: tx.all(sql, lambda *row: row))


def is_secret(avow: Avow, id: str, secret: str) -> bool:
    return avow.run(lambda tx: actions.is_secret(tx, actions.get(tx, id), secret))


def test_application_is_made_of_its_preset_and_shown_without_its_secret(api: Api, key: str) -> None:
    made = create(api, key, settings={"redirectUris": [REDIRECT], "pkce": "required"}, description="d")
    shown, secret = made["application"], made["secret"]
    assert shown == load(api, key, shown["id"])
    assert (shown["kind"], shown["name"], shown["description"]) == ("oidc", "Shop", "d")
    assert (shown["enabled"], shown["trusted"], shown["createdTime"]) == (True, True, api.clock())
    settings = shown["settings"]
    assert (settings["preset"], settings["redirectUris"], settings["pkce"]) == ("regular-web", [REDIRECT], "required")
    assert len(shown["secrets"]) == 1
    assert is_secret(api.avow, shown["id"], secret)
    assert not is_secret(api.avow, shown["id"], secret.swapcase())
    assert secret not in str(load(api, key, shown["id"]))


def test_logo_is_a_url(api: Api, key: str) -> None:
    wrong = "https://x.example.com; script-src 'unsafe-inline' *"
    assert create(api, key, logo=wrong).refusal == INVALID
    id = create(api, key, logo="https://x.example.com/logo.png")["application"]["id"]
    assert api.post(f"{APP}/update", {"id": id, "logo": wrong}, token=key).refusal == INVALID
    assert api.post(f"{APP}/update", {"id": id, "logo": ""}, token=key).status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{APP}/create", {"name": "Shop"}),
        ("/v1/mgmt/sso/idp/app/oidc/create", {"name": "Shop", "loginPageUrl": ""}),
        ("/v1/mgmt/thirdparty/app/create", {"name": "Shop", "loginPageUrl": ""}),
    ],
)
def test_addresses_that_browsers_are_led_to_are_urls(api: Api, key: str, path: str, body: dict[str, str]) -> None:
    wrong = ("javascript:alert(1)", "//shop.example.com/x", "https://shop.example.com/#x", "ftp://shop.example.com/x")
    for address in wrong:
        assert api.post(path, {**body, "logo": address}, token=key).refusal == INVALID
        assert api.post(path, {**body, "loginPageUrl": address}, token=key).refusal == INVALID
    right = {"logo": "https://shop.example.com/x", "loginPageUrl": "http://localhost:4040/x"}
    made = api.post(path, {**body, **right}, token=key).body
    id = made.get("id") or made["application"]["id"]
    assert load(api, key, id)["loginPageUrl"] == "http://localhost:4040/x"
    assert api.post(f"{APP}/update", {"id": id, "loginPageUrl": wrong[0]}, token=key).refusal == INVALID


def test_addresses_are_https_but_in_development_and_on_this_machine() -> None:
    address = "http://shop.example.com/x"
    for page, logo in ((address, ""), ("", address)):
        actions.check_addresses(page, logo, is_open=True)
        with pytest.raises(InvalidArgument, match=address):
            actions.check_addresses(page, logo, is_open=False)
    actions.check_addresses("http://localhost:4040/x", "http://127.0.0.1:8080/x.png", is_open=False)


def test_secret_lies_nowhere_in_clear_text(api: Api, key: str) -> None:
    made = create(api, key)
    assert made["secret"] not in str(table(api.avow, "application_secrets", "id, mac, sealed"))
    id = made["application"]["id"]
    assert made["secret"] == api.avow.run(lambda tx: actions.revealed(tx, actions.get(tx, id), actor="command"))


def test_public_application_has_no_secret(api: Api, key: str) -> None:
    made = create(api, key, preset="spa", id="spa.one")
    assert "secret" not in made.body
    assert (made["application"]["id"], made["application"]["secrets"]) == ("spa.one", [])
    assert api.post(f"{APP}/rotate-secret", {"id": "spa.one"}, token=key).refusal == INVALID


def test_id_is_given_once(api: Api, key: str) -> None:
    create(api, key, id="one")
    assert create(api, key, id="one").refusal == INVALID
    assert create(api, key, id="a b").refusal == (400, "E011003")


@pytest.mark.parametrize(
    "settings",
    [
        {"redirectUris": ["nowhere"]},
        {"unknown": 1},
        {"pkce": "maybe"},
        {"defaultAudience": "https://nowhere.example.com"},
        {"flow": "nothing"},
        {"signUpFlow": "nothing"},
        {"idTokenAlgorithm": "EdDSA"},
    ],
)
def test_settings_that_cannot_be_are_refused_and_nothing_is_made(api: Api, key: str, settings: dict[str, Any]) -> None:
    assert create(api, key, settings=settings).refusal == INVALID
    assert api.get(f"{APP}/list", token=key)["applications"] == []


def test_what_is_named_changes_and_the_rest_stays(api: Api, key: str) -> None:
    id = create(api, key, settings={"redirectUris": [REDIRECT], "pkce": "required"})["application"]["id"]
    changes = {"id": id, "name": "Store", "enabled": False, "settings": {"pkce": None, "webOrigins": []}}
    shown = api.post(f"{APP}/update", changes, token=key)["application"]
    assert (shown["name"], shown["enabled"], shown["trusted"]) == ("Store", False, True)
    assert (shown["settings"]["pkce"], shown["settings"]["redirectUris"]) == ("allowed", [REDIRECT])
    assert api.post(f"{APP}/update", {"id": id, "settings": {"preset": "spa"}}, token=key).refusal == INVALID


def test_rotated_secret_counts_beside_the_new_one_for_as_long_as_said(api: Api, key: str) -> None:
    made = create(api, key)
    id, first = made["application"]["id"], made["secret"]
    second = api.post(f"{APP}/rotate-secret", {"id": id, "overlapSeconds": 60}, token=key)["secret"]
    assert [is_secret(api.avow, id, each) for each in (first, second)] == [True, True]
    ends = [each["expireTime"] for each in load(api, key, id)["secrets"]]
    assert sorted(ends) == [0, api.clock() + 60]
    api.avow.advance(60)
    assert [is_secret(api.avow, id, each) for each in (first, second)] == [False, True]
    third = api.post(f"{APP}/rotate-secret", {"id": id, "overlapSeconds": 0}, token=key)["secret"]
    assert [is_secret(api.avow, id, each) for each in (second, third)] == [False, True]
    assert len(table(api.avow, "application_secrets", "id")) == 1


def test_rotation_leaves_no_more_secrets_than_there_may_be(api: Api, key: str) -> None:
    id = create(api, key)["application"]["id"]
    wish = {"id": id, "overlapSeconds": 86_400}
    rotated = [api.post(f"{APP}/rotate-secret", wish, token=key).status for _ in range(actions.MOST_SECRETS)]
    assert rotated == [200] * (actions.MOST_SECRETS - 1) + [400]
    secret = api.post(f"{APP}/rotate-secret", {"id": id, "overlapSeconds": 0}, token=key)["secret"]
    assert len(load(api, key, id)["secrets"]) == 1
    assert is_secret(api.avow, id, secret)


def test_application_that_becomes_public_loses_its_secrets_and_gets_one_when_it_is_none(api: Api, key: str) -> None:
    made = create(api, key)
    id = made["application"]["id"]
    changed = api.post(f"{APP}/update", {"id": id, "settings": {"pkce": "required"}}, token=key)
    assert "secret" not in changed.body
    public = api.post(f"{APP}/update", {"id": id, "settings": {"authMethods": ["none"]}}, token=key)
    assert (public["application"]["secrets"], "secret" in public.body) == ([], False)
    assert not is_secret(api.avow, id, made["secret"])
    assert api.get("/v1/mgmt/sso/idp/app/secret", {"id": id}, token=key)["cleartext"] == ""
    secret = api.post(f"{APP}/update", {"id": id, "settings": {"authMethods": None}}, token=key)["secret"]
    assert is_secret(api.avow, id, secret)
    assert len(load(api, key, id)["secrets"]) == 1


def test_settings_of_others_are_put_back_to_what_theirs_are(api: Api, key: str) -> None:
    third = {"name": "Books", "loginPageUrl": ""}
    id = api.post("/v1/mgmt/thirdparty/app/create", third, token=key)["id"]
    before = load(api, key, id)["settings"]
    for changes in ({"pkce": "allowed", "updatedAt": "text"}, {"pkce": None, "updatedAt": None}):
        shown = api.post(f"{APP}/update", {"id": id, "settings": changes}, token=key)["application"]["settings"]
    assert shown["pkce"] == "required"
    assert shown == before


def test_more_applications_than_a_page_has_are_all_there(api: Api, key: str) -> None:
    ids = sorted(create(api, key)["application"]["id"] for _ in range(3))
    first, second = (api.get(f"{APP}/list", {"page": page, "limit": "2"}, token=key) for page in "01")
    assert [[each["id"] for each in page["applications"]] for page in (first, second)] == [ids[:2], ids[2:]]
    assert first["total"] == second["total"] == 3
    assert api.get(f"{APP}/list", {"limit": "1001"}, token=key).status == 400


def test_operations_without_pages_leave_no_application_out(api: Api, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_LISTED", 2)
    ids = sorted(create(api, key)["application"]["id"] for _ in range(5))
    assert [each["id"] for each in api.get("/v1/mgmt/sso/idp/apps/load", token=key)["apps"]] == ids
    monkeypatch.setattr(actions, "_MOST_WHOLE", 4)
    assert api.get("/v1/mgmt/sso/idp/apps/load", token=key).refusal == INVALID


def test_secret_of_one_application_is_none_of_another(api: Api, key: str) -> None:
    first, second = create(api, key), create(api, key)
    assert not is_secret(api.avow, first["application"]["id"], second["secret"])


def test_deleted_application_leaves_nothing(api: Api, key: str) -> None:
    id = create(api, key)["application"]["id"]
    assert api.post(f"{APP}/delete", {"id": id}, token=key).status == 200
    assert api.get(APP, {"id": id}, token=key).refusal == NOT_FOUND
    assert table(api.avow, "application_secrets", "id") == []
    for path, body in (("update", {}), ("rotate-secret", {}), ("delete", {}), ("grant", {"audience": "a"})):
        assert api.post(f"{APP}/{path}", {"id": id, **body}, token=key).refusal == NOT_FOUND


def test_application_of_another_project_does_not_exist(api: Api, key: str, make_project: Any) -> None:
    id = create(api, key)["application"]["id"]
    other = make_project()
    foreign = Api(other)
    assert foreign.get(APP, {"id": id}, token=other.management_key).refusal == NOT_FOUND
    deleted = foreign.post(f"{APP}/delete", {"id": id}, token=other.management_key)
    assert deleted.refusal == NOT_FOUND
    assert load(api, key, id)["id"] == id


def test_each_change_is_in_the_audit_without_secrets(api: Api, key: str) -> None:
    made = create(api, key)
    id = made["application"]["id"]
    api.post(f"{APP}/update", {"id": id, "name": "Store"}, token=key)
    rotated = api.post(f"{APP}/rotate-secret", {"id": id}, token=key)["secret"]
    api.post(f"{APP}/delete", {"id": id}, token=key)
    events = [row for row in table(api.avow, "audit_events", "action, data") if row[0].startswith("application.")]
    names = ["application.changed", "application.created", "application.deleted", "application.secret_rotated"]
    assert sorted(row[0] for row in events) == names
    assert not any(secret in str(events) for secret in (made["secret"], rotated))


# --- APIs ----------------------------------------------------------------------------------------------------------

IDENTIFIER = "https://api.example.com"


def make_api(api: Api, key: str, **fields: Any) -> Reply:
    permissions = [{"name": "read:messages", "description": "Read"}, {"name": "write:messages"}]
    return api.post(f"{API}/create", {"identifier": IDENTIFIER, "permissions": permissions, **fields}, token=key)


def test_api_is_found_by_its_id_and_its_identifier(api: Api, key: str) -> None:
    shown = make_api(api, key, rbac=True)["api"]
    assert (shown["identifier"], shown["name"], shown["rbac"]) == (IDENTIFIER, IDENTIFIER, True)
    assert (shown["lifetimeSeconds"], shown["algorithm"], shown["allowsOffline"]) == (86_400, "RS256", True)
    assert [each["name"] for each in shown["permissions"]] == ["read:messages", "write:messages"]
    for named in (shown["id"], IDENTIFIER):
        assert api.get(API, {"id": named}, token=key)["api"] == shown
    assert make_api(api, key).refusal == INVALID


def test_permissions_of_an_api_take_the_place_of_those_before(api: Api, key: str) -> None:
    make_api(api, key)
    changes = {"id": IDENTIFIER, "permissions": [{"name": "delete:messages"}], "lifetimeSeconds": 60}
    shown = api.post(f"{API}/update", changes, token=key)["api"]
    assert ([each["name"] for each in shown["permissions"]], shown["lifetimeSeconds"]) == (["delete:messages"], 60)
    twice = {"id": IDENTIFIER, "permissions": [{"name": "a"}, {"name": "a"}]}
    assert api.post(f"{API}/update", twice, token=key).refusal == INVALID
    assert api.get(API, {"id": IDENTIFIER}, token=key)["api"] == shown


def test_api_is_signed_for_by_a_key_that_there_is(api: Api, key: str) -> None:
    wrong = "EdDSA"  # of a project whose sessions are signed by ES256
    assert make_api(api, key, algorithm=wrong).refusal == INVALID
    make_api(api, key)
    assert api.post(f"{API}/update", {"id": IDENTIFIER, "algorithm": wrong}, token=key).refusal == INVALID
    assert api.get(API, {"id": IDENTIFIER}, token=key)["api"]["algorithm"] == "RS256"


def test_apis_are_listed_in_pages(api: Api, key: str) -> None:
    for number in range(3):
        make_api(api, key, identifier=f"https://{number}.example.com")
    page = api.get(f"{API}/list", {"page": "1", "limit": "2"}, token=key)
    assert (len(page["apis"]), page["total"]) == (1, 3)


def test_application_may_have_scopes_that_the_api_knows(api: Api, key: str) -> None:
    make_api(api, key)
    id = create(api, key, preset="machine")["application"]["id"]
    wish = {"id": id, "audience": IDENTIFIER}
    assert api.post(f"{APP}/grant", {**wish, "scopes": ["unknown"]}, token=key).refusal == INVALID
    shown = api.post(f"{APP}/grant", {**wish, "scopes": ["read:messages"]}, token=key)["application"]
    assert shown["grants"] == [{"audience": IDENTIFIER, "scopes": ["read:messages"]}]
    assert api.post(f"{APP}/grant", {**wish, "scopes": None}, token=key)["application"]["grants"] == []
    assert api.post(f"{APP}/grant", {**wish, "audience": "nothing"}, token=key).refusal == NOT_FOUND


def test_deleted_api_takes_what_applications_may_do_there_along(api: Api, key: str) -> None:
    make_api(api, key)
    id = create(api, key, preset="machine")["application"]["id"]
    api.post(f"{APP}/grant", {"id": id, "audience": IDENTIFIER, "scopes": []}, token=key)
    assert api.post(f"{API}/delete", {"id": IDENTIFIER}, token=key).status == 200
    assert load(api, key, id)["grants"] == []
    assert api.get(f"{API}/list", token=key)["apis"] == []
    assert api.post(f"{API}/delete", {"id": IDENTIFIER}, token=key).refusal == NOT_FOUND


def test_secret_does_not_show_in_a_traceback() -> None:
    row = SecretRow("N1", "N2", b"mac", b"sealed", 0, None)
    assert "mac" not in repr(row)


def test_sdk_does_all_of_it(avow: Avow) -> None:
    client = avow.client()
    made = client.mgmt.app.create("Shop", preset="regular-web", settings={"redirectUris": [REDIRECT]})
    id = made["application"]["id"]
    assert client.mgmt.app.load(id)["application"]["name"] == "Shop"
    assert client.mgmt.app.update(id, name="Store")["application"]["name"] == "Store"
    assert client.mgmt.app.rotate_secret(id)["secret"] != made["secret"]
    client.mgmt.api.create(IDENTIFIER, permissions={"read": "Read"})
    assert client.mgmt.api.load(IDENTIFIER)["api"]["permissions"] == [{"name": "read", "description": "Read"}]
    assert client.mgmt.api.update(IDENTIFIER, name="API")["api"]["name"] == "API"
    assert client.mgmt.app.grant(id, IDENTIFIER, ["read"])["application"]["grants"][0]["scopes"] == ["read"]
    assert [each["id"] for each in client.mgmt.app.list()["applications"]] == [id]
    client.mgmt.api.delete(IDENTIFIER)
    client.mgmt.app.delete(id)
    assert (client.mgmt.app.list()["applications"], client.mgmt.api.list()["apis"]) == ([], [])
