"""POST /v1/mgmt/project/export, import and snapshot/...: a configuration as files, and into another project."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from avow.server.delivery import actions as delivery
from avow.server.delivery.actions import OwnTemplate
from avow.server.founding import ROLES
from avow.server.keys.actions import create_management_key
from avow.server.lists import actions as lists
from avow.testing.server import Avow
from tests.factories import grant, make_user
from tests.server.api import Api, Reply, Statements

PATH = "/v1/mgmt/project"
CSS = {"id": "light", "cssTemplate": {"a": {"b": 1}}}
Files = dict[str, Any]


@pytest.fixture
def key(api: Api) -> str:
    return api.avow.management_key


@pytest.fixture
def files(api: Api, key: str) -> Files:
    """Configure a project, staging, and give its snapshot."""
    configure(api, key)
    return export(api, key)


@pytest.fixture
def target(make_project: Callable[..., Avow]) -> Api:
    """Give another project, production."""
    return Api(make_project("Production"))


def configure(api: Api, key: str) -> None:
    settings = {
        "codeDigits": 8,
        "approvedRedirects": ["https://app.example.com/"],
        "inviteUrl": "https://a.example.com/",
    }
    api.post("/v1/mgmt/avow/project/settings", {"settings": settings}, token=key)
    for name in ("read", "write"):
        api.post("/v1/mgmt/permission/create", {"name": name, "description": name.upper()}, token=key)
    role = {"name": "editor", "description": "Edits", "permissionNames": ["write", "read"], "default": True}
    api.post("/v1/mgmt/role/create", role, token=key)
    attributes = [
        {"name": "plan", "type": "singleselect", "options": ["free", "paid"], "displayName": "Plan", "required": True},
        {"name": "seats", "type": "number"},
    ]
    api.post("/v1/mgmt/user/customattribute/create", {"attributes": attributes}, token=key)
    own = OwnTemplate("de", "Hallo", "Code {{ code }}", "<p>{{ code }}</p>")
    api.avow.run(lambda tx: delivery.save_template(tx, "otp", "email", own))
    flow = {"flowId": "sign-in", "flow": {"name": "Sign in", "dsl": {"t": [1]}}, "screens": [{"id": "s1"}]}
    api.post("/v1/mgmt/flow/import", flow, token=key)
    api.post("/v1/mgmt/theme/import", {"theme": CSS}, token=key)
    template = {"name": "Who", "template": {"mail": "{{user.email}}"}, "autoDCT": True, "addJti": True}
    made = api.post("/v1/mgmt/jwt/templates/create", {"template": template}, token=key)["template"]
    api.post("/v1/mgmt/avow/project/settings", {"settings": {"sessionTemplate": made["id"]}}, token=key)
    for each in (
        {"name": "blocked", "type": "ips", "data": ["192.0.2.7", "10.0.0.0/8"]},
        {"name": "plans", "type": "json", "data": {"gold": {"seats": 5}}},
    ):
        assert api.post("/v1/mgmt/list", each, token=key).status == 200
    api.post("/v1/mgmt/password/settings", {"tenantId": "", "minLength": 12, "number": True}, token=key)


def export(api: Api, key: str = "") -> Files:
    found: Files = api.post(f"{PATH}/snapshot/export", token=key or api.avow.management_key)["files"]
    return found


def take(api: Api, files: Any, key: str = "", **more: Any) -> Reply:
    return api.post(f"{PATH}/snapshot/import", {"files": files, **more}, token=key or api.avow.management_key)


def tried(api: Api, files: Any, **more: Any) -> Any:
    return api.post(f"{PATH}/snapshot/validate", {"files": files, **more}, token=api.avow.management_key).body


def roles_of(api: Api) -> dict[str, Any]:
    found = api.get("/v1/mgmt/role/all", token=api.avow.management_key)["roles"]
    return {role["name"]: role for role in found}


def test_export_is_files_that_people_can_read(files: Files) -> None:
    assert sorted(files) == [
        "apis.json",
        "applications.json",
        "attributes.json",
        "flows/sign-in.json",
        "jwt_templates.json",
        "lists.json",
        "passwords.json",
        "permissions.json",
        "roles.json",
        "settings.json",
        "snapshot.json",
        "templates.json",
        "theme.json",
    ]
    assert files["snapshot.json"] == {"format": "avow", "version": 1}
    assert files["settings.json"]["codeDigits"] == 8
    assert files["permissions.json"]["permissions"][0] == {"name": "read", "description": "READ"}
    roles = {role["name"]: role for role in files["roles.json"]["roles"]}
    assert list(roles) == sorted(["editor", *ROLES])
    assert roles["editor"] == {
        "name": "editor",
        "description": "Edits",
        "permissionNames": ["read", "write"],
        "default": True,
        "private": False,
    }
    assert files["attributes.json"]["attributes"][0] == {
        "kind": "user",
        "name": "plan",
        "type": "singleselect",
        "displayName": "Plan",
        "required": True,
        "options": ["free", "paid"],
    }
    assert files["theme.json"] == CSS
    assert [each["name"] for each in files["jwt_templates.json"]["jwt_templates"]] == ["Who"]
    assert files["settings.json"]["sessionTemplate"] == "Who"
    assert files["lists.json"]["lists"][1]["data"] == {"gold": {"seats": 5}}
    assert files["passwords.json"]["minLength"] == 12
    assert files["flows/sign-in.json"]["flow"]["dsl"] == {"t": [1]}


def test_both_exports_are_the_same(api: Api, key: str, files: Files) -> None:
    assert api.post(f"{PATH}/export", token=key)["files"] == files
    assert api.post(f"{PATH}/snapshot/export", {"format": "json"}, token=key)["files"] == files
    assert api.post(f"{PATH}/snapshot/export", {"format": "zip"}, token=key).refusal == (400, "E011004")


def test_nothing_secret_and_nobody_is_exported(api: Api, key: str, files: Files) -> None:
    user_id = make_user(api.avow, "mia@example.com")
    tenant = api.post("/v1/mgmt/tenant/create", {"name": "Acme"}, token=key)["id"]
    api.post("/v1/mgmt/role/create", {"name": "theirs", "tenantId": tenant}, token=key)
    text = json.dumps(export(api))
    assert text == json.dumps(files)
    for each in (key, key[:27], user_id, "mia@example.com", tenant, "theirs"):
        assert each not in text


def test_imported_snapshot_makes_the_other_project_alike(files: Files, target: Api) -> None:
    assert tried(target, files) == {
        "ok": True,
        "failures": [],
        "missingSecrets": {"connectors": [], "oauthProviders": [], "outboundApps": []},
    }
    assert take(target, files).body == {}
    assert export(target) == files


def test_import_of_files_is_the_same_as_that_of_a_snapshot(files: Files, target: Api) -> None:
    reply = target.post(f"{PATH}/import", {"files": files}, token=target.avow.management_key)
    assert reply.body == {}
    assert export(target) == files


def test_second_import_writes_nothing(files: Files, target: Api, statements: Statements) -> None:
    take(target, files)
    before = roles_of(target)
    with statements:
        assert take(target, files).status == 200
    written = [name for name in statements.ran if not name.startswith(("projects.", "keys."))]
    assert [name for name in written if "PUT" in name or "INSERT" in name or "UPDATE" in name] == ["store.INSERT_AUDIT"]
    assert roles_of(target) == before
    assert export(target) == files


def test_users_keep_roles_that_are_imported_anew(files: Files, target: Api) -> None:
    key = target.avow.management_key
    target.post("/v1/mgmt/permission/create", {"name": "read"}, token=key)
    role_id = target.post("/v1/mgmt/role/create", {"name": "editor", "permissionNames": ["read"]}, token=key)["id"]
    user_id = make_user(target.avow, "mia@example.com")
    grant(target.avow, user_id, role_id)
    take(target, files)
    assert roles_of(target)["editor"]["id"] == role_id
    loaded = target.get("/v1/mgmt/user", {"userId": user_id}, token=key)["user"]
    assert loaded["roleNames"] == ["editor"]
    assert roles_of(target)["editor"]["permissionNames"] == ["read", "write"]


def test_template_in_use_is_found_by_its_name(files: Files, target: Api) -> None:
    key = target.avow.management_key
    take(target, files)
    settings = target.get("/v1/mgmt/avow/project/settings", token=key)
    [template] = target.post("/v1/mgmt/jwt/templates/list", token=key)["templates"]
    assert settings["sessionTemplate"] == template["id"] != "Who"
    target.avow.advance(1)
    claims = jwt.decode(target.sign_in("mia@example.com")["sessionJwt"], options={"verify_signature": False})
    assert claims["mail"] == "mia@example.com"
    files["jwt_templates.json"]["jwt_templates"][0]["template"] = {"mail": "{{user.name}}"}
    take(target, files)
    [changed] = target.post("/v1/mgmt/jwt/templates/list", token=key)["templates"]
    assert (changed["id"], changed["template"]) == (template["id"], {"mail": "{{user.name}}"})


def test_setting_names_a_template_that_is_there(files: Files, target: Api) -> None:
    assert take(target, files, excludes=["jwt_templates"]).refusal == (400, "E011004")
    del files["jwt_templates.json"]
    assert tried(target, files)["failures"] == ["There is no JWT template 'Who' of the type 'user'."]


def test_very_long_list_is_exported_without_its_entries_and_keeps_them(
    api: Api, key: str, target: Api, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.snapshots.actions._LONGEST_LIST", 22)
    files = export(api)
    assert [each["data"] for each in files["lists.json"]["lists"]] == [None, {"gold": {"seats": 5}}]
    body = {"name": "blocked", "type": "ips", "data": ["198.51.100.9"]}
    target.post("/v1/mgmt/list", body, token=target.avow.management_key)
    assert take(target, files).status == 200
    assert target.avow.run(lambda tx: lists.find_by_name(tx, "blocked").data) == ["198.51.100.9"]
    assert api.post(f"{PATH}/clone", {"name": "Copy"}, token=key).refusal == (400, "E011004")


def test_what_a_snapshot_does_not_name_stays(files: Files, target: Api) -> None:
    key = target.avow.management_key
    target.post("/v1/mgmt/role/create", {"name": "ours"}, token=key)
    target.post("/v1/mgmt/flow/import", {"flowId": "ours", "flow": {}, "screens": []}, token=key)
    target.post("/v1/mgmt/avow/project/settings", {"settings": {"codeAttempts": 3}}, token=key)
    del files["settings.json"]["codeAttempts"]
    take(target, files)
    assert "ours" in roles_of(target)
    assert "ours" in {each["id"] for each in target.post("/v1/mgmt/flow/list", token=key)["flows"]}
    settings = target.get("/v1/mgmt/avow/project/settings", token=key)
    assert (settings["codeAttempts"], settings["codeDigits"]) == (3, 8)


def test_excluded_kinds_and_files_are_passed_over(files: Files, target: Api) -> None:
    assert take(target, files, excludes=["settings", "flows/sign-in.json", "roles"]).status == 200
    found = export(target)
    assert found["settings.json"]["codeDigits"] == 6
    assert "flows/sign-in.json" not in found
    assert "editor" not in roles_of(target)
    assert found["permissions.json"] == files["permissions.json"]
    assert take(target, files, excludes=["nonsense"]).refusal == (400, "E011004")


def test_import_is_whole_or_not_at_all(files: Files, target: Api) -> None:
    before = export(target)
    files["settings.json"]["codeDigits"] = 99  # checked and written last
    assert take(target, files).refusal == (400, "E011004")
    assert export(target) == before


def _with(path: str, content: object) -> Callable[[Files], None]:
    return lambda files: files.update({path: content})


HOSTILE: dict[str, tuple[Callable[[Files], Any], str]] = {
    "no header": (lambda files: files.pop("snapshot.json"), "snapshot.json is missing"),
    "another format": (_with("snapshot.json", {"format": "zip", "version": 1}), "snapshot.json"),
    "a later layout": (_with("snapshot.json", {"format": "avow", "version": 2}), "snapshot.json"),
    "unknown file": (_with("users.json", {}), "no file 'users.json'"),
    "path that climbs": (_with("../../etc/passwd", {}), "no file '../../etc/passwd'"),
    "absolute path": (_with("/etc/passwd", {}), "no file '/etc/passwd'"),
    "flow that climbs": (_with("flows/../../x.json", {"flow": {}}), "letters, digits"),
    "flow without a name": (_with("flows/.json", {"flow": {}}), "letters, digits"),
    "file as text": (_with("roles.json", '{"roles": []}'), "roles.json"),
    "file as list": (_with("roles.json", []), "roles.json"),
    "file as null": (_with("settings.json", None), "settings.json"),
    "unknown field": (_with("roles.json", {"roles": [{"name": "a", "id": "R1"}]}), "unknown field"),
    "unknown list": (_with("roles.json", {"roles": [], "users": []}), "unknown field"),
    "wrong type": (_with("roles.json", {"roles": [{"name": 7}]}), "Expected `str`"),
    "empty name": (_with("permissions.json", {"permissions": [{"name": ""}]}), "permissions.json"),
    "long name": (_with("permissions.json", {"permissions": [{"name": "n" * 257}]}), "permissions.json"),
    "name twice": (_with("permissions.json", {"permissions": [{"name": "a"}] * 2}), "'a' stands there twice"),
    "role twice": (_with("roles.json", {"roles": [{"name": "a"}, {"name": "a"}]}), "'a' stands there twice"),
    "attribute twice": (
        _with("attributes.json", {"attributes": [{"kind": "user", "name": "a", "type": "string"}] * 2}),
        "stands there twice",
    ),
    "attribute of a kind": (
        _with("attributes.json", {"attributes": [{"kind": "admin", "name": "a", "type": "string"}]}),
        "attributes.json",
    ),
    "select without options": (
        _with("attributes.json", {"attributes": [{"kind": "user", "name": "a", "type": "multiselect"}]}),
        "needs options",
    ),
    "permission of nobody": (
        _with("roles.json", {"roles": [{"name": "a", "permissionNames": ["rule the world"]}]}),
        "does not exist",
    ),
    "unknown setting": (_with("settings.json", {"isAdmin": True}), "no project setting 'isAdmin'"),
    "setting out of range": (_with("settings.json", {"codeDigits": 3}), "codeDigits"),
    "redirect that is no address": (_with("settings.json", {"approvedRedirects": ["javascript:x"]}), "absolute http"),
    "cookie domain with a header": (_with("settings.json", {"cookieDomain": "a\r\nx: y"}), "is not a domain"),
    "template that reaches out": (
        _with("templates.json", {"templates": [{"template": "otp", "method": "sms", "text": "{{ ''.__class__ }}"}]}),
        "templates.json",
    ),
    "template of no message": (
        _with("templates.json", {"templates": [{"template": "x", "method": "sms", "text": "a"}]}),
        "no such message",
    ),
    "list of another type": (_with("lists.json", {"lists": [{"name": "a", "type": "sql"}]}), "lists.json"),
    "list with wrong data": (
        _with("lists.json", {"lists": [{"name": "a", "type": "ips", "data": ["here"]}]}),
        "neither an address",
    ),
    "list twice": (_with("lists.json", {"lists": [{"name": "a", "type": "json"}] * 2}), "stands there twice"),
    "reserved claim": (
        _with("jwt_templates.json", {"jwt_templates": [{"name": "a", "template": {"sub": "me"}}]}),
        "claim sub",
    ),
    "template of another kind": (
        _with("jwt_templates.json", {"jwt_templates": [{"name": "Who", "type": "root"}]}),
        "jwt_templates.json",
    ),
    "weak passwords": (_with("passwords.json", {"minLength": 1}), "passwords.json"),
    "flow that cannot be run": (
        _with("flows/a.json", {"flow": {"dsl": {"start": "s", "steps": {"s": {"kind": "act", "do": "gone"}}}}}),
        "flow a, step s",
    ),
    "screen without id": (_with("flows/a.json", {"flow": {}, "screens": [{}]}), "flow a"),
    "theme that climbs": (_with("theme.json", {"id": "../x"}), "letters, digits"),
    "too many roles": (_with("roles.json", {"roles": [{"name": f"r{n}"} for n in range(1001)]}), "roles.json"),
    "too many changes": (
        _with("permissions.json", {"permissions": [{"name": f"p{n}"} for n in range(1000)]}),
        "one import at most",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_snapshot_is_refused_and_nothing_written(files: Files, target: Api, name: str) -> None:
    change, said = HOSTILE[name]
    before = export(target)
    change(files)
    found = tried(target, files)
    assert not found["ok"]
    assert any(said in failure for failure in found["failures"]), found["failures"]
    refused = take(target, files)
    assert refused.refusal == (400, "E011004")
    assert export(target) == before


def test_every_failure_is_told_at_once_and_bounded(target: Api) -> None:
    found = tried(target, {f"x{number}.json": {} for number in range(200)})
    assert len(found["failures"]) == 100
    assert all(len(failure) <= 400 for failure in found["failures"])
    long = tried(target, {"snapshot.json": {"format": "z" * 50_000, "version": 1}, "y" * 50_000: {}})
    assert all(len(failure) <= 400 for failure in long["failures"])


def test_files_are_bounded_in_number_and_have_to_be_there(target: Api) -> None:
    assert take(target, {f"flows/f{number}.json": {} for number in range(301)}).refusal == (400, "E011003")
    assert target.post(f"{PATH}/import", token=target.avow.management_key).refusal == (400, "E011002")
    assert take(target, None).refusal == (400, "E011002")
    assert take(target, {}).refusal == (400, "E011004")


def test_roles_of_a_snapshot_have_a_bounded_number_of_permissions(
    target: Api, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.snapshots.layout.MOST_LINKS", 1)
    assert "permissions together" in tried(target, files)["failures"][0]


def test_attribute_keeps_its_type(files: Files, target: Api) -> None:
    body = {"attributes": [{"name": "seats", "type": "string"}]}
    target.post("/v1/mgmt/user/customattribute/create", body, token=target.avow.management_key)
    assert tried(target, files)["failures"] == ["The attribute 'seats' has another type in this project."]
    assert take(target, files).refusal == (400, "E011004")


def test_secrets_that_belong_to_nothing_are_refused_and_not_repeated(files: Files, target: Api) -> None:
    given = {"connectors": [{"id": "mail", "name": "Mail", "type": "smtp", "value": "s3cret-value"}]}
    found = tried(target, files, inputSecrets=given)
    assert not found["ok"]
    assert "s3cret" not in json.dumps(found)
    assert take(target, files, inputSecrets=given).refusal == (400, "E011004")
    shaped = tried(target, files, inputSecrets={"connectors": [{"id": 7, "value": "s3cret-value"}]})
    assert shaped["failures"] == ["inputSecrets does not have the expected shape."]
    assert take(target, files, inputSecrets={"connectors": []}).status == 200


def test_each_area_of_a_snapshot_needs_its_right(api: Api, files: Files, target: Api) -> None:
    def with_rights(project: Api, *rights: str) -> str:
        return project.avow.run(lambda tx: create_management_key(tx, "limited", rights=rights))[1]

    reader, some = with_rights(api, "*:read"), with_rights(api, "project:read", "role:read")
    assert export(api, reader) == files
    for path in ("export", "snapshot/export"):
        assert api.post(f"{PATH}/{path}", token=some).refusal == (403, "E019403")
    maker = with_rights(target, "project:write", "permission:write")
    assert take(target, files, maker).refusal == (403, "E019403")
    assert "editor" not in roles_of(target)
    del files["settings.json"]["sessionTemplate"]  # the template is another area
    only = {name: files[name] for name in ("snapshot.json", "settings.json", "permissions.json")}
    assert take(target, only, maker).status == 200
    users = copy.deepcopy({name: files[name] for name in ("snapshot.json", "attributes.json")})
    assert take(target, users, maker).refusal == (403, "E019403")
    assert take(target, users, with_rights(target, "project:write", "user:write")).status == 200


def test_import_is_audited_with_its_actor(files: Files, target: Api) -> None:
    class Row:
        def __init__(self, actor: str, data: str) -> None:
            self.actor, self.data = actor, json.loads(data)

    take(target, files)
    sql = "SELECT actor, data FROM audit_events WHERE project_id = :project_id AND action = 'project.snapshot_imported'"
    row = target.avow.run(lambda tx: tx.one(sql, Row))
    assert row is not None
    assert row.actor == f"key:{target.avow.management_key[:27]}"
    assert (row.data["permissions"], row.data["roles"]) == (["read", "write"], ["editor"])
    assert (row.data["flows"], row.data["theme"]) == (["sign-in"], ["theme"])
    assert "codeDigits" in row.data["settings"]


def test_flows_are_not_measured_one_by_one(target: Api, statements: Statements) -> None:
    files = export(target)
    for number in range(3):
        files[f"flows/f{number}.json"] = {"flow": {"name": "Sign in", "dsl": {}}, "screens": []}
    with statements:
        assert take(target, files).status == 200
    assert "flows.PUT" in statements.ran
    assert "flows.SPACE" not in statements.ran


def test_statements_do_not_grow_with_what_is_imported(target: Api, statements: Statements) -> None:
    def files(count: int, description: str) -> Files:
        return {
            "snapshot.json": {"format": "avow", "version": 1},
            "permissions.json": {"permissions": [{"name": f"p{n}"} for n in range(count)]},
            "roles.json": {
                "roles": [
                    {"name": f"r{n}", "description": description, "permissionNames": [f"p{n}"]} for n in range(count)
                ]
            },
            "attributes.json": {
                "attributes": [{"kind": "user", "name": f"a{n}", "type": "string"} for n in range(count)]
            },
        }

    for count, description in ((3, "few"), (300, "many"), (300, "changed")):
        with statements:
            assert take(target, files(count, description)).status == 200
        assert len(statements.ran) < 60, (count, len(statements.ran))
    found = roles_of(target)
    assert {found[f"r{n}"]["description"] for n in range(300)} == {"changed"}
    assert all(found[f"r{n}"]["permissionNames"] == [f"p{n}"] for n in range(300))


def test_roles_of_one_import_have_a_bounded_number_of_permissions(
    files: Files, target: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.snapshots.actions._MOST_HELD", 1)
    assert "one import at most 1." in tried(target, files)["failures"][0]
    assert take(target, files).refusal == (400, "E011004")


def test_one_import_changes_a_bounded_number_of_documents(
    files: Files, target: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avow.server.snapshots.actions._MOST_DOCUMENTS", 2)
    assert "one import at most 2" in tried(target, files)["failures"][0]
    assert take(target, files).refusal == (400, "E011004")
