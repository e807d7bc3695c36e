"""Client addresses: whose request it is when proxies stand in between."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from avow.errors import InvalidArgument

__all__ = [
    "Network",
    "client_address",
    "is_elsewhere",
    "is_permitted",
    "is_rebindable",
    "network",
    "networks",
    "subscriber",
]

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address
_MAPPED_BITS = 96
_MOST_KEPT = 4096
# All that is public of IPv6. The rest holds site-local addresses, and IPv4 in disguise: RFC 4291 section 2.5.5,
# RFC 6052 section 2.1, RFC 2765 section 2.1.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# What Pythons of various ages take for public, and what is nobody's site: RFC 6890 and the registries of IANA it began.
_SPECIAL = (
    IPv4Network("100.64.0.0/10"),  # carriers' own (RFC 6598)
    IPv4Network("192.0.0.0/24"),  # protocols (RFC 6890)
    IPv4Network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
    IPv4Network("198.18.0.0/15"),  # measurements (RFC 2544)
    IPv6Network("2001::/23"),  # protocols, Teredo among them (RFC 2928, RFC 4380)
    IPv6Network("2002::/16"),  # 6to4 (RFC 3056)
    IPv6Network("3ffe::/16"),  # given back (RFC 3701)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


def client_address(peer: str, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """Return the address of the client.

    `X-Forwarded-For` is read from right to left, each entry only if the one that reported it is a trusted proxy. A
    malformed entry ends the walk: the address before it counts.

    Args:
        peer: Address of the connection, without port; anything else (a socket's path) is returned as it is.
        forwarded_for: Value of `X-Forwarded-For`, several headers joined by commas, or None.
        trusted: Networks of the proxies in front of this server.

    Returns:
        An address in its shortest form; IPv4 in IPv6 is written as IPv4.
    """
    if not forwarded_for:
        return _shortest(peer)
    address = _address(peer)
    if address is None:
        return peer
    hops = forwarded_for.split(",")
    while hops and _lies_in(address, trusted):
        earlier = _address(_without_port(hops.pop().strip(" \t")))
        if earlier is None:
            break
        address = earlier
    return str(address)


def subscriber(address: str) -> str:
    """Return whom limits count of a client address: itself, and of IPv6 the network of 64 bits it lies in.

    One subscriber gets at least so many IPv6 addresses, and may send from a new one each time.

    Spec: RFC 6177 section 2; RFC 4291 section 2.5.1.
    """
    found = _address(address) if ":" in address else None
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else address


def network(text: str) -> Network | None:
    """Return the network of `10.0.0.0/8` or of a single address, or None when the text is neither."""
    if not text:
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that texts name.

    Raises:
        InvalidArgument: One of them is neither an address nor a network.
    """
    found: list[Network] = []
    for text in texts:
        each = network(text)
        if each is None:
            raise InvalidArgument(error_message=f"{text!r} is not an IP address or a network such as 192.0.2.0/24.")
        found.append(each)
    return tuple(found)


def canonical(text: str) -> str:
    """Return an address or network in its one shortest form, IPv4 in IPv6 as IPv4; "" when the text is neither."""
    found = network(text)
    if found is None or (isinstance(found, IPv6Network) and found.network_address.scope_id):
        return ""
    if isinstance(found, IPv6Network) and found.prefixlen >= _MAPPED_BITS and found.network_address.ipv4_mapped:
        found = IPv4Network((found.network_address.ipv4_mapped, found.prefixlen - _MAPPED_BITS))
    return str(found) if found.prefixlen < found.max_prefixlen else str(found.network_address)


def is_callable(address: str, allowed: Sequence[Network]) -> bool:
    """Tell whether this server may call an address that somebody else chose.

    Args:
        address: The very address that will be connected to, not a name.
        allowed: Networks that the operator allows besides the public ones.

    Returns:
        True for public addresses and for allowed ones. Loopback, private, link-local, multicast and reserved addresses
        are none, nor is IPv6 that leads to some IPv4 by a tunnel or translator.
    """
    found = _address(address)
    if found is None:
        return False
    if _lies_in(found, allowed):
        return True
    if isinstance(found, IPv6Address) and found not in _GLOBAL_UNICAST:
        return False
    return found.is_global and not found.is_multicast and not _lies_in(found, _SPECIAL)


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Tell whether an address lies in one of the networks."""
    found = _address(address)
    return found is not None and _lies_in(found, networks)


def is_permitted(address: str, permitted: Sequence[Network]) -> bool:
    """Tell whether a client's address lies in one of the networks; where none is named, every address may."""
    return not permitted or is_within(address, permitted)


def is_elsewhere(address: str) -> bool:
    """Tell whether an address is that of another machine; what is no address (a socket's path) is of this one."""
    found = _address(address)
    return found is not None and not found.is_loopback


def is_rebindable(host: str, own: str) -> bool:
    """Tell whether a Host header names a domain that a stranger may have pointed at this machine.

    Args:
        host: The header, with or without a port.
        own: The server's own host, which is no stranger's.

    Returns:
        False for the own host, for addresses, for `*.localhost` and for names without a dot: nobody can point those.
    """
    name = _without_port(host).strip("[]").rstrip(".").lower()
    return "." in name and name != own and not name.endswith(".localhost") and _address(name) is None


@lru_cache(_MOST_KEPT)
def _shortest(peer: str) -> str:
    address = _address(peer)
    return peer if address is None else str(address)


def _address(text: str) -> _Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return None
        return address.ipv4_mapped or address
    return address


def _lies_in(address: _Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _without_port(entry: str) -> str:
    """Return the address of `1.2.3.4:80`, `[::1]:80` and `[::1]`, as some proxies write them."""
    if entry.startswith("["):
        address, bracket, port = entry[1:].partition("]")
        return address if bracket and ":" in address and (not port or _is_port(port)) else ""
    address, colon, port = entry.partition(":")
    return address if colon and _is_port(f":{port}") else entry


def _is_port(text: str) -> bool:
    return text.startswith(":") and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6
