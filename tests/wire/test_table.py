"""The table of endpoints is consistent in itself."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from avow.wire.endpoint import Endpoint
from avow.wire.links import LinkSignIn, target_url
from avow.wire.table import ENDPOINTS
from avow.wire.unsupported import UNSUPPORTED
from avow.wire.users import UserResponse


def addresses() -> list[tuple[str, str]]:
    """Return (verb, path) of every route, `{method}` expanded."""
    routes = [(row.verb, path) for row in ENDPOINTS for path, _ in row.concrete_paths()]
    return routes + [(row.verb, row.path) for row in UNSUPPORTED]


def strings_of(kind: inspect.Type) -> list[inspect.StrType]:
    """Return every string type inside a type, however deep."""
    match kind:
        case inspect.StrType():
            return [kind]
        case inspect.Metadata():
            return strings_of(kind.type)
        case inspect.UnionType():
            return [found for part in kind.types for found in strings_of(part)]
        case inspect.VarTupleType():
            return strings_of(kind.item_type)
        case inspect.StructType():
            return [found for field in kind.fields for found in strings_of(field.type)]
        case _:
            return []


def test_ids_are_unique() -> None:
    ids = Counter([row.id for row in ENDPOINTS] + [row.id for row in UNSUPPORTED])
    assert [id for id, count in ids.items() if count > 1] == []


def test_addresses_are_unique_once_methods_are_expanded() -> None:
    assert [address for address, count in Counter(addresses()).items() if count > 1] == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda row: row.id)
def test_methods_are_named_exactly_where_the_path_takes_one(endpoint: Endpoint[Any, Any]) -> None:
    assert bool(endpoint.methods) == ("{method}" in endpoint.path)
    assert all("{method}" not in path for path, _ in endpoint.concrete_paths())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda row: row.id)
def test_every_string_of_a_request_has_a_maximum_length(endpoint: Endpoint[Any, Any]) -> None:
    assert [kind for kind in strings_of(inspect.type_info(endpoint.request)) if kind.max_length is None] == []


def test_a_user_is_answered_with_its_zero_values() -> None:
    sent = msgspec.to_builtins(UserResponse(login_ids=("ann",), user_id="U1"))
    names = {field.encode_name for field in msgspec.structs.fields(UserResponse)}
    assert set(sent) == names - {"recoveryEmail", "recoveryPhone"}
    assert (sent["TOTP"], sent["OAuth"], sent["email"], sent["status"]) == (False, {}, "", "enabled")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"URI": "https://a.example.com"}, "https://a.example.com"),
        ({"redirectUrl": "https://b.example.com"}, "https://b.example.com"),
        ({"URI": "https://a.example.com", "redirectUrl": "https://b.example.com"}, "https://a.example.com"),
        ({"URI": "", "redirectUrl": None}, None),
        ({}, None),
    ],
)
def test_a_link_leads_to_uri_or_redirect_url(body: dict[str, object], expected: str | None) -> None:
    assert target_url(msgspec.convert({"loginId": "ann", **body}, LinkSignIn)) == expected
