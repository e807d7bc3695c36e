"""The OpenAPI 3.1 document: made from the rows and shapes of `wire` and the docstrings of the handlers."""

import inspect
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, get_args, get_origin

import msgspec
from msgspec import UNSET, structs

from avow import shaping
from avow.wire.endpoint import Caller, Endpoint, Nothing
from avow.wire.errors import ErrorEnvelope
from avow.wire.unsupported import Unsupported

__all__ = ["document", "encoded"]

Json = dict[str, Any]
Rows = tuple[Endpoint[Any, Any], ...]

_DIALECT = "3.1.0"
_API_VERSION = "1"
_REF = "#/components/schemas/{name}"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields|Spec):", re.MULTILINE)
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {5,}.*)*)", re.MULTILINE)

_ABOUT = (
    "Every refused call answers the error envelope: `errorCode`, `errorDescription`, `errorMessage`. In requests null "
    "and absent are one, and unknown fields are ignored. Operations that answer 501 belong to the contract and are "
    "not supported yet."
)

_SECURITY_SCHEMES: Json = {
    "project": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "<projectId>",
        "description": "The project id alone: public calls of a sign-in.",
    },
    "session": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "<projectId>:<refreshJwt>",
        "description": "The project id, a colon and the refresh token of the user's session.",
    },
    "refreshCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "DSR",
        "description": "The refresh token as cookie, beside the project id in the Authorization header.",
    },
    "accessKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "<projectId>:<accessKey>",
        "description": "The project id, a colon and the access key of a machine.",
    },
    "managementKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "<projectId>:<managementKey>",
        "description": "The project id, a colon and a management key.",
    },
}
_SECURITY: Mapping[Caller, list[Json]] = {
    Caller.ANYONE: [],
    Caller.PROJECT: [{"project": []}, {"session": []}],
    Caller.SESSION: [{"session": []}, {"project": [], "refreshCookie": []}],
    Caller.ACCESS_KEY: [{"accessKey": []}],
    Caller.MANAGEMENT: [{"managementKey": []}],
}

_REFUSALS: Mapping[str, tuple[str, str]] = {
    "400": ("Malformed", "The request itself is wrong: it cannot be read, or a field is missing or of another shape."),
    "401": ("Unproven", "The project, code, link, token or key is wrong, expired or used up."),
    "403": ("Forbidden", "The caller is known and has no right to do this."),
    "404": ("Missing", "There is no such thing."),
    "413": ("TooLarge", "The request is larger than this server accepts."),
    "429": ("TooMany", "Too many requests; `Retry-After` says how many seconds to wait."),
    "501": ("NotSupported", "The operation, or something that the request asks of it, is not supported yet."),
    "503": ("Unavailable", "The server cannot answer now; `Retry-After` says how many seconds to wait."),
    "default": ("Refused", "Any other refusal."),
}
_AREAS = {"keys": "keys", "license": "project.settings", "exchange_access_key": "accesskey"}
_WAITING = frozenset({"429", "503"})
_RETRY_AFTER: Json = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
}


