"""What a list of texts, addresses or JSON holds: read from a request, changed, and asked."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from typing import Final

from avow.core.networks import canonical, network
from avow.errors import InvalidArgument

__all__ = ["MOST_ENTRIES", "contains_address", "entries", "with_entries", "without_entries"]

MOST_ENTRIES: Final = 10_000  # beside it the bound of one request: `wire.lists.MOST_ENTRIES`
_MOST_CHARACTERS: Final = 512


def entries(kind: str, given: Iterable[object]) -> tuple[str, ...]:
    """Return what is given as entries of a list, each once, in order; addresses and networks in their shortest form.

    Raises:
        InvalidArgument: One is no text, empty or too long, or of a list of addresses none; or there are too many.
    """
    found = dict.fromkeys(_entry(kind, each) for each in given)
    if len(found) > MOST_ENTRIES:
        raise InvalidArgument(error_message=f"A list holds at most {MOST_ENTRIES} entries.")
    return tuple(found)


def with_entries(held: Sequence[str], added: Iterable[str]) -> tuple[str, ...]:
    """Return the entries with those that are new behind them.

    Raises:
        InvalidArgument: That would be too many.
    """
    both = tuple(dict.fromkeys((*held, *added)))
    if len(both) > MOST_ENTRIES:
        raise InvalidArgument(error_message=f"A list holds at most {MOST_ENTRIES} entries.")
    return both


def without_entries(held: Sequence[str], removed: Iterable[str]) -> tuple[str, ...]:
    """Return the entries without those that are removed; what is not there is passed over."""
    gone = frozenset(removed)
    return tuple(each for each in held if each not in gone)


def contains_address(held: Sequence[str], address: str) -> bool:
    """Tell whether an address is an entry or lies in one that is a network; a network if it is an entry or within one.

    Looks up the networks that the address can lie in, one for each length of prefix that occurs, so that a long list
    costs no more than reading it.

    Raises:
        InvalidArgument: The text is neither address nor network.
    """
    sought = ip_network(_entry("ips", address))
    known = frozenset(held)
    if str(sought) in known or canonical(str(sought)) in known:
        return True
    lengths = {int(each.rpartition("/")[2]) for each in held if "/" in each and (":" in each) == (sought.version == 6)}
    return any(str(sought.supernet(new_prefix=bits)) in known for bits in lengths if bits <= sought.prefixlen)


def _entry(kind: str, given: object) -> str:
    if not isinstance(given, str) or not 1 <= len(given) <= _MOST_CHARACTERS:
        raise InvalidArgument(error_message=f"An entry of a list is a text of 1 to {_MOST_CHARACTERS} characters.")
    if kind != "ips":
        return given
    text = canonical(given) if network(given) is not None else ""
    if not text:
        raise InvalidArgument(error_message=f"{given[:64]!r} is neither an address nor a network such as 10.0.0.0/8.")
    return text
