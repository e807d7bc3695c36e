"""Lists: texts, addresses and networks, or any JSON, kept for a project's own decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from avow import shaping
from avow.core import ids
from avow.core import lists as rules
from avow.errors import InvalidArgument, NotFound
from avow.server.lists import rows
from avow.server.lists.rows import CountRow, IdRow, ListRow, SizeRow
from avow.server.store import Tx
from avow.wire.lists import MOST_CHARACTERS

__all__ = [
    "HeldList",
    "Wanted",
    "add",
    "clear",
    "contains_address",
    "contains_texts",
    "create",
    "delete",
    "every",
    "find_by_name",
    "get",
    "put",
    "remove",
    "update",
]

MOST_LISTS = 100
_MOST_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class HeldList:
    """A list; its data are the entries, or of a list of type `json` an object."""

    id: str
    name: str
    description: str
    type: str
    data: object


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to stand in a list."""

    name: str
    type: str
    description: str = ""
    data: object = None


def create(tx: Tx, wanted: Wanted, *, actor: str) -> str:
    """Insert a list; return its id.

    Raises:
        InvalidArgument: The name is taken, the data do not fit the type, or the project has its lists.
    """
    held = tx.one(rows.COUNT, CountRow)
    if held is not None and held.lists >= MOST_LISTS:
        raise InvalidArgument(error_message=f"A project has at most {MOST_LISTS} lists.")
    list_id = ids.directory_id(ids.LIST, tx.now)
    made = tx.one(
        rows.INSERT,
        IdRow,
        id=list_id,
        name=wanted.name,
        description=wanted.description,
        type=wanted.type,
        document=_document(wanted.type, wanted.data),
    )
    if made is None:
        raise _taken(wanted.name)
    tx.audit("list.created", actor=actor, data={"list": list_id})
    return list_id


def update(tx: Tx, list_id: str, wanted: Wanted, *, actor: str) -> None:
    """Replace all that a list is.

    Raises:
        NotFound: There is none with this id.
        InvalidArgument: The new name is taken, or the data do not fit the type.
    """
    updated = tx.one(
        rows.UPDATE,
        IdRow,
        id=list_id,
        name=wanted.name,
        description=wanted.description,
        type=wanted.type,
        document=_document(wanted.type, wanted.data),
    )
    if updated is None:
        get(tx, list_id)
        raise _taken(wanted.name)
    tx.audit("list.updated", actor=actor, data={"list": list_id})


def put(tx: Tx, list_id: str, wanted: Wanted, *, actor: str) -> None:
    """Replace the list with this id, or else of this name, or make one."""
    found = tx.one(rows.FIND, ListRow, id=list_id) if list_id else None
    found = found or tx.one(rows.FIND_BY_NAME, ListRow, name=wanted.name)
    if found is None:
        create(tx, wanted, actor=actor)
    else:
        update(tx, found.id, wanted, actor=actor)


def delete(tx: Tx, list_id: str, *, actor: str) -> None:
    """Delete a list for ever.

    Raises:
        NotFound: There is none.
    """
    if not tx.run(rows.DELETE, id=list_id):
        raise _missing()
    tx.audit("list.deleted", actor=actor, data={"list": list_id})


def get(tx: Tx, list_id: str) -> HeldList:
    """Return a list.

    Raises:
        NotFound: There is none.
    """
    return _held(tx.one(rows.FIND, ListRow, id=list_id))


def find_by_name(tx: Tx, name: str) -> HeldList:
    """Return the list of this name.

    Raises:
        NotFound: There is none.
    """
    return _held(tx.one(rows.FIND_BY_NAME, ListRow, name=name))


def every(tx: Tx) -> list[HeldList]:
    """Return all lists of the project, by name.

    Raises:
        InvalidArgument: They are too much for one answer.
    """
    held = tx.one(rows.SIZE, SizeRow)
    if held is not None and held.characters > MOST_CHARACTERS:
        raise InvalidArgument(
            error_message=f"The lists hold more than {MOST_CHARACTERS:,} characters: too many for one answer. Load "
            "them one by one, by id or by name."
        )
    return [_held(row) for row in tx.all(rows.LIST, ListRow)]