def document(
    endpoints: Iterable[Endpoint[Any, Any]],
    unsupported: Iterable[Unsupported] = (),
    reference: Mapping[str, str] | None = None,
    *,
    root: str = "",
) -> Json:
    """Describe the API as an OpenAPI 3.1 document.

    Args:
        endpoints: The routes that are answered.
        unsupported: The routes that answer 501.
        reference: Docstring of the handler by endpoint id: its first line becomes the summary, the rest up to the
            first section (`Args:`, `Raises:`, ...) the description.
        root: Path that every route is below, "" unless the server is mounted in an application.

    Spec: OpenAPI 3.1.0.
    """
    rows, texts = tuple(endpoints), reference or {}
    schemas = _schemas(rows)
    paths: dict[str, Json] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.verb.lower()] = _operation(row, schemas, texts.get(row.id, ""))
    for other in unsupported:
        paths.setdefault(other.path, {})[other.verb.lower()] = _unsupported_operation(other)
    return {
        "openapi": _DIALECT,
        "info": {
            "title": "Avow",
            "version": _API_VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": root or "/", "description": "The server that answers this document."}],
        "tags": [{"name": name} for name in _tags(paths)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {name: _refusal(status, text) for status, (name, text) in _REFUSALS.items()},
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def encoded(
    endpoints: Iterable[Endpoint[Any, Any]],
    unsupported: Iterable[Unsupported] = (),
    reference: Mapping[str, str] | None = None,
    *,
    root: str = "",
) -> bytes:
    """Return the document as JSON; made at the first call, kept for the next ones."""
    return _encoded(tuple(endpoints), tuple(unsupported), tuple(sorted((reference or {}).items())), root)


@lru_cache(maxsize=2)
def _encoded(
    rows: Rows, unsupported: tuple[Unsupported, ...], reference: tuple[tuple[str, str], ...], root: str
) -> bytes:
    return msgspec.json.encode(document(rows, unsupported, dict(reference), root=root))


# --- Operations ------------------------------------------------------------------------------------------------


def _operation(row: Endpoint[Any, Any], schemas: Json, docstring: str) -> Json:
    summary, description = _prose(docstring)
    operation: Json = {
        "operationId": row.id,
        "tags": [_tag(row.id)],
        "summary": summary or _title(row.id),
        "security": _SECURITY[row.caller],
        "parameters": _path_parameters(row.path, row.methods),
        "responses": _responses(row),
    }
    if description:
        operation["description"] = description
    if row.takes_query or row.queried:
        operation["parameters"] += _query_parameters(row, schemas)
    if not row.takes_query:
        operation["requestBody"] = _request_body(row, schemas)
    return operation


def _request_body(row: Endpoint[Any, Any], schemas: Json) -> Json:
    """Describe a body; fields that travel in the query are left out of it."""
    schema, is_required = _reference(row.request), _is_required(row.request, schemas)
    if row.queried:
        whole = _schema_of(row.request, schemas)
        required = [name for name in whole.get("required", ()) if name not in row.queried]
        kept = {name: field for name, field in whole["properties"].items() if name not in row.queried}
        schema = {"type": "object", "properties": kept, **({"required": required} if required else {})}
        is_required = bool(required)
    kind = "application/x-www-form-urlencoded" if row.takes_form else "application/json"
    return {"required": is_required, "content": {kind: {"schema": schema}}}


def _is_required(kind: object, schemas: Json) -> bool:
    """Tell whether a body must be sent: a shape with a required field, or a bare list."""
    return not isinstance(kind, type) or bool(_schema_of(kind, schemas).get("required"))


def _unsupported_operation(row: Unsupported) -> Json:
    parameters = _path_parameters(row.path, ())
    return {
        "operationId": row.id,
        "tags": [_tag(row.id)],
        "summary": f"{_title(row.id)} (not supported yet)",
        "security": _SECURITY[row.caller],
        **({"parameters": parameters} if parameters else {}),
        "responses": {status: _refusal_reference(status) for status in _statuses_of_unsupported(row)},
    }


def _responses(row: Endpoint[Any, Any]) -> Json:
    schema = _reference(row.response)
    if row.may_be_empty:
        schema = {"anyOf": [schema, _reference(Nothing)]}
    return {
        "200": {"description": "Done.", "content": {"application/json": {"schema": schema}}},
        **{status: _refusal_reference(status) for status in _statuses(row)},
    }


def _statuses(row: Endpoint[Any, Any]) -> list[str]:
    """Return the statuses of the refusals to expect; what management names may be missing, or not supported."""
    if row.caller is Caller.ANYONE:
        return ["404", "429", "503", "default"]
    if row.caller is Caller.MANAGEMENT:
        return ["400", "401", "403", "404", "413", "429", "501", "503", "default"]
    return ["400", "401", "403", "413", "429", "503", "default"]


def _statuses_of_unsupported(row: Unsupported) -> list[str]:
    refused = ["401"] if row.caller is Caller.PROJECT else ["401", "403"]
    return [*refused, "429", "501", "503", "default"]


def _path_parameters(path: str, methods: tuple[str, ...]) -> list[Json]:
    parameters: list[Json] = []
    for name in _PLACEHOLDER.findall(path):
        schema: Json = {"type": "string", "minLength": 1, "maxLength": 200}
        if name == "method":
            schema = {"type": "string", "enum": list(methods)}
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema})
    return parameters


def _query_parameters(row: Endpoint[Any, Any], schemas: Json) -> list[Json]:
    shape = _schema_of(row.request, schemas)
    required = shape.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in shape.get("properties", {}).items()
        if row.takes_query or name in row.queried
    ]


