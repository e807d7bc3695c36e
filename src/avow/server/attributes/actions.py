"""Custom attributes: defined and removed, values checked against their definitions and kept so that searches find them.

The slice of the owner (users, tenants, access keys) keeps the values as shown, a JSON object; here is one row each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from avow import shaping
from avow.errors import InvalidArgument
from avow.server.attributes import rows
from avow.server.attributes.rows import DefinedRow, DefinitionRow, NameRow, OwnerRow
from avow.server.store import Tx, in_list
from avow.wire.attributes import AttributeDefinition, AttributeOption, CustomAttribute, CustomAttributes

__all__ = [
    "Definitions",
    "Kind",
    "accepted",
    "checked",
    "clear",
    "clear_keys_of_users",
    "define",
    "definitions",
    "fitting",
    "forget",
    "owners",
    "put",
    "remove",
    "searchable",
]

Kind = Literal["user", "tenant", "accesskey"]

_MOST_DEFINITIONS = 500
_MOST_VALUES = 100
_MOST_TEXT = 1000
_MOST_NAME = 256
_MOST_JSON = 2000
_EXACT = 2**53  # beyond, floating-point numbers skip integers
_WORDS = {"text": "string", "numeric": "number", "bool": "boolean"}
_NUMBERS = {"string": 1, "number": 2, "boolean": 3, "singleselect": 4, "multiselect": 5, "date": 6}


class _Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    is_required: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition with all it is made of, as one project takes it over from another.

    Attributes:
        kind: Of which owners.
        name: Its key in `customAttributes`.
        type: `string`, `number`, `boolean`, `date`, `singleselect` or `multiselect`.
        display_name: Its name for people.
        is_required: Forms ask for it.
        options: What the select types choose from.
    """

    kind: str
    name: str
    type: str
    display_name: str
    is_required: bool = False
    options: tuple[str, ...] = ()


def every(tx: Tx) -> list[Defined]:
    """Return every definition of the project, by kind and name."""
    found: list[Defined] = []
    for row in tx.all(rows.EVERY_DEFINITION, DefinedRow):
        details = shaping.decode(row.details, _Details)
        found.append(Defined(row.kind, row.name, row.type, row.display_name, details.is_required, details.options))
    return found


def columns_of(defined: Defined) -> dict[str, int | str | bytes | None]:
    """Return what the table of definitions keeps of one."""
    details = _Details(is_required=defined.is_required, options=defined.options)
    return {
        "kind": defined.kind,
        "name": defined.name,
        "type": defined.type,
        "display_name": defined.display_name,
        "details": msgspec.json.encode(details).decode(),
    }


def definitions(tx: Tx, kind: Kind) -> CustomAttributes:
    """Return every defined attribute of a kind of owner."""
    return CustomAttributes(data=tuple(_shown(row) for row in tx.all(rows.DEFINITIONS, DefinitionRow, kind=kind)))


def define(tx: Tx, kind: Kind, wanted: Sequence[AttributeDefinition], *, actor: str) -> None:
    """Define attributes, all or none.

    Raises:
        InvalidArgument: A name is taken, a type unknown, a select without options, or there are too many.
    """
    for each in wanted:
        if not each.name.isprintable():
            raise InvalidArgument(error_message="The name of an attribute must not hold control characters.")
        made = tx.one(
            rows.DEFINE,
            NameRow,
            kind=kind,
            name=each.name,
            type=_type_of(each),
            display_name=each.display_name or each.name,
            details=msgspec.json.encode(
                _Details(is_required=bool(each.required), options=tuple(dict.fromkeys(each.options or ())))
            ).decode(),
        )
        if made is None:
            raise InvalidArgument(error_message=f"There is an attribute named {each.name!r} already.")
    if len(tx.all(rows.DEFINITIONS, DefinitionRow, kind=kind)) > _MOST_DEFINITIONS:
        raise InvalidArgument(error_message=f"A project has at most {_MOST_DEFINITIONS} attributes of a kind.")
    tx.audit("attribute.defined", actor=actor, data={"kind": kind, "names": [each.name for each in wanted]})


def remove(tx: Tx, kind: Kind, names: Sequence[str], *, actor: str) -> None:
    """Remove definitions; names that are not defined are passed over. The caller sees to the values."""
    clause, listed = in_list("names", names)
    removed = tx.all(rows.REMOVE.replace("(:names)", clause), NameRow, kind=kind, **listed)
    tx.audit("attribute.removed", actor=actor, data={"kind": kind, "names": sorted(row.name for row in removed)})


def owners(tx: Tx, kind: Kind, names: Sequence[str], *, after: str, most: int) -> list[str]:
    """Return the ids of owners of attributes, in order.

    Args:
        tx: Unit of the project.
        kind: Kind of owner.
        names: The attributes.
        after: Only ids beyond this one.
        most: How many.
    """
    clause, listed = in_list("names", names)
    statement = rows.OWNERS.replace("(:names)", clause)
    return [row.owner_id for row in tx.all(statement, OwnerRow, kind=kind, after=after, most=most, **listed)]


def forget(tx: Tx, kind: Kind, names: Sequence[str], owner_ids: Sequence[str]) -> None:
    """Delete the searchable values of attributes of owners; the caller takes them out of what the owners show."""
    clause, listed = in_list("names", names)
    of_owners, further = in_list("owner_ids", owner_ids)
    statement = rows.CLEAR_NAMES.replace("(:names)", clause).replace("(:owner_ids)", of_owners)
    tx.run(statement, kind=kind, **listed, **further)


