"""Management calls of applications and APIs, Avow's own."""

from collections.abc import Iterable, Mapping
from typing import Any

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, shaped, text_of
from avow.wire import applications as wire

__all__ = [
    "create",
    "create_api",
    "delete",
    "delete_api",
    "grant",
    "list_all",
    "list_apis",
    "load",
    "load_api",
    "rotate_secret",
    "update",
    "update_api",
]

_all = as_is(dict[str, Any])


def create(values: Mapping[str, object]) -> Call[dict[str, Any]]:
    """Return the call that makes an application."""
    text_of("name", values["name"])
    return call(wire.CREATE, shaped(values, wire.CreateApplication), _all)


def load(id: str) -> Call[dict[str, Any]]:
    """Return the call for an application."""
    return call(wire.LOAD, wire.ApplicationRef(id=text_of("id", id)), _all)


def list_all(page: int | None, limit: int | None) -> Call[dict[str, Any]]:
    """Return the call for a page of the applications."""
    return call(wire.LIST, shaped({"page": page, "limit": limit}, wire.ListPage), _all)


def update(values: Mapping[str, object]) -> Call[dict[str, Any]]:
    """Return the call that changes an application."""
    text_of("id", values["id"])
    return call(wire.UPDATE, shaped(values, wire.UpdateApplication), _all, is_repeatable=True)


def rotate_secret(id: str, overlap_seconds: int | None) -> Call[dict[str, Any]]:
    """Return the call that gives an application a new secret."""
    body = {"id": text_of("id", id), "overlapSeconds": overlap_seconds}
    return call(wire.ROTATE, shaped(body, wire.RotateSecret), _all)


def grant(id: str, audience: str, scopes: Iterable[str] | None) -> Call[dict[str, Any]]:
    """Return the call that says what an application may do in its own name."""
    if isinstance(scopes, str):
        raise refused("scopes is a text, not a list of texts.")
    wanted = None if scopes is None else list(scopes)
    body = {"id": text_of("id", id), "audience": text_of("audience", audience), "scopes": wanted}
    return call(wire.GRANT, shaped(body, wire.GrantApi), _all, is_repeatable=True)


def delete(id: str) -> Call[None]:
    """Return the call that deletes an application."""
    return call(wire.DELETE, wire.ApplicationId(id=text_of("id", id)), ignored)


def create_api(values: Mapping[str, object], permissions: Mapping[str, str] | None) -> Call[dict[str, Any]]:
    """Return the call that makes an API."""
    text_of("identifier", values["identifier"])
    return call(wire.API_CREATE, shaped({**values, "permissions": _listed(permissions)}, wire.CreateApi), _all)


def load_api(id: str) -> Call[dict[str, Any]]:
    """Return the call for an API."""
    return call(wire.API_LOAD, wire.ApplicationRef(id=text_of("id", id)), _all)


def list_apis(page: int | None, limit: int | None) -> Call[dict[str, Any]]:
    """Return the call for a page of the APIs."""
    return call(wire.API_LIST, shaped({"page": page, "limit": limit}, wire.ListPage), _all)


def update_api(values: Mapping[str, object], permissions: Mapping[str, str] | None) -> Call[dict[str, Any]]:
    """Return the call that changes an API."""
    text_of("id", values["id"])
    body = shaped({**values, "permissions": _listed(permissions)}, wire.UpdateApi)
    return call(wire.API_UPDATE, body, _all, is_repeatable=True)


def delete_api(id: str) -> Call[None]:
    """Return the call that deletes an API."""
    return call(wire.API_DELETE, wire.ApplicationId(id=text_of("id", id)), ignored)


def _listed(permissions: Mapping[str, str] | None) -> list[dict[str, str]] | None:
    if permissions is None:
        return None
    return [{"name": name, "description": description} for name, description in permissions.items()]
