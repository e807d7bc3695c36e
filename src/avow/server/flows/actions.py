"""Flows and the theme: documents checked for their form and size, kept and given back."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from avow import shaping
from avow.errors import InvalidArgument, MissingArgument, NotFound
from avow.server.flows import rows
from avow.server.flows.rows import FlowRow, HeadRow, IdRow, SpaceRow, ThemeRow
from avow.server.store import Tx, in_list, json_object, json_text

__all__ = [
    "Flow",
    "HeadRow",
    "Theme",
    "check_room",
    "checked",
    "checked_theme",
    "delete",
    "document_of",
    "every",
    "find",
    "find_theme",
    "held",
    "is_id",
    "keep",
    "listed",
    "put",
    "put_theme",
]

Shaped = TypeVar("Shaped")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", re.ASCII)
_MOST_FLOWS = 200
_MOST_SCREENS = 200
_MOST_LENGTH = 4 * 1024 * 1024  # of all flows of a project: they are exported together
_ETAG_CHARACTERS = 32


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a document of a flow says about itself."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    disabled: bool | None = None
    etag: str | None = None
    dsl: dict[str, object] | None = None


class _Screen(msgspec.Struct, frozen=True, kw_only=True):
    """What every screen has."""

    id: str
    inputs: list[object] | None = None
    interactions: list[object] | None = None


class _Theme(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a theme has."""

    id: str | None = None
    css_template: dict[str, object] | None = None


_HEAD = frozenset(_Head.__struct_fields__) - {"dsl"}


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow with its screens.

    Attributes:
        id: What it is started by.
        name: For people.
        description: For people.
        is_disabled: It cannot be started.
        document: `dsl`, and what else was imported.
        screens: Each with `id`, `inputs` and `interactions`, and what else was imported.
    """

    id: str
    name: str = ""
    description: str = ""
    is_disabled: bool = False
    document: Mapping[str, object] = field(default_factory=dict)
    screens: Sequence[Mapping[str, object]] = ()

    @property
    def etag(self) -> str:
        """Return what changes with each change."""
        told = (self.name, self.description, self.is_disabled, self.document, self.screens)
        return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:_ETAG_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Theme:
    """The theme of a project; `id` is "" when it has none."""

    id: str = ""
    css_template: Mapping[str, object] = field(default_factory=dict)


def is_id(text: str) -> bool:
    """Tell whether a text can be the id of a flow or theme: it may become the name of a file."""
    return _ID.fullmatch(text) is not None


def checked(flow_id: str, flow: Mapping[str, object], screens: Sequence[Mapping[str, object]]) -> Flow:
    """Return a flow in its form.

    Raises:
        InvalidArgument: The id, a field or a screen is not what it must be.
    """
    if not is_id(flow_id):
        raise InvalidArgument(error_message="The id of a flow is made of letters, digits, - and _, at most 128.")
    head = _shaped(flow, _Head, f"flow {flow_id}")
    if any(len(text or "") > most for text, most in ((head.name, 256), (head.description, 1024))):
        raise InvalidArgument(error_message=f"Name or description of the flow {flow_id} is too long.")
    document = {"dsl": {}, **{name: value for name, value in flow.items() if name not in _HEAD and value is not None}}
    return Flow(
        id=flow_id,
        name=head.name or flow_id,
        description=head.description or "",
        is_disabled=bool(head.disabled),
        document=document,
        screens=_checked_screens(flow_id, screens),
    )


def checked_theme(theme: Mapping[str, object]) -> Theme:
    """Return a theme in its form.

    Raises:
        InvalidArgument: A field is not what it must be.
    """
    found = _shaped(theme, _Theme, "theme")
    if found.id and not is_id(found.id):
        raise InvalidArgument(error_message="The id of a theme is made of letters, digits, - and _, at most 128.")
    return Theme(found.id or "default", found.css_template or {})


def document_of(flow: Flow) -> dict[str, object]:
    """Return a flow as it is exported, its screens apart."""
    head = {"id": flow.id, "name": flow.name, "description": flow.description, "disabled": flow.is_disabled}
    return {**head, "etag": flow.etag, **flow.document}


def listed(tx: Tx) -> list[HeadRow]:
    """Return what lists show of every flow, by id."""
    return tx.all(rows.LIST, HeadRow)


def every(tx: Tx) -> list[Flow]:
    """Return every flow, by id."""
    return [held(row) for row in tx.all(rows.EVERY, FlowRow)]


def find(tx: Tx, flow_id: str) -> Flow | None:
    """Return a flow that was imported, or None."""
    row = tx.one(rows.FIND, FlowRow, id=flow_id)
    return held(row) if row is not None else None


def put(tx: Tx, flow: Flow, *, actor: str) -> None:
    """Keep a flow in the place of what was there.

    Raises:
        InvalidArgument: With it, the project would have more flows than are kept.
    """
    space = tx.one(rows.SPACE, SpaceRow, id=flow.id) or SpaceRow(0, 0)
    _require_room(space.flows + 1, space.length + len(json_text(flow.document)) + len(json_text(flow.screens)))
    keep(tx, flow, actor=actor)


def keep(tx: Tx, flow: Flow, *, actor: str) -> None:
    """Keep a flow in the place of what was there, when it is known that there is room (`check_room`)."""
    etag = flow.etag
    tx.one(
        rows.PUT,
        IdRow,
        id=flow.id,
        name=flow.name,
        description=flow.description,
        is_disabled=int(flow.is_disabled),
        etag=etag,
        document=json_text(flow.document),
        screens=json_text(flow.screens),
    )
    tx.audit("flow.imported", actor=actor, data={"flow": flow.id, "etag": etag})


def check_room(together: Sequence[Flow]) -> None:
    """Refuse more flows than a project keeps, or longer ones.

    Raises:
        InvalidArgument: They are too many, or too long together.
    """
    _require_room(len(together), sum(len(json_text(flow.document)) + len(json_text(flow.screens)) for flow in together))


def delete(tx: Tx, flow_ids: Sequence[str], *, actor: str) -> None:
    """Delete flows for ever, all or none.

    Raises:
        MissingArgument: None is named.
        NotFound: One of them does not exist.
    """
    wanted = list(dict.fromkeys(flow_ids))
    if not wanted:
        raise MissingArgument(error_message="Name the flows to delete.")
    clause, params = in_list("ids", wanted)
    deleted = tx.all(rows.DELETE.replace("(:ids)", clause), IdRow, **params)
    if len(deleted) != len(wanted):
        raise _missing()
    tx.audit("flow.deleted", actor=actor, data={"flows": sorted(row.id for row in deleted)})


def find_theme(tx: Tx) -> Theme:
    """Return the theme of the project, an empty one if it has none."""
    row = tx.one(rows.FIND_THEME, ThemeRow)
    return Theme(row.id, json_object(row.document)) if row else Theme()


def put_theme(tx: Tx, theme: Theme, *, actor: str) -> None:
    """Make a theme the project's, in the place of the one before."""
    tx.run(rows.CLEAR_OTHER_THEMES, id=theme.id)
    tx.one(rows.PUT_THEME, IdRow, id=theme.id, document=json_text(theme.css_template))
    tx.audit("theme.imported", actor=actor, data={"theme": theme.id})


