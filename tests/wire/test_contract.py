"""The rows and shapes say what the contract says.

Rules of comparison:

- A field of a request, in its body or its query, exists in our shape with a compatible type. A string is required if
  every operation that the row serves always sends it, unless listed in `SENT_BUT_NULLABLE`: operations that share an
  address (by id or by name, with a tenant or without) share a shape. What every one of them names in the query may be
  required. Everything else takes null: flags, lists and objects that are always sent are null in some clients.
- A body that is a bare list is one in our row.
- A field of an answer exists in our shape with a compatible type.
- A word of the contract that only says "string" allows a choice of strings, and one that only says "object" a shape.
- Every operation with an address is an `Endpoint` or in the table of the unsupported, and none is in both.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import NODEFAULT, inspect

from avow.wire.endpoint import Caller, Endpoint
from avow.wire.table import ENDPOINTS
from avow.wire.unsupported import UNSUPPORTED

CONTRACT = Path(__file__).parent.parent / "contract"
OPERATIONS = [row for row in json.loads((CONTRACT / "operations.json").read_text()) if row["path"]]
TYPES = json.loads((CONTRACT / "types.json").read_text())

SENT_BUT_NULLABLE = {
    "URI": "clients send null when the project's default is meant",
    "transactionId": "the Go client spells it transactionID",
    "providerID": "clients leave it out when no provider was chosen",
}
ANY_VALUE = {
    "mgmt.list.create.data": "the data of a list of type json are an object",
    "mgmt.list.update.data": "the data of a list of type json are an object",
    "mgmt.list.import_lists.lists[].data": "the data of a list of type json are an object",
    "mgmt.user.update_custom_attribute.attributeValue": "attributes that are numbers, flags and lists are set here too",
}
FREE = {
    **dict.fromkeys(
        (f"mgmt.project.{name}.files" for name in ("import_project", "import_snapshot", "validate_snapshot")),
        "files by path: the contract names one as an example",
    ),
    "mgmt.flow.import_flow.flow": "a document: the contract names its id as an example",
    "mgmt.flow.import_flow.screens[]": "a document: the contract names its id as an example",
    "mgmt.flow.import_theme.theme": "a document: the contract names its id as an example",
    "mgmt.flow.export_flow.flow": "a document that is given back as it was imported",
    "mgmt.flow.export_flow.screens[]": "a document that is given back as it was imported",
}
OTHER_CALLER = {
    "keys": "key sets are public: OpenID libraries fetch them without a header",
    "go-only.OAuthUpdateUser": "a provider is connected to the user of a session",
    "js-only.try-refresh": "answers {} instead of 401 when there is no session",
    "saml.start": "a session is shown for step-up and MFA alone, as in sso.start",
}
ADDED = {
    "mgmt.app.create": "ours: applications with all of their settings",
    "mgmt.app.load": "ours: applications",
    "mgmt.app.list": "ours: applications",
    "mgmt.app.update": "ours: applications",
    "mgmt.app.rotate_secret": "ours: a new secret beside the one before",
    "mgmt.app.grant": "ours: what an application may do in its own name",
    "mgmt.app.delete": "ours: applications",
    "mgmt.api.create": "ours: APIs that access tokens are for",
    "mgmt.api.load": "ours: APIs",
    "mgmt.api.list": "ours: APIs",
    "mgmt.api.update": "ours: APIs",
    "mgmt.api.delete": "ours: APIs",
    "magiclink.update_user_phone_by_method": "the Go and browser clients name the method here",
    "sessions.mine": "ours: a person sees their sessions",
    "sessions.end": "ours: a person ends one of their sessions",
    "consents.mine": "ours: a person sees what they have allowed applications",
    "consents.revoke": "ours: a person takes it back",
    "devices.mine": "ours: a person sees on which devices no second factor is asked for",
    "devices.remove": "ours: a person has one of them asked again",
    "sessions.allow_impersonation": "ours: a person agrees to be impersonated",
    "totp.remove": "ours: a person takes their authenticator app away",
    "recoverycodes.generate": "ours: recovery codes",
    "recoverycodes.verify": "ours: recovery codes",
    "recoverycodes.left": "ours: recovery codes",
    "webauthn.mine": "ours: a person sees their passkeys",
    "webauthn.rename": "ours: a person names one of their passkeys",
    "webauthn.remove": "ours: a person removes one of their passkeys",
    "keys.oidc": "where OpenID libraries look for the keys",
    "mgmt.provider.save": "ours: social providers",
    "mgmt.provider.load": "ours: social providers",
    "mgmt.provider.load_all": "ours: social providers",
    "mgmt.provider.delete": "ours: social providers",
    "project.settings.get": "ours: project settings",
    "project.settings.set": "ours: project settings",
}
CALLERS = {
    "project": {Caller.PROJECT},
    "refresh": {Caller.SESSION},
    "access_key": {Caller.ACCESS_KEY},
    "management": {Caller.MANAGEMENT},
    "inbound_app_token": {Caller.MANAGEMENT},
}

# What answers of ours never have, and why.
NEVER_SENT = {
    "js-only.flow.{}.screen.componentsConfig": "screens are plain HTML, which nothing configures",
    "js-only.flow.{}.samlIdpResponse": "Avow is no identity provider over SAML",
    "js-only.flow.{}.wsFedIdpResponse": "Avow is no identity provider over WS-Federation",
    "js-only.flow.{}.nativeResponse": "there are no native flows",
    "js-only.flow.{}.error": "what goes wrong is a status of its own, or told on the screen",
}
NEVER = {place.format(name) for place in NEVER_SENT for name in ("start", "next")}
# Operations of whose requests the contract only says where they go.
UNRECORDED = {
    "js-only.flow.start",
    "js-only.flow.next",
    "go-only.third_party_application.CreateApplication",
    "go-only.third_party_application.UpdateApplication",
    "go-only.third_party_application.PatchApplication",
    "go-only.third_party_application.LoadApplication",
    "go-only.third_party_application.AddApplicationSecret",
    "go-only.third_party_application.RevokeApplicationSecret",
    "go-only.ssoapplication.AddApplicationSecret",
    "go-only.ssoapplication.RevokeApplicationSecret",
}

BARE_LIST = "<body is a bare array>"

BY_ADDRESS = {(row.verb, path): row for row in ENDPOINTS for path, _ in row.concrete_paths()}
UNSUPPORTED_BY_ADDRESS = {(row.verb, row.path): row for row in UNSUPPORTED}


def addresses(operation: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the (verb, path) of an operation, one for each delivery method."""
    methods = operation.get("path_values", {}).get("method", [""])
    return [(operation["method"], operation["path"].replace("{method}", method)) for method in methods]


