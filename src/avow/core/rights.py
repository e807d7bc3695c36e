"""Rights of management callers: what a key may do, and whether one key may give what another would have.

A right is `user:read` or `user:write` (which lets read as well), an area of the management API with what may be done
there; `*:read` reads every area, `*` does everything. No right at all is a key that may do nothing.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from avow.core.networks import Network

__all__ = ["EVERYTHING", "FULL", "NOTHING", "READ_EVERYTHING", "Grant", "allows", "is_right", "parse", "text_of"]

FULL: Final = "*"
READ_EVERYTHING: Final = "*:read"
EVERYTHING: Final = frozenset({FULL})
NOTHING: Final[frozenset[str]] = frozenset()

_RIGHT = re.compile(r"([a-z0-9_]{1,64}):(read|write)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a management key may do, from where and until when.

    Attributes:
        rights: See the module.
        tenant_id: The one tenant that it is confined to, or "" for the whole project.
        networks: Where it may be used from; empty for everywhere.
        expires_at: When it ends, or None.
    """

    rights: frozenset[str] = NOTHING
    tenant_id: str = ""
    networks: tuple[Network, ...] = ()
    expires_at: int | None = None

    def covers_rights(self, other: "Grant") -> bool:
        """Tell whether the other grant has no right, and reaches no tenant, that this one does not."""
        is_within = not self.tenant_id or self.tenant_id == other.tenant_id
        return is_within and all(_holds(self.rights, right) for right in other.rights)

    def covers(self, other: "Grant") -> bool:
        """Tell whether the other grant is nowhere wider than this one: rights, tenant, addresses and end."""
        if not self.covers_rights(other):
            return False
        if self.expires_at is not None and (other.expires_at is None or other.expires_at > self.expires_at):
            return False
        if not self.networks:
            return True
        return bool(other.networks) and all(_is_inside(each, self.networks) for each in other.networks)


def allows(rights: Collection[str], area: str, *, only_reads: bool) -> bool:
    """Tell whether rights suffice for a call in an area."""
    if FULL in rights or f"{area}:write" in rights:
        return True
    return only_reads and (READ_EVERYTHING in rights or f"{area}:read" in rights)


def is_right(text: str, areas: Collection[str]) -> bool:
    """Tell whether a text is a right that a key can have, `*` and `*:read` included."""
    if text in (FULL, READ_EVERYTHING):
        return True
    found = _RIGHT.fullmatch(text)
    return found is not None and found[1] in areas


def parse(text: str) -> frozenset[str]:
    """Return the rights that a stored text holds, separated by spaces."""
    return frozenset(text.split())


def text_of(rights: Iterable[str]) -> str:
    """Return rights as they are stored."""
    return " ".join(sorted(set(rights)))


def _holds(rights: Collection[str], right: str) -> bool:
    if right in (FULL, READ_EVERYTHING):
        return FULL in rights or right in rights
    area, _, verb = right.partition(":")
    return allows(rights, area, only_reads=verb == "read")


def _is_inside(network: Network, outer: Iterable[Network]) -> bool:
    # Compared by their numbers, for networks of two versions do not compare.
    first, last = network.network_address, network.broadcast_address
    return any(first in each and last in each for each in outer)