def _checked_screens(flow_id: str, screens: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    if len(screens) > _MOST_SCREENS:
        raise InvalidArgument(error_message=f"A flow has at most {_MOST_SCREENS} screens.")
    seen: set[str] = set()
    found: list[dict[str, object]] = []
    for screen in screens:
        shaped = _shaped(screen, _Screen, f"flow {flow_id}: a screen")
        if not 0 < len(shaped.id) <= 256 or shaped.id in seen:
            raise InvalidArgument(error_message=f"Each screen of the flow {flow_id} needs an id of its own.")
        seen.add(shaped.id)
        found.append({**screen, "inputs": shaped.inputs or [], "interactions": shaped.interactions or []})
    return found


def _require_room(flows: int, length: int) -> None:
    if flows > _MOST_FLOWS:
        raise InvalidArgument(error_message=f"A project has at most {_MOST_FLOWS} flows.")
    if length > _MOST_LENGTH:
        raise InvalidArgument(error_message=f"The flows of a project are at most {_MOST_LENGTH} characters together.")


def held(row: FlowRow) -> Flow:
    """Return a flow of its row."""
    return Flow(
        id=row.id,
        name=row.name,
        description=row.description,
        is_disabled=bool(row.is_disabled),
        document=json_object(row.document),
        screens=shaping.decode(row.screens, list[dict[str, object]]),
    )


def _shaped(document: Mapping[str, object], shape: type[Shaped], place: str) -> Shaped:
    try:
        return shaping.convert(document, shape)
    except msgspec.ValidationError as wrong:
        raise InvalidArgument(error_message=f"{place}: {wrong}.") from None


def _missing() -> NotFound:
    return NotFound(error_message="There is no such flow.")
