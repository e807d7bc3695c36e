"""S-INJ-04: users to import whose records would be more than data."""

import base64
import json
from typing import Any

from tests.bed.cases import Case
from tests.factories import new_email
from tests.security.calls import Answer, assert_refused
from tests.security.place import Place

IMPORT = "/v1/mgmt/user/import"
SOURCES = ("avow", "csv", "auth0", "firebase", "django", "keycloak")
TABLES = ("users", "login_ids", "passwords", "user_roles", "memberships")
HOSTILE = {
    "a pickle": base64.b64decode("gASVGgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOULg=="),
    "YAML": b"!!python/object/apply:os.system ['true']",
    "a zip archive": b"PK\x03\x04" + b"\0" * 40,
    "a gzip archive": b"\x1f\x8b\x08" + b"\0" * 40,
    "a reference": b'{"$ref": "file:///etc/passwd"}',
    "a class": b'{"__class__": "os.system", "py/object": "os.system"}',
    "deep nesting": b'{"loginId": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a document that never ends": b'{"users": [' + b'{"a": [' * 3000,
    "a long number": b'{"loginId": "a", "createdTime": ' + b"9" * 4000 + b"}",
    "NUL": b'{"loginId": "a\\u0000b"}',
    "a lone surrogate": b'{"loginId": "a\\ud800"}',
    "an entity": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
}
NAMES = ("../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "users.jsonl", "__import__")


def _import(place: Place, source: str, users: bytes, hashes: bytes = b"") -> Answer:
    body: dict[str, Any] = {"source": source, "users": base64.b64encode(users).decode()}
    if hashes:
        body["hashes"] = base64.b64encode(hashes).decode()
    return place.api.post(IMPORT, place.avow.management_key, body)


def _stored(place: Place) -> list[object]:
    return [sorted(place.rows(table, "project_id"), key=repr) for table in TABLES]


def test_s_inj_04_import_of_users(case: Case, each_place: Place) -> None:
    place = each_place

    def works() -> bool:
        answer = _import(place, "avow", json.dumps({"loginId": new_email()}).encode())
        return len(answer.body["users"]) == 1

    case.control(works)
    before = _stored(place)
    for name in NAMES:
        with case.cell(f"import of users, source {name!r}"):
            assert_refused(_import(place, name, b'{"loginId": "zoe"}'), 400)
    for kind, content in HOSTILE.items():
        with case.cell(f"import of users, {kind}"):
            for source in SOURCES:
                for hashes in (b"", content):
                    answer = _import(place, source, content, hashes)
                    assert answer.status in (200, 400), answer.content
                    assert answer.status == 400 or answer.body["users"] == []
                    assert b"root:" not in answer.content
    with case.cell("import of users, 100,000 entries"):
        many = b"".join(json.dumps({"loginId": f"u{number}"}).encode() + b"\n" for number in range(5000))
        assert_refused(_import(place, "avow", many), 400)
        assert_refused(_import(place, "avow", many * 20), 400, 413)
    with case.cell("import of users"):
        assert _stored(place) == before