def _refusal(status: str, text: str) -> Json:
    answer: Json = {
        "description": text,
        "content": {"application/json": {"schema": _reference(ErrorEnvelope)}},
    }
    if status in _WAITING:
        answer["headers"] = _RETRY_AFTER
    return answer


def _refusal_reference(status: str) -> Json:
    return {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}


# --- Shapes ----------------------------------------------------------------------------------------------------


def _schemas(rows: Rows) -> Json:
    """Return the schema of every shape; in answers, what is always sent is required."""
    wanted: list[Any] = [ErrorEnvelope, Nothing]
    for row in rows:
        wanted += [row.request, row.response]
    _, made = shaping.schemas(wanted, _any_value, _REF)
    components: Json = shaping.decode(msgspec.json.encode(made))  # defaults that are tuples become lists
    in_requests = _shapes_in(row.request for row in rows)
    in_answers = _shapes_in([ErrorEnvelope, *(row.response for row in rows)])
    for shape in in_requests | in_answers:
        _describe(components[shape.__name__], shape)
    for shape in in_answers - in_requests:
        _say_what_is_sent(components[shape.__name__], shape)
    return dict(sorted(components.items()))


def _any_value(kind: type[Any]) -> Json:
    """Describe a free-form value."""
    if kind is not object:
        raise NotImplementedError(kind)
    return {"description": "Any JSON value."}


def _shapes_in(kinds: Iterable[Any]) -> set[type[msgspec.Struct]]:
    """Return the structs that the types are made of, however deep."""
    found: set[type[msgspec.Struct]] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, msgspec.Struct):
            if kind not in found:
                found.add(kind)
                waiting += [field.type for field in structs.fields(kind)]
        else:
            waiting += get_args(kind)
    return found


def _describe(schema: Json, shape: type[msgspec.Struct]) -> None:
    """Give the shape its first paragraph, and each field its line, of the docstrings."""
    schema["description"] = " ".join(_prose(shape.__doc__ or "")).strip()
    texts: dict[str, str] = {}
    for parent in reversed(shape.__mro__):
        texts |= _attribute_texts(parent.__dict__.get("__doc__") or "")
    for field in structs.fields(shape):
        if field.name in texts:
            schema["properties"][field.encode_name] = {
                **_without_null_default(schema["properties"][field.encode_name]),
                "description": texts[field.name],
            }


def _without_null_default(schema: Json) -> Json:
    """Return the schema without a default of null, which says only that the field is optional."""
    return {name: value for name, value in schema.items() if name != "default" or value is not None}


def _say_what_is_sent(schema: Json, shape: type[msgspec.Struct]) -> None:
    """Require what an answer always holds; its zero values are then no defaults any more."""
    sent = [field.encode_name for field in structs.fields(shape) if field.default is not UNSET]
    if sent:
        schema["required"] = sent
    for field in schema["properties"].values():
        if not field.get("default", True):
            del field["default"]


def _reference(kind: object) -> Json:
    """Return where a shape is described; a body that is a bare list is described where it stands."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return {"$ref": _REF.format(name=kind.__name__)}
    [schema], _ = shaping.schemas([kind], _any_value, _REF)
    return schema


def _schema_of(kind: type[Any], schemas: Json) -> Json:
    schema: Json = schemas[kind.__name__]
    return schema


# --- Words -----------------------------------------------------------------------------------------------------


def _prose(docstring: str) -> tuple[str, str]:
    """Return the first line of a docstring, and what follows it up to the first section."""
    text = _SECTION.split(inspect.cleandoc(docstring))[0].strip()
    summary, _, rest = text.partition("\n\n")
    return " ".join(summary.split()), rest.strip()


def _attribute_texts(docstring: str) -> dict[str, str]:
    _, _, attributes = inspect.cleandoc(docstring).partition("Attributes:\n")
    own = _SECTION.split(attributes)[0]
    return {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(own)}


def _tag(operation_id: str) -> str:
    """Return the area of an operation: `otp`, `mgmt.user`; `sessions` for most calls without one."""
    area = operation_id.rpartition(".")[0]
    return area or _AREAS.get(operation_id, "sessions")


def _tags(paths: Mapping[str, Json]) -> list[str]:
    """Return each area once, in the order of the table."""
    found = (tag for path in paths.values() for operation in path.values() for tag in operation["tags"])
    return list(dict.fromkeys(found))


def _title(operation_id: str) -> str:
    name = operation_id.rpartition(".")[2].replace("_", " ")
    return name[:1].upper() + name[1:]