def add(tx: Tx, list_id: str, kind: str, added: Iterable[str], *, actor: str) -> None:
    """Add entries behind those there are; what is there already stays where it is.

    Raises:
        NotFound: There is no such list.
        InvalidArgument: It is of another type, an entry does not fit, or they are too many.
    """
    held = _locked(tx, list_id, kind)
    _store(tx, list_id, kind, rules.with_entries(_entries(held), rules.entries(kind, added)))
    tx.audit("list.entries_added", actor=actor, data={"list": list_id})


def remove(tx: Tx, list_id: str, kind: str, removed: Iterable[str], *, actor: str) -> None:
    """Remove entries; what is not there is passed over.

    Raises:
        NotFound: There is no such list.
        InvalidArgument: It is of another type, or an entry could not be one.
    """
    held = _locked(tx, list_id, kind)
    _store(tx, list_id, kind, rules.without_entries(_entries(held), rules.entries(kind, removed)))
    tx.audit("list.entries_removed", actor=actor, data={"list": list_id})


def clear(tx: Tx, list_id: str, *, actor: str) -> None:
    """Empty a list of any type.

    Raises:
        NotFound: There is none.
    """
    held = _locked(tx, list_id, "")
    tx.run(rows.SET_DOCUMENT, id=list_id, document=_document(held.type, None))
    tx.audit("list.cleared", actor=actor, data={"list": list_id})


def contains_address(tx: Tx, list_id: str, address: str) -> bool:
    """Tell whether an address is in a list of addresses, itself or within a network.

    Raises:
        NotFound: There is no such list.
        InvalidArgument: It is of another type, or the text is no address.
    """
    return rules.contains_address(_entries(_of_type(get(tx, list_id), "ips")), address)


def contains_texts(tx: Tx, list_id: str, texts: Sequence[str], *, all_of_them: bool) -> bool:
    """Tell whether one of the texts is in a list of texts, or all of them.

    Raises:
        NotFound: There is no such list.
        InvalidArgument: It is of another type.
    """
    known = frozenset(_entries(_of_type(get(tx, list_id), "texts")))
    return (all if all_of_them else any)(text in known for text in texts)


def _locked(tx: Tx, list_id: str, kind: str) -> HeldList:
    held = _held(tx.one(rows.LOCK, ListRow, id=list_id))
    return _of_type(held, kind) if kind else held


def _of_type(held: HeldList, kind: str) -> HeldList:
    if held.type != kind:
        raise InvalidArgument(error_message=f"This is a list of type {held.type!r}, not {kind!r}.")
    return held


def _store(tx: Tx, list_id: str, kind: str, entries: Sequence[str]) -> None:
    tx.run(rows.SET_DOCUMENT, id=list_id, document=_document(kind, entries))


def _document(kind: str, data: object) -> str:
    """Return what a list holds as JSON, once it fits the type."""
    value: object
    if kind == "json":
        value = {} if data is None else data
        if not isinstance(value, dict):
            raise InvalidArgument(error_message="The data of a list of type 'json' are an object.")
    else:
        given = () if data is None else data
        if not isinstance(given, list | tuple):
            raise InvalidArgument(error_message=f"The data of a list of type {kind!r} are a list of texts.")
        value = rules.entries(kind, given)
    document = msgspec.json.encode(value)
    if len(document) > _MOST_BYTES:
        raise InvalidArgument(error_message="The data of a list take at most a mebibyte.")
    return document.decode()


def _held(row: ListRow | None) -> HeldList:
    if row is None:
        raise _missing()
    return HeldList(row.id, row.name, row.description, row.type, shaping.decode(row.document))


def _entries(held: HeldList) -> tuple[str, ...]:
    return shaping.convert(held.data, tuple[str, ...])


def _missing() -> NotFound:
    return NotFound(error_message="There is no such list.")


def _taken(name: str) -> InvalidArgument:
    return InvalidArgument(error_message=f"There is a list named {name!r} already.")
