"""The routes of lists."""

from avow.errors import MissingArgument
from avow.server.lists import actions
from avow.server.lists.actions import HeldList, Wanted
from avow.server.serving import Call, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import lists as wire
from avow.wire.endpoint import Nothing
from avow.wire.lists import (
    ChangeIps,
    ChangeTexts,
    Checked,
    CheckIp,
    CheckText,
    CreateList,
    ImportList,
    ImportLists,
    List,
    ListAnswer,
    ListId,
    ListName,
    Lists,
    UpdateList,
)

__all__ = ["SLICE"]


def create(tx: Tx, call: Call[CreateList]) -> ListAnswer:
    """Make a list of texts, of addresses and networks, or of any JSON."""
    made = actions.create(tx, _wanted(call.body), actor=call.management.actor)
    return ListAnswer(list=_shown(actions.get(tx, made)))


def update(tx: Tx, call: Call[UpdateList]) -> ListAnswer:
    """Replace name, description, type and entries of a list."""
    actions.update(tx, call.body.id, _wanted(call.body), actor=call.management.actor)
    return ListAnswer(list=_shown(actions.get(tx, call.body.id)))


def delete(tx: Tx, call: Call[ListId]) -> None:
    """Delete a list for ever."""
    actions.delete(tx, call.body.id, actor=call.management.actor)


def load(tx: Tx, call: Call[ListId]) -> ListAnswer:
    """Return a list with its entries, in the order in which they were added."""
    return ListAnswer(list=_shown(actions.get(tx, call.body.id)))


def load_by_name(tx: Tx, call: Call[ListName]) -> ListAnswer:
    """Return the list of this name."""
    return ListAnswer(list=_shown(actions.find_by_name(tx, call.body.name)))


def load_all(tx: Tx, call: Call[Nothing]) -> Lists:
    """Return every list with its entries, by name.

    Where the entries are more than 16,777,216 characters together, load the lists one by one.
    """
    return Lists(lists=tuple(_shown(each) for each in actions.every(tx)))


def import_lists(tx: Tx, call: Call[ImportLists]) -> None:
    """Make lists, or replace those with the same id or else name; all of them or none."""
    for each in call.body.lists or ():
        actions.put(tx, each.id or "", _wanted(each), actor=call.management.actor)


def add_ips(tx: Tx, call: Call[ChangeIps]) -> None:
    """Add addresses and networks to a list of type `ips`; those it has already stay where they are."""
    actions.add(tx, call.body.id, "ips", call.body.ips or (), actor=call.management.actor)


def remove_ips(tx: Tx, call: Call[ChangeIps]) -> None:
    """Remove addresses and networks as they were added; what is not there is passed over."""
    actions.remove(tx, call.body.id, "ips", call.body.ips or (), actor=call.management.actor)


def check_ip(tx: Tx, call: Call[CheckIp]) -> Checked:
    """Tell whether an address is in a list, itself or within one of its networks; IPv4 in IPv6 counts as IPv4."""
    return Checked(exists=actions.contains_address(tx, call.body.id, call.body.ip))


def add_texts(tx: Tx, call: Call[ChangeTexts]) -> None:
    """Add texts to a list of type `texts`; those it has already stay where they are."""
    actions.add(tx, call.body.id, "texts", call.body.texts or (), actor=call.management.actor)


def remove_texts(tx: Tx, call: Call[ChangeTexts]) -> None:
    """Remove texts; what is not there is passed over."""
    actions.remove(tx, call.body.id, "texts", call.body.texts or (), actor=call.management.actor)


def check_text(tx: Tx, call: Call[CheckText]) -> Checked:
    """Tell whether a text is in a list, letter by letter; of several texts one, or with `matchAll` all of them."""
    body = call.body
    texts = (*((body.text,) if body.text else ()), *(body.texts or ()))
    if not texts:
        raise MissingArgument(error_message="Name the text to check.")
    return Checked(exists=actions.contains_texts(tx, body.id, texts, all_of_them=bool(body.match_all)))


def clear(tx: Tx, call: Call[ListId]) -> None:
    """Empty a list; name, description and type stay."""
    actions.clear(tx, call.body.id, actor=call.management.actor)


def _wanted(body: CreateList | UpdateList | ImportList) -> Wanted:
    return Wanted(name=body.name, type=body.type, description=body.description or "", data=body.data)


def _shown(held: HeldList) -> List:
    return List(id=held.id, name=held.name, description=held.description, type=held.type, data=held.data)


SLICE = Slice(
    "lists",
    (
        writes(wire.CREATE, create),
        writes(wire.UPDATE, update),
        writes(wire.DELETE, delete),
        reads(wire.LOAD, load),
        reads(wire.LOAD_BY_NAME, load_by_name),
        reads(wire.LOAD_ALL, load_all),
        writes(wire.IMPORT, import_lists),
        writes(wire.ADD_IPS, add_ips),
        writes(wire.REMOVE_IPS, remove_ips),
        reads(wire.CHECK_IP, check_ip),
        writes(wire.ADD_TEXTS, add_texts),
        writes(wire.REMOVE_TEXTS, remove_texts),
        reads(wire.CHECK_TEXT, check_text),
        writes(wire.CLEAR, clear),
    ),
)
