"""The OpenAPI document is valid, complete, and says what the routes say."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType
from openapi_spec_validator import OpenAPIV31SpecValidator

from avow.server.openapi import document, encoded
from avow.wire import keys, otp, roles, sessions
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.errors import ErrorEnvelope
from avow.wire.table import ENDPOINTS
from avow.wire.unsupported import UNSUPPORTED
from avow.wire.users import UserResponse

DOCUMENT = document(ENDPOINTS, UNSUPPORTED)
ROOT = Path(__file__).parent.parent.parent


class Found(Shape, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        id: Its id, which may take
            two lines.
        note: A note.
    """

    id: str = ""
    note: str | UnsetType = UNSET


class Find(Shape, frozen=True, kw_only=True):
    """A query."""

    id: Annotated[str, Meta(max_length=9)]
    limit: int | None = None


FIND = Endpoint("test.find", "GET", "/test/{place}", Find, Found, Caller.MANAGEMENT)


def operation(row: Endpoint[Any, Any], described: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    found: dict[str, Any] = described["paths"][row.path][row.verb.lower()]
    return found


def references(value: object) -> list[str]:
    """Return every `$ref` inside a JSON value."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for part in value.values() for found in references(part)]
    if isinstance(value, list):
        return [found for part in value for found in references(part)]
    return []


def test_document_is_valid_openapi_3_1() -> None:
    assert [error.message[:200] for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_row_is_described_once_under_its_id() -> None:
    ids = Counter(each["operationId"] for path in DOCUMENT["paths"].values() for each in path.values())
    assert ids == Counter([row.id for row in ENDPOINTS] + [row.id for row in UNSUPPORTED])


def test_every_reference_leads_somewhere() -> None:
    for reference in set(references(DOCUMENT)):
        target: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_shapes_have_distinct_names() -> None:
    assert [name for name in DOCUMENT["components"]["schemas"] if "." in name] == []


def test_refusals_answer_the_envelope_and_throttling_says_how_long_to_wait() -> None:
    responses = DOCUMENT["components"]["responses"]
    for answer in responses.values():
        assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorEnvelope"}
    assert {name for name, answer in responses.items() if "headers" in answer} == {"TooMany", "Unavailable"}
    envelope = DOCUMENT["components"]["schemas"]["ErrorEnvelope"]
    assert envelope["required"] == ["errorCode", "errorDescription", "errorMessage"]
    assert set(envelope["properties"]) == {field.encode_name for field in msgspec.structs.fields(ErrorEnvelope)}


def test_documented_statuses_are_those_of_the_contract() -> None:
    assert set(operation(otp.VERIFY)["responses"]) == {"200", "400", "401", "403", "413", "429", "503", "default"}
    assert {"404", "501"} <= set(operation(roles.UPDATE)["responses"])
    unsupported = DOCUMENT["paths"][UNSUPPORTED[0].path][UNSUPPORTED[0].verb.lower()]
    assert {"401", "403", "429", "501", "503"} <= set(unsupported["responses"])


@pytest.mark.parametrize(
    ("row", "schemes"),
    [
        (keys.KEYS, []),
        (otp.SIGN_IN, [{"project"}, {"session"}]),
        (sessions.ME, [{"session"}, {"project", "refreshCookie"}]),
        (FIND, [{"managementKey"}]),
    ],
)
def test_security_says_what_the_header_carries(row: Endpoint[Any, Any], schemes: list[set[str]]) -> None:
    described = operation(row, document([row]))
    assert [set(scheme) for scheme in described["security"]] == schemes


def test_delivery_methods_are_an_enumeration() -> None:
    [parameter] = operation(otp.UPDATE_PHONE)["parameters"]
    assert parameter["schema"] == {"type": "string", "enum": ["sms", "voice", "whatsapp"]}


def test_query_of_a_get_is_described_as_parameters() -> None:
    described = operation(FIND, document([FIND]))
    assert [(each["name"], each["in"], each["required"]) for each in described["parameters"]] == [
        ("place", "path", True),
        ("id", "query", True),
        ("limit", "query", False),
    ]
    assert "requestBody" not in described


def test_body_is_required_only_when_a_field_is() -> None:
    assert operation(otp.SIGN_IN)["requestBody"]["required"]
    assert not operation(sessions.REFRESH)["requestBody"]["required"]


def test_answer_requires_what_is_always_sent_and_describes_its_fields() -> None:
    found = document([FIND])["components"]["schemas"]["Found"]
    assert found["required"] == ["id"]
    assert found["description"] == "What was found."
    assert found["properties"]["id"] == {"type": "string", "description": "Its id, which may take two lines."}


def test_answer_of_a_shape_with_zero_values_fits_its_schema() -> None:
    schema = DOCUMENT["components"]["schemas"]["UserResponse"]
    sent = msgspec.to_builtins(UserResponse(login_ids=("ann",), user_id="U1"))
    assert set(schema["required"]) == set(sent)


def test_answer_that_may_be_empty_says_so() -> None:
    schema = operation(sessions.TRY_REFRESH)["responses"]["200"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/Nothing"} in schema["anyOf"]
    listed = operation(sessions.HISTORY)["responses"]["200"]["content"]["application/json"]["schema"]
    assert listed == {"type": "array", "items": {"$ref": "#/components/schemas/LoginRecord"}}


def test_docstring_of_the_handler_becomes_summary_and_description() -> None:
    docstring = """Take a code back.

        A wrong one counts.

        Args:
            call: Not for the caller to know.
        """
    described = operation(otp.VERIFY, document([otp.VERIFY], reference={"otp.verify_code": docstring}))
    assert (described["summary"], described["description"]) == ("Take a code back.", "A wrong one counts.")
    assert operation(otp.VERIFY)["summary"] == "Verify code"
    assert "description" not in operation(otp.VERIFY)


def test_shape_that_json_cannot_describe_is_refused() -> None:
    class Odd(Shape, frozen=True, kw_only=True):
        """Holds what is no JSON."""

        value: complex

    with pytest.raises((NotImplementedError, TypeError)):
        document([Endpoint("test.odd", "GET", "/odd", Nothing, Odd, Caller.ANYONE)])


def test_encoded_document_is_the_document_and_is_made_once() -> None:
    first = encoded(ENDPOINTS, UNSUPPORTED)
    assert json.loads(first) == json.loads(json.dumps(DOCUMENT))
    assert encoded(ENDPOINTS, UNSUPPORTED) is first


def test_reference_file_holds_every_row() -> None:
    written = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text())
    assert set(written["paths"]) == set(DOCUMENT["paths"])
