"""Addresses that this server calls because somebody told it to: what such a URL may look like.

Whether the address behind a name may be called is judged when it is connected to (`networks.is_callable`): a name can
lead somewhere else a moment later.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from avow.core.networks import Network, canonical, is_callable, is_within

__all__ = ["Target", "target"]

_MAX_LENGTH: Final = 2048
_MAX_HOST: Final = 253
_MAX_PORT: Final = 65535
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/(?:[A-Za-z0-9\-._~:/@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?"
    r"(?P<query>\?(?:[A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
# Whoever resolves `127.1`, `0x7f000001` or `2130706433` reads an IPv4 address: a last label like these is no name.
_NUMBER_LIKE: Final = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)
_LOOPBACK_NAMES: Final = ("localhost", "localdomain")
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called, as far as its text says.

    Attributes:
        url: As it was given.
        host: Lower case; an IPv6 address without brackets.
        port: Never absent.
        is_plain: `http`: only towards addresses that the operator allows.
    """

    url: str
    host: str
    port: int
    is_plain: bool


def target(url: str, allowed: Sequence[Network]) -> Target | None:
    """Return what a URL leads to, or None when it may not be called whatever its name resolves to.

    It is absolute https, or http where the operator allows networks besides the public ones; without user, fragment
    and anything two parsers could read differently. A literal address is judged at once.
    """
    found = _URL.fullmatch(url) if len(url) <= _MAX_LENGTH else None
    if found is None:
        return None
    is_plain = found["scheme"] == "http"
    host = found["host"].lower()
    port = int(found["port"]) if found["port"] else (80 if is_plain else 443)
    if not 1 <= port <= _MAX_PORT or (is_plain and not allowed):
        return None
    if host.startswith("["):
        host = host[1:-1]
    if not _is_usable(host, allowed, is_plain=is_plain):
        return None
    return Target(url, host, port, is_plain)


def _is_usable(host: str, allowed: Sequence[Network], *, is_plain: bool) -> bool:
    if canonical(host):
        # Plain http tells everybody on the way: it stays in networks that the operator named.
        return is_within(host, allowed) if is_plain else is_callable(host, allowed)
    labels = host.removesuffix(".").split(".")
    if len(host) > _MAX_HOST or not all(labels) or _NUMBER_LIKE.fullmatch(labels[-1]):
        return False
    return labels[-1] not in _LOOPBACK_NAMES or is_callable(_LOOPBACK, allowed)
