"""Management calls of JWT templates."""

from collections.abc import Mapping
from typing import Any

import msgspec

from avow import shaping
from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, text_of
from avow.wire import jwttemplates as wire
from avow.wire.endpoint import Nothing

__all__ = [
    "apply_from_library",
    "create",
    "delete",
    "list_all",
    "list_library",
    "load",
    "load_library_entry",
    "update",
    "validate",
]

_answer = as_is(dict[str, Any])


def create(template: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Return the call that makes one."""
    return call(wire.CREATE, wire.PutTemplate(template=_shaped(template)), _answer)


def update(template: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Return the call that puts one in the place of the one with its id."""
    given = _shaped(template)
    text_of("id", given.id)
    return call(wire.UPDATE, wire.PutTemplate(template=given), _answer)


def delete(id: str) -> Call[None]:
    """Return the call that deletes one."""
    return call(wire.DELETE, wire.TemplateRef(id=text_of("id", id)), ignored)


def load(id: str) -> Call[dict[str, Any]]:
    """Return the call for one."""
    return call(wire.LOAD, wire.TemplateRef(id=text_of("id", id)), _answer, is_repeatable=True)


def list_all() -> Call[dict[str, Any]]:
    """Return the call for all of them."""
    return call(wire.LIST, Nothing(), _answer, is_repeatable=True)


def validate(id: str | None, template: Mapping[str, Any] | None) -> Call[dict[str, Any]]:
    """Return the call that looks one through.

    Raises:
        InvalidArgument: Neither is given.
    """
    if not (id or template):
        raise refused("Give a template or the id of one.")
    body = wire.CheckTemplate(id=id, template=None if template is None else _shaped(template))
    return call(wire.VALIDATE, body, _answer, is_repeatable=True)


def list_library() -> Call[dict[str, Any]]:
    """Return the call for all that come with the server."""
    return call(wire.LIST_LIBRARY, Nothing(), _answer, is_repeatable=True)


def load_library_entry(id: str) -> Call[dict[str, Any]]:
    """Return the call for one that comes with the server."""
    return call(wire.LOAD_LIBRARY_ENTRY, wire.LibraryRef(id=text_of("id", id)), _answer, is_repeatable=True)


def apply_from_library(library_entry_id: str, name: str | None, description: str | None) -> Call[dict[str, Any]]:
    """Return the call that makes one of one that comes with the server."""
    body = wire.ApplyFromLibrary(
        library_entry_id=text_of("library_entry_id", library_entry_id), name=name, description=description
    )
    return call(wire.APPLY_FROM_LIBRARY, body, _answer)


def _shaped(template: Mapping[str, Any]) -> wire.GivenTemplate:
    try:
        return shaping.convert(dict(template), wire.GivenTemplate)
    except msgspec.ValidationError as wrong:
        raise refused(f"The template does not have the expected shape: {wrong}.") from wrong
