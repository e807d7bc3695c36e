"""Management calls of lists."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, shaped, text_of
from avow.sdk.transport import Response
from avow.wire import lists
from avow.wire.endpoint import Nothing

__all__ = [
    "add_ips",
    "add_texts",
    "check_ip",
    "check_text",
    "check_texts",
    "clear",
    "create",
    "delete",
    "import_lists",
    "load",
    "load_all",
    "load_by_name",
    "remove_ips",
    "remove_texts",
    "update",
]

Shaped = TypeVar("Shaped")

_all = as_is(dict[str, Any])


def create(name: str, list_type: str, description: str | None, data: object) -> Call[dict[str, Any]]:
    """Return the call that makes a list."""
    body = {"name": text_of("name", name), "type": list_type, "description": description, "data": data}
    return call(lists.CREATE, shaped(body, lists.CreateList), _all)


def update(id: str, name: str, list_type: str, description: str | None, data: object) -> Call[dict[str, Any]]:
    """Return the call that replaces what a list is."""
    body = {
        "id": text_of("id", id),
        "name": text_of("name", name),
        "type": list_type,
        "description": description,
        "data": data,
    }
    return call(lists.UPDATE, shaped(body, lists.UpdateList), _all)


def delete(id: str) -> Call[None]:
    """Return the call that deletes one."""
    return call(lists.DELETE, lists.ListId(id=text_of("id", id)), ignored)


def load(id: str) -> Call[dict[str, Any]]:
    """Return the call for one."""
    return call(lists.LOAD, lists.ListId(id=text_of("id", id)), _all)


def load_by_name(name: str) -> Call[dict[str, Any]]:
    """Return the call for the one of this name."""
    return call(lists.LOAD_BY_NAME, lists.ListName(name=text_of("name", name)), _all)


def load_all() -> Call[dict[str, Any]]:
    """Return the call for all of them."""
    return call(lists.LOAD_ALL, Nothing(), _all)


def import_lists(wanted: Sequence[Mapping[str, object]]) -> Call[None]:
    """Return the call that makes or replaces several."""
    return call(lists.IMPORT, shaped({"lists": wanted}, lists.ImportLists), ignored)


def add_ips(id: str, ips: Sequence[str]) -> Call[None]:
    """Return the call that adds addresses and networks."""
    return call(lists.ADD_IPS, shaped({"id": text_of("id", id), "ips": ips}, lists.ChangeIps), ignored)


def remove_ips(id: str, ips: Sequence[str]) -> Call[None]:
    """Return the call that removes addresses and networks."""
    return call(lists.REMOVE_IPS, shaped({"id": text_of("id", id), "ips": ips}, lists.ChangeIps), ignored)


def check_ip(id: str, ip: str) -> Call[bool]:
    """Return the call that asks for an address."""
    body = lists.CheckIp(id=text_of("id", id), ip=text_of("ip", ip))
    return call(lists.CHECK_IP, body, _exists, is_repeatable=True)


def add_texts(id: str, texts: Sequence[str]) -> Call[None]:
    """Return the call that adds texts."""
    return call(lists.ADD_TEXTS, shaped({"id": text_of("id", id), "texts": texts}, lists.ChangeTexts), ignored)


def remove_texts(id: str, texts: Sequence[str]) -> Call[None]:
    """Return the call that removes texts."""
    return call(lists.REMOVE_TEXTS, shaped({"id": text_of("id", id), "texts": texts}, lists.ChangeTexts), ignored)


def check_text(id: str, text: str) -> Call[bool]:
    """Return the call that asks for a text."""
    body = lists.CheckText(id=text_of("id", id), text=text_of("text", text))
    return call(lists.CHECK_TEXT, body, _exists, is_repeatable=True)


def check_texts(id: str, texts: Sequence[str], match_all: bool) -> Call[bool]:
    """Return the call that asks for several."""
    body = {"id": text_of("id", id), "texts": texts, "matchAll": match_all}
    return call(lists.CHECK_TEXT, shaped(body, lists.CheckText), _exists, is_repeatable=True)


def clear(id: str) -> Call[None]:
    """Return the call that empties one."""
    return call(lists.CLEAR, lists.ListId(id=text_of("id", id)), ignored)


def _exists(response: Response) -> bool:
    return bool(_all(response)["exists"])
