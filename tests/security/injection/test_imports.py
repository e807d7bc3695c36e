"""S-INJ-04: files of a snapshot, flows and themes whose names or contents would be more than data."""

import json
from typing import Any

from tests.bed.cases import Case
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.place import Place

PROJECT = "/v1/mgmt/project"
HEADER: dict[str, Any] = {"snapshot.json": {"format": "avow", "version": 1}}
NAMES = (
    "../../etc/passwd",
    "/etc/passwd",
    "flows/../../x.json",
    "flows//etc/passwd.json",
    "flows/..%2f..%2fx.json",
    "flows/a\\..\\b.json",
    "flows/.json",
    "flows/a.json/../../b.json",
    "C:\\windows\\system.ini",
    "file:///etc/passwd",
    "~/.ssh/id_rsa",
    "__proto__",
    "a" * 5000,
    "\u202egnp.json",
)
HARMLESS: tuple[dict[str, Any], ...] = ({}, {"flow": {}, "screens": []}, {"roles": []})
CONTENTS: dict[str, Any] = {
    "pickle": "gASVGgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOULg==",
    "YAML": "!!python/object/apply:os.system ['true']",
    "reference": {"$ref": "file:///etc/passwd"},
    "class": {"__class__": "os.system", "py/object": "os.system"},
    "nested": {"roles": [[[[[[[[]]]]]]]]},
}
TABLES = ("roles", "permissions", "flows", "themes", "project_settings", "attribute_definitions")


def _many_files(count: int) -> dict[str, Any]:
    return HEADER | {f"flows/{number}.json": {} for number in range(count)}


def _stored(place: Place) -> list[object]:
    return [sorted(place.rows(table, "project_id"), key=repr) for table in TABLES]


def _send(place: Place, path: str, body: object) -> Answer:
    return place.api.post(path, place.avow.management_key, body)


def test_s_inj_04_import_of_a_project(case: Case, each_place: Place) -> None:
    place = each_place
    files = _send(place, f"{PROJECT}/snapshot/export", {}).body["files"]
    case.control(lambda: _send(place, f"{PROJECT}/snapshot/import", {"files": files}).status == 200)
    before = _stored(place)
    for path in (f"{PROJECT}/import", f"{PROJECT}/snapshot/import"):
        for name in NAMES:
            with case.cell(f"import of a project, {path}, file {name[:40]!r}"):
                for harmless in HARMLESS:
                    answer = _send(place, path, {"files": {**files, name: harmless}})
                    assert_refused(answer, 400)
                    assert b"root:" not in answer.content
        for kind, content in CONTENTS.items():
            with case.cell(f"import of a project, {path}, content {kind}"):
                for name in ("roles.json", "flows/a.json", "theme.json", "settings.json"):
                    if (name, kind) not in _PLAIN:
                        assert_refused(_send(place, path, {"files": {**files, name: content}}), 400)
        with case.cell(f"import of a project, {path}, 100,000 entries"):
            assert_refused(_send(place, path, {"files": _many_files(100_000)}), 400, 413)
            assert_refused(_send(place, path, {"files": _many_files(1000)}), 400)
        with case.cell(f"import of a project, {path}, an archive"):
            wish = place.api.wish("POST", path, place.avow.management_key)
            for raw in (b"PK\x03\x04" + b"\0" * 40, b"\x1f\x8b\x08" + b"\0" * 40):
                for kind in ("application/json", "application/zip"):
                    archive = Wish(wish.verb, wish.path, {**wish.headers, "content-type": kind}, raw)
                    assert_refused(place.api.carrier.send(archive), 400)
    with case.cell("import of a project, nothing stored has changed"):
        assert _stored(place) == before


# A theme takes any fields and keeps those it knows.
_PLAIN = {("theme.json", kind) for kind in ("reference", "class", "nested")}


def test_s_inj_04_import_of_flows_and_themes(case: Case, each_place: Place) -> None:
    place, flow = each_place, {"flow": {"dsl": CONTENTS["class"]}, "screens": []}

    def works() -> bool:
        made = _send(place, "/v1/mgmt/flow/import", {"flowId": "a", **flow})
        return made.status == 200 and made.body["flow"]["dsl"] == CONTENTS["class"]  # data, and nothing else

    case.control(works)
    before = _stored(place)
    for name in (*NAMES, "..", ".", "a.b", "a/b", "a b", "a\n"):
        with case.cell(f"import of flows and themes, id {name[:40]!r}"):
            assert_refused(_send(place, "/v1/mgmt/flow/import", {"flowId": name, **flow}), 400)
            assert_refused(_send(place, "/v1/mgmt/theme/import", {"theme": {"id": name}}), 400)
            for call in ("export", "delete"):
                body = {"flowId": name} if call == "export" else {"ids": [name]}
                assert_refused(_send(place, f"/v1/mgmt/flow/{call}", body), 400, 404)
    for kind in ("pickle", "YAML"):
        with case.cell(f"import of flows and themes, content {kind}"):
            assert_refused(_send(place, "/v1/mgmt/flow/import", {"flowId": "b", "flow": CONTENTS[kind]}), 400)
            assert_refused(_send(place, "/v1/mgmt/theme/import", {"theme": CONTENTS[kind]}), 400)
            assert_refused(_send(place, "/v1/mgmt/theme/import", {"theme": {"cssTemplate": CONTENTS[kind]}}), 400)
    with case.cell("import of flows and themes, 100,000 entries"):
        screens = [{"id": f"s{number}"} for number in range(1000)]
        assert_refused(_send(place, "/v1/mgmt/flow/import", {"flowId": "b", "flow": {}, "screens": screens}), 400)
        members = {f"k{number}": 1 for number in range(1000)}
        assert_refused(_send(place, "/v1/mgmt/flow/import", {"flowId": "b", "flow": members}), 400)
    with case.cell("import of flows and themes, nothing stored has changed"):
        assert _stored(place) == before


def test_s_sec_04_project_export(case: Case, each_place: Place) -> None:
    place = each_place
    person, key = place.sign_in(), place.avow.management_key
    hidden = [key, key[27:], person.refresh_jwt, person.id, person.login_id]
    hidden += [_send(place, f"{PROJECT}/clone", {"name": "Copy"}).body["managementKey"]]

    def exported(path: str) -> str:
        answer = _send(place, path, {})
        assert answer.status == 200
        return json.dumps(answer.body)

    case.control(lambda: "codeDigits" in exported(f"{PROJECT}/export"))
    with case.cell("project export"):
        for path in (f"{PROJECT}/export", f"{PROJECT}/snapshot/export", "/v1/mgmt/projects/list"):
            said = exported(path)
            for secret in hidden:
                assert secret not in said
    with case.cell("project export, secrets that are sent are not answered"):
        files = _send(place, f"{PROJECT}/export", {}).body["files"]
        given = {"connectors": [{"id": "a", "value": "marked-secret-4711"}], "x": "marked-secret-4711"}
        for call in ("import", "validate"):
            answer = _send(place, f"{PROJECT}/snapshot/{call}", {"files": files, "inputSecrets": given})
            assert b"4711" not in answer.content
        audit = json.dumps(place.rows("audit_events"), default=str)
        assert "4711" not in audit
