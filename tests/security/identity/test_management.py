"""S-IDN-06: what no text may hold, in what management names and keeps."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from avow.server.attributes import actions as attributes
from avow.wire.attributes import AttributeDefinition
from tests.bed.cases import Case
from tests.factories import make_access_key, make_user, new_email
from tests.security.calls import Answer, Wish, assert_refused
from tests.security.counting import STARTED, state
from tests.security.place import Place

TABLES = ("tenants", "roles", "permissions", "access_keys", "lists", "attribute_definitions", "attribute_values")
ODD = {
    "NUL": "a\0b",
    "escape": "a\x1bb",
    "lone surrogate": "a\ud800b",
    "line break": "a\r\nb",
    "10,000 combining marks": "a" + "\u0301" * 10_000,
    "a few combining marks": "a" + "\u0301" * 100,
    "noncharacter": "a\uffffb",
}
_REFUSED_ALWAYS = {"NUL", "lone surrogate", "10,000 combining marks"}


def _stored(place: Place) -> object:
    tables = {table: sorted(place.rows(table, "project_id"), key=repr) for table in TABLES}
    return tables, state(place, STARTED)


def _manage(place: Place, path: str, body: object, verb: str = "POST") -> Answer:
    """Send a body with its lone surrogates written out, as any client can."""
    wish = place.api.wish("POST", path, place.avow.management_key, {})
    return place.api.carrier.send(Wish(verb, wish.path, wish.headers, json.dumps(body).encode()))


def test_s_idn_06_what_management_names(case: Case, each_place: Place) -> None:
    place, key = each_place, each_place.avow.management_key
    case.control(lambda: _manage(place, "/v1/mgmt/tenant/create", {"name": "Acme \u00e9"}).status == 200)

    def tenant_named(tenant_id: str) -> object:
        return place.api.get(f"/v1/mgmt/tenant?id={tenant_id}", key).body["name"]

    def named(path: str, name: str, listed: str) -> object:
        found = place.api.get(f"/v1/mgmt/{path}/all", key).body[listed]
        return next((each["name"] for each in found if each["name"] == name), None)

    makers: dict[str, Callable[[str], tuple[Answer, Callable[[Answer], object]]]] = {
        "tenant name": lambda text: (
            _manage(place, "/v1/mgmt/tenant/create", {"name": text}),
            lambda made: tenant_named(made.body["id"]),
        ),
        "role name": lambda text: (
            _manage(place, "/v1/mgmt/role/create", {"name": text}),
            lambda made: named("role", text, "roles"),
        ),
        "permission name": lambda text: (
            _manage(place, "/v1/mgmt/permission/create", {"name": text}),
            lambda made: named("permission", text, "permissions"),
        ),
        "access key name": lambda text: (
            _manage(place, "/v1/mgmt/accesskey/create", {"name": text}),
            lambda made: place.api.get(f"/v1/mgmt/accesskey?id={made.body['key']['id']}", key).body["key"]["name"],
        ),
        "list name": lambda text: (
            _manage(place, "/v1/mgmt/list", {"name": text, "type": "texts", "data": ["a"]}),
            lambda made: made.body["list"]["name"],
        ),
    }
    for what, text in ODD.items():
        for name, make in makers.items():
            with case.cell(f"{name}, {what}"):
                before = _stored(place)
                answer, kept = make(text)
                if _is_kept(what, answer):
                    assert kept(answer) == text
                else:
                    assert _stored(place) == before
        with case.cell(f"id of a tenant, {what}"):
            before = _stored(place)
            answer = _manage(place, "/v1/mgmt/tenant/create", {"name": "x", "id": text})
            if not text.isprintable() or what in _REFUSED_ALWAYS:
                assert_refused(answer, 400)
                assert _stored(place) == before


def test_s_idn_06_custom_attributes(case: Case, each_place: Place) -> None:
    place, key = each_place, each_place.avow.management_key
    login_id = new_email()
    make_user(place.avow, login_id)
    tenant_id = _manage(place, "/v1/mgmt/tenant/create", {"name": "Acme"}).body["id"]
    key_id = make_access_key(place.avow)[0]
    definition = [AttributeDefinition(name="team", type="string")]
    kinds: tuple[attributes.Kind, ...] = ("user", "tenant", "accesskey")
    for kind in kinds:
        place.avow.run(partial(attributes.define, kind=kind, wanted=definition, actor="test"))

    def user() -> Any:
        return place.api.get(f"/v1/mgmt/user?loginId={login_id}", key).body["user"]["customAttributes"]

    def set_of_user(values: object) -> Answer:
        return _manage(place, "/v1/mgmt/user/patch", {"loginId": login_id, "customAttributes": values}, "PATCH")

    def set_of_tenant(values: object) -> Answer:
        return _manage(place, "/v1/mgmt/tenant/patch", {"id": tenant_id, "customAttributes": values}, "PATCH")

    def set_of_key(values: object) -> Answer:
        body = {"id": key_id, "name": "x", "customAttributes": values}
        return _manage(place, "/v1/mgmt/accesskey/update", body)

    shown: dict[str, tuple[Callable[[object], Answer], Callable[[], Any]]] = {
        "user": (set_of_user, user),
        "tenant": (
            set_of_tenant,
            lambda: place.api.get(f"/v1/mgmt/tenant?id={tenant_id}", key).body["customAttributes"],
        ),
        "access key": (
            set_of_key,
            lambda: place.api.get(f"/v1/mgmt/accesskey?id={key_id}", key).body["key"]["customAttributes"],
        ),
    }
    case.control(lambda: set_of_user({"team": "blue"}).status == 200 and user()["team"] == "blue")
    for what, text in ODD.items():
        for owner, (give, read) in shown.items():
            with case.cell(f"custom attribute of a {owner}, {what}"):
                before = _stored(place)
                answer = give({"team": text})
                if _is_kept(what, answer):
                    assert read()["team"] == text
                else:
                    assert _stored(place) == before
            with case.cell(f"name of a custom attribute of a {owner}, {what}"):
                before = _stored(place)
                answer = give({text: "x"})
                if _is_kept(what, answer):
                    assert read()[text] == "x"
                else:
                    assert _stored(place) == before
        with case.cell(f"definition of a custom attribute, {what}"):
            before = _stored(place)
            body = {"attributes": [{"name": text, "type": "string"}]}
            answer = _manage(place, "/v1/mgmt/user/customattribute/create", body)
            if not text.isprintable() or what in _REFUSED_ALWAYS:
                assert_refused(answer, 400)
                assert _stored(place) == before


def _is_kept(what: str, answer: Answer) -> bool:
    """Tell whether a text was taken, as some may be; otherwise assert that it was refused as the contract says."""
    if answer.status == 200 and what not in _REFUSED_ALWAYS:
        return True
    assert_refused(answer, 400)
    assert answer.body["errorCode"].startswith("E0110")
    return False
