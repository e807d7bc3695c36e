"""Lists that a project keeps for its own decisions: texts, addresses and networks, or any JSON; shapes and routes."""

from typing import Annotated, Literal

from msgspec import Meta

from avow.wire.bounds import Flag, Reference
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = [
    "ADD_IPS",
    "ADD_TEXTS",
    "CHECK_IP",
    "CHECK_TEXT",
    "CLEAR",
    "CREATE",
    "DELETE",
    "ENDPOINTS",
    "IMPORT",
    "LOAD",
    "LOAD_ALL",
    "LOAD_BY_NAME",
    "MOST_CHARACTERS",
    "MOST_ENTRIES",
    "REMOVE_IPS",
    "REMOVE_TEXTS",
    "UPDATE",
    "ChangeIps",
    "ChangeTexts",
    "CheckIp",
    "CheckText",
    "Checked",
    "CreateList",
    "ImportList",
    "ImportLists",
    "List",
    "ListAnswer",
    "ListId",
    "ListName",
    "Lists",
    "UpdateList",
]

MOST_ENTRIES = 10_000
MOST_CHARACTERS = 16_777_216
_MOST_CHECKED = 100
_MOST_IMPORTED = 100

GivenName = Annotated[str, Meta(min_length=1, max_length=256)]
Description = Annotated[str, Meta(max_length=1024)]
Kind = Literal["texts", "ips", "json"]
Entry = Annotated[str, Meta(min_length=1, max_length=512)]
Entries = Annotated[tuple[Entry, ...], Meta(max_length=MOST_ENTRIES)]
Address = Annotated[str, Meta(min_length=1, max_length=64)]
Addresses = Annotated[tuple[Address, ...], Meta(max_length=MOST_ENTRIES)]


class List(Shape, frozen=True, kw_only=True):
    """A list.

    Attributes:
        id: `L...`.
        name: Unique in the project.
        description: For people.
        type: `texts`, `ips` (addresses and networks) or `json`.
        data: The entries in their order; of a list of type `json` an object.
    """

    id: str
    name: str
    description: str
    type: str
    data: object


class ListAnswer(Shape, frozen=True, kw_only=True):
    """One list."""

    list: List


class Lists(Shape, frozen=True, kw_only=True):
    """Every list, by name; at most `MOST_CHARACTERS` of entries together."""

    lists: tuple[List, ...]


class CreateList(Shape, frozen=True, kw_only=True):
    """A list to be made; `data` are its first entries, or the object of a list of type `json`."""

    name: GivenName
    type: Kind
    description: Description | None = None
    data: object | None = None


class UpdateList(Shape, frozen=True, kw_only=True):
    """What is to stand in a list from now on; data that is absent empties it."""

    id: Reference
    name: GivenName
    type: Kind
    description: Description | None = None
    data: object | None = None


class ImportList(Shape, frozen=True, kw_only=True):
    """A list that is made, or replaces the one with its id, or else of its name."""

    name: GivenName
    type: Kind
    id: Reference | None = None
    description: Description | None = None
    data: object | None = None


class ImportLists(Shape, frozen=True, kw_only=True):
    """Lists to be imported, all or none."""

    lists: Annotated[tuple[ImportList, ...], Meta(max_length=_MOST_IMPORTED)] | None = None


class ListId(Shape, frozen=True, kw_only=True):
    """Which list."""

    id: Reference


class ListName(Shape, frozen=True, kw_only=True):
    """Which list."""

    name: GivenName


class ChangeIps(Shape, frozen=True, kw_only=True):
    """Addresses and networks (`10.0.0.0/8`) to be added or removed."""

    id: Reference
    ips: Addresses | None = None


class ChangeTexts(Shape, frozen=True, kw_only=True):
    """Texts to be added or removed."""

    id: Reference
    texts: Entries | None = None


class CheckIp(Shape, frozen=True, kw_only=True):
    """The address that may be in a list, itself or within a network."""

    id: Reference
    ip: Address


class CheckText(Shape, frozen=True, kw_only=True):
    """The text, or the texts, that may be in a list.

    Attributes:
        id: Which list.
        text: One text.
        texts: Several, at most 100.
        match_all: All of them have to be there; otherwise one suffices.
    """

    id: Reference
    text: Entry | None = None
    texts: Annotated[tuple[Entry, ...], Meta(max_length=_MOST_CHECKED)] | None = None
    match_all: Flag = None


class Checked(Shape, frozen=True, kw_only=True):
    """Whether it is there."""

    exists: bool


_PATH = "/v1/mgmt/list"

CREATE = Endpoint("mgmt.list.create", "POST", _PATH, CreateList, ListAnswer, Caller.MANAGEMENT)
UPDATE = Endpoint("mgmt.list.update", "POST", f"{_PATH}/update", UpdateList, ListAnswer, Caller.MANAGEMENT)
DELETE = Endpoint("mgmt.list.delete", "POST", f"{_PATH}/delete", ListId, Nothing, Caller.MANAGEMENT)
LOAD = Endpoint("mgmt.list.load", "GET", _PATH, ListId, ListAnswer, Caller.MANAGEMENT, only_reads=True)
LOAD_BY_NAME = Endpoint(
    "mgmt.list.load_by_name", "GET", f"{_PATH}/name", ListName, ListAnswer, Caller.MANAGEMENT, only_reads=True
)
LOAD_ALL = Endpoint("mgmt.list.load_all", "GET", f"{_PATH}/all", Nothing, Lists, Caller.MANAGEMENT, only_reads=True)
IMPORT = Endpoint("mgmt.list.import_lists", "POST", f"{_PATH}/import", ImportLists, Nothing, Caller.MANAGEMENT)
ADD_IPS = Endpoint("mgmt.list.add_ips", "POST", f"{_PATH}/ip/add", ChangeIps, Nothing, Caller.MANAGEMENT)
REMOVE_IPS = Endpoint("mgmt.list.remove_ips", "POST", f"{_PATH}/ip/remove", ChangeIps, Nothing, Caller.MANAGEMENT)
CHECK_IP = Endpoint(
    "mgmt.list.check_ip", "POST", f"{_PATH}/ip/check", CheckIp, Checked, Caller.MANAGEMENT, only_reads=True
)
ADD_TEXTS = Endpoint("mgmt.list.add_texts", "POST", f"{_PATH}/text/add", ChangeTexts, Nothing, Caller.MANAGEMENT)
REMOVE_TEXTS = Endpoint(
    "mgmt.list.remove_texts", "POST", f"{_PATH}/text/remove", ChangeTexts, Nothing, Caller.MANAGEMENT
)
CHECK_TEXT = Endpoint(
    "mgmt.list.check_text", "POST", f"{_PATH}/text/check", CheckText, Checked, Caller.MANAGEMENT, only_reads=True
)
CLEAR = Endpoint("mgmt.list.clear", "POST", f"{_PATH}/clear", ListId, Nothing, Caller.MANAGEMENT)

ENDPOINTS = (
    CREATE,
    UPDATE,
    DELETE,
    LOAD,
    LOAD_BY_NAME,
    LOAD_ALL,
    IMPORT,
    ADD_IPS,
    REMOVE_IPS,
    CHECK_IP,
    ADD_TEXTS,
    REMOVE_TEXTS,
    CHECK_TEXT,
    CLEAR,
)