def checked(tx: Tx, kind: Kind, values: Mapping[str, object]) -> dict[str, object]:
    """Return values that fit their definitions; a value of null is left out.

    Raises:
        InvalidArgument: An attribute is not defined, or its value is of another type.
    """
    given = {name: value for name, value in values.items() if value is not None}
    return Definitions(tx, kind).checked(given) if given else {}


def accepted(tx: Tx, kind: Kind, values: Mapping[str, object]) -> dict[str, object]:
    """Return values that fit: a defined attribute by its definition, any other as a text, number, boolean or list.

    For kinds of owners whose attributes nobody has to define.

    Raises:
        InvalidArgument: A value does not fit, or is too long.
    """
    given = {name: value for name, value in values.items() if value is not None}
    if not given:
        return {}
    defined = {each.name for each in definitions(tx, kind).data}
    checked(tx, kind, {name: value for name, value in given.items() if name in defined})
    for name, value in given.items():
        if not name or len(name) > _MOST_NAME or any(len(each) > _MOST_JSON for each in searchable(value)):
            raise InvalidArgument(error_message="A custom attribute has a name, and a value that is not too long.")
    return given


def fitting(tx: Tx, kind: Kind, values: Mapping[str, object]) -> dict[str, object]:
    """Return those values that fit their definitions, for what nobody here wrote: an identity provider's words.

    A text stands for a number, a boolean or a choice where the definition wants one.
    """
    known = Definitions(tx, kind)
    found: dict[str, object] = {}
    for name, given in values.items():
        value = known.of_text(name, given)
        try:
            found |= known.checked({name: value})
        except InvalidArgument:
            continue
    return found


class Definitions:
    """What a project defines for a kind of owner, read once for many of them."""

    def __init__(self, tx: Tx, kind: Kind) -> None:
        self._known = {row.name: row for row in tx.all(rows.DEFINITIONS, DefinitionRow, kind=kind)}

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def checked(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return values, none of them null, that fit; raises as the function of this name."""
        for name, value in given.items():
            if name not in self._known:
                raise InvalidArgument(error_message=f"The project defines no attribute {name[:64]!r}.")
            if not _fits(self._known[name], value):
                raise InvalidArgument(error_message=f"The value of {name!r} is not a {self._known[name].type}.")
        return dict(given)

    def of_text(self, name: str, value: object) -> object:
        """Return the value that a text stands for, where the definition wants another type; what is none stays."""
        row = self._known.get(name)
        if row is None or not isinstance(value, str):
            return value
        if row.type == "multiselect":
            return [part.strip() for part in value.split(";") if part.strip()]
        if row.type not in ("number", "boolean"):
            return value
        try:
            return shaping.decode(value.strip().lower())
        except msgspec.DecodeError:
            return value


def put(tx: Tx, kind: Kind, owner_id: str, values: Mapping[str, object], *, is_new: bool = False) -> None:
    """Keep the searchable form of an owner's values, in the place of what was there."""
    if not is_new:
        clear(tx, kind, [owner_id])
    for name, value in values.items():
        for text in searchable(value):
            tx.run(rows.PUT, kind=kind, owner_id=owner_id, name=name, value=text)


def clear(tx: Tx, kind: Kind, owner_ids: Sequence[str]) -> None:
    """Delete the searchable values of owners that go, at most as many as a list takes."""
    clause, listed = in_list("owner_ids", owner_ids)
    tx.run(rows.CLEAR_OWNERS.replace("(:owner_ids)", clause), kind=kind, **listed)


def clear_keys_of_users(tx: Tx, user_ids: Sequence[str]) -> None:
    """Delete the searchable values of the access keys that go with users who are about to be deleted."""
    clause, listed = in_list("user_ids", user_ids)
    tx.run(rows.CLEAR_KEYS_OF_USERS.replace("(:user_ids)", clause), **listed)


def searchable(value: object) -> list[str]:
    """Return the texts that stand for a value in `attribute_values`: of a list one per element.

    Raises:
        InvalidArgument: It is an object, a list in a list, or longer than a value may be.
    """
    elements = value if isinstance(value, list | tuple) else [value]
    if len(elements) > _MOST_VALUES or not all(isinstance(each, str | int | float | bool) for each in elements):
        raise InvalidArgument(error_message="An attribute is a text, a number, a boolean or a list of texts.")
    return [msgspec.json.encode(_plain(each)).decode() for each in elements]


def _plain(value: object) -> object:
    """Return the one spelling of a number: 7.0 and 7 are the same."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    return int(value) if is_whole and isinstance(value, float) else value


def _type_of(wanted: AttributeDefinition) -> str:
    kind = _WORDS.get(wanted.type.lower(), wanted.type.lower())
    if kind not in _NUMBERS:
        raise InvalidArgument(error_message=f"There is no attribute type {wanted.type[:64]!r}.")
    if kind in ("singleselect", "multiselect") and not wanted.options:
        raise InvalidArgument(error_message=f"The attribute {wanted.name!r} needs options to select from.")
    return kind


def _fits(row: DefinitionRow, value: object) -> bool:
    if isinstance(value, str) and len(value) > _MOST_TEXT:
        return False
    match row.type:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, str | int) and not isinstance(value, bool)
        case "singleselect":
            return value in _details(row).options
        case _:
            options = _details(row).options
            return isinstance(value, list) and len(value) <= _MOST_VALUES and all(each in options for each in value)


def _details(row: DefinitionRow) -> _Details:
    return shaping.decode(row.details, _Details)


def _shown(row: DefinitionRow) -> CustomAttribute:
    return CustomAttribute(
        name=row.name,
        type=_NUMBERS[row.type],
        display_name=row.display_name,
        options=tuple(AttributeOption(value=each, label=each) for each in _details(row).options),
    )