def row_of(operation: dict[str, Any]) -> Endpoint[Any, Any] | None:
    return BY_ADDRESS.get(addresses(operation)[0])


SUPPORTED = [operation for operation in OPERATIONS if row_of(operation)]


def named(operations: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("operation", operations, ids=lambda operation: operation["id"])


def bare(kind: inspect.Type) -> inspect.Type:
    """Return a type without null and metadata."""
    if isinstance(kind, inspect.Metadata):
        return bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        rest = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
        assert len(rest) == 1, kind
        return bare(rest[0])
    return kind


def mismatches(wanted: Any, kind: inspect.Type, place: str) -> list[str]:
    """Return where a type of ours does not fit a type of the contract."""
    kind = bare(kind)
    if place in ANY_VALUE:
        wanted = "any"
    if isinstance(wanted, str) and wanted.startswith("$"):
        return mismatches(TYPES[wanted[1:]], kind, place)
    if isinstance(wanted, str):
        return [] if fits(wanted, kind) else [f"{place}: {wanted} is {kind}"]
    if isinstance(wanted, list):
        if not isinstance(kind, inspect.VarTupleType | inspect.ListType):
            return [f"{place}: a list is {kind}"]
        return mismatches(wanted[0], kind.item_type, f"{place}[]")
    if place in FREE or any(name.startswith("<") for name in wanted):
        free = isinstance(kind, inspect.DictType) or "<any>" in wanted
        return [] if free else [f"{place}: a mapping is {kind}"]
    if not isinstance(kind, inspect.StructType):
        return [f"{place}: an object is {kind}"]
    return missing_fields(wanted, kind, place)


def missing_fields(wanted: dict[str, Any], kind: inspect.StructType, place: str) -> list[str]:
    ours = {field.encode_name: field.type for field in kind.fields}
    found: list[str] = []
    for name, value in wanted.items():
        if name in ours:
            found += mismatches(value, ours[name], f"{place}.{name}")
        elif f"{place}.{name}" not in NEVER:
            found.append(f"{place}.{name} is missing")
    return found


def fits(wanted: str, kind: inspect.Type) -> bool:
    word = "string" if "|" in wanted else wanted.split()[0].rstrip(":")
    if word == "array":
        return isinstance(kind, inspect.VarTupleType | inspect.ListType)
    if word == "any":
        return isinstance(kind, inspect.AnyType) or (isinstance(kind, inspect.CustomType) and kind.cls is object)
    if isinstance(kind, inspect.LiteralType):
        return word == "string" and all(isinstance(value, str) for value in kind.values)
    if isinstance(kind, inspect.StructType):
        return wanted == "object"
    expected: dict[str, type[inspect.Type]] = {
        "string": inspect.StrType,
        "sig": inspect.StrType,
        "bool": inspect.BoolType,
        "int": inspect.IntType,
        "object": inspect.DictType,
    }
    return isinstance(kind, expected[word])


def fields_of_request(operation: dict[str, Any]) -> Any:
    """Return the types of what a request sends: by name, or those of the list that its body is."""
    if BARE_LIST in operation["request"]:
        return operation["request"][BARE_LIST]
    sent = {name: field["type"] for name, field in operation["request"].items()}
    return sent | operation.get("query", {})


def strings_always_sent(operation: dict[str, Any]) -> set[str]:
    fields = operation["request"].items()
    always = {name: field for name, field in fields if name != BARE_LIST and field["sent"] == "always"}
    return {name for name, field in always.items() if field["type"] == "string" and not field.get("null_when_unset")}


def served_by(row: Endpoint[Any, Any]) -> list[dict[str, Any]]:
    """Return the operations of the contract that the row answers."""
    return [operation for operation in SUPPORTED if row_of(operation) is row]


@named(SUPPORTED)
def test_request_has_every_field_of_the_contract(operation: dict[str, Any]) -> None:
    row = row_of(operation)
    assert row
    assert mismatches(fields_of_request(operation), inspect.type_info(row.request), operation["id"]) == []


@named(SUPPORTED)
def test_request_is_a_bare_list_where_the_contract_has_one(operation: dict[str, Any]) -> None:
    row = row_of(operation)
    assert row
    is_list = not isinstance(bare(inspect.type_info(row.request)), inspect.StructType)
    assert is_list == (BARE_LIST in operation["request"])


@named([operation for operation in SUPPORTED if BARE_LIST not in operation["request"]])
def test_request_requires_what_is_always_sent_and_takes_null_for_the_rest(operation: dict[str, Any]) -> None:
    row = row_of(operation)
    assert row
    kind = inspect.type_info(row.request)
    assert isinstance(kind, inspect.StructType)
    together = served_by(row)
    strings = set.intersection(*map(strings_always_sent, together)) - set(SENT_BUT_NULLABLE)
    queried = set.intersection(*(set(other.get("query", {})) for other in together))
    required = {field.encode_name for field in kind.fields if field.required}
    assert required - queried == strings - queried or operation["id"] in UNRECORDED
    for field in kind.fields:
        nullable = isinstance(field.type, inspect.UnionType) and field.type.includes_none
        assert field.required or (field.default is None and nullable), field.encode_name
        assert field.default_factory is NODEFAULT


@named(SUPPORTED)
def test_response_has_every_field_of_the_contract(operation: dict[str, Any]) -> None:
    row = row_of(operation)
    assert row
    assert mismatches(operation["response"], inspect.type_info(row.response), operation["id"]) == []


@named(OPERATIONS)
def test_operation_is_supported_or_listed_as_unsupported(operation: dict[str, Any]) -> None:
    for address in addresses(operation):
        assert (address in BY_ADDRESS) != (address in UNSUPPORTED_BY_ADDRESS), address


@named(OPERATIONS)
def test_caller_is_the_one_of_the_contract(operation: dict[str, Any]) -> None:
    row = row_of(operation) or UNSUPPORTED_BY_ADDRESS[addresses(operation)[0]]
    assert (row.caller in CALLERS[operation["auth"]]) != (operation["id"] in OTHER_CALLER)


def test_what_is_not_of_the_contract_is_listed_with_its_reason() -> None:
    known = {address for operation in OPERATIONS for address in addresses(operation)}
    assert {row.id for address, row in BY_ADDRESS.items() if address not in known} == set(ADDED)
    assert [row.id for address, row in UNSUPPORTED_BY_ADDRESS.items() if address not in known] == []
