"""Where a link or a sign-in may lead, and which browser origins may call: decided on the text, before any browser.

A URL is taken apart by this module only, strictly: what two parsers could read differently is refused.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import unquote

from avow.errors import ERROR_TYPE_INVALID_ARGUMENT, InvalidArgument

__all__ = ["MAX_LENGTH", "approve", "approve_origin", "is_entry", "is_url"]

MAX_LENGTH: Final = 2048
_URL: Final = re.compile(r"(https?)://([^/?#]+)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.ASCII | re.IGNORECASE)
# RFC 3986 appendix A, without "@" and brackets in the authority, which has its own form below.
_ALLOWED: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+", re.ASCII)
_AUTHORITY: Final = re.compile(
    r"((?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?|\[[0-9a-f:.]+\])"
    r"(?::([0-9]{1,5}))?",
    re.ASCII,
)
_ENCODED_CONTROL: Final = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])", re.ASCII)
_ENCODED_SEPARATOR: Final = re.compile(r"%(?:2[Ff]|5[Cc])", re.ASCII)
_NUMBER_LIKE: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_MAX_PORT: Final = 65535
_MAX_HOST: Final = 253
_DECODINGS: Final = 4  # what is encoded more often than this hides something


@dataclass(frozen=True, slots=True)
class _Url:
    """The parts of a URL that approval compares; scheme and host in lower case, the port never absent."""

    scheme: str
    host: str
    port: int
    path: str
    is_bare: bool  # no query and no fragment

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def approve(url: str, approved: Sequence[str], *, default_open: bool) -> str:
    """Return the URL as it was given, if it may be led to.

    An entry of the list approves its own scheme, host and port, and every path at or below its own (`/app` approves
    `/app` and `/app/x`, not `/apple`); `https://host`, `https://host/` and `https://host/*` approve the whole origin.
    An entry with a query or fragment approves only itself. Hosts have no wildcards.

    Args:
        url: Absolute http or https URL.
        approved: The project's list.
        default_open: An empty list approves every well-formed URL (development) instead of none.

    Raises:
        InvalidArgument: Malformed, ambiguous or not approved.

    Spec: RFC 9700 section 4.11 (open redirects), RFC 3986.
    """
    parts = _parts(url)
    if parts is None:
        raise _invalid("The redirect URL must be a plain absolute http or https URL.")
    is_approved = any(url == entry or _covers(entry, parts) for entry in approved)
    if not (is_approved or (default_open and not approved)):
        raise _invalid("The redirect URL is not among the project's approved ones.")
    return url


def approve_origin(origin: str, allowed: Sequence[str], *, default_open: bool = False) -> bool:
    """Tell whether a browser origin may call with credentials.

    Args:
        origin: Value of the `Origin` header.
        allowed: Origins, or URLs whose origins are meant.
        default_open: An empty list allows every http and https origin (development) instead of none.

    Returns:
        True only for the exact scheme, host and port; never for `null`.

    Spec: RFC 6454 section 6.1; Fetch, "CORS protocol and credentials".
    """
    parts = _parts(origin)
    if parts is None or origin != _written(parts):
        return False
    entries = map(_entry, allowed)
    return (default_open and not allowed) or any(
        entry is not None and entry.origin == parts.origin for entry in entries
    )


def is_entry(text: str) -> bool:
    """Tell whether text can stand in a list of approved redirects or allowed origins, that is, approves anything."""
    return _parts(_without_wildcard(text)) is not None


def is_url(text: str) -> bool:
    """Tell whether text is an absolute http or https URL that every reader takes apart in the same way."""
    return _parts(text) is not None


def _covers(entry: str, url: _Url) -> bool:
    allowed = _entry(entry)
    if allowed is None or not allowed.is_bare or allowed.origin != url.origin:
        return False
    prefix = allowed.path.removesuffix("/")
    # "/app/" approves what is below it, "/app" also itself.
    return url.path.startswith(f"{prefix}/") or (url.path == prefix and not allowed.path.endswith("/")) or not prefix


@lru_cache(maxsize=4096)
def _entry(entry: str) -> _Url | None:
    """Take an entry of a list apart; remembered, because every request with an origin is held against the list."""
    return _parts(_without_wildcard(entry))


def _parts(url: str) -> _Url | None:
    """Take a URL apart, or return None for what is malformed or could be read in two ways."""
    if len(url) > MAX_LENGTH or not _ALLOWED.fullmatch(url) or _ENCODED_CONTROL.search(url):
        return None
    found = _URL.fullmatch(url)
    authority = _AUTHORITY.fullmatch(found[2].lower()) if found else None
    if found is None or authority is None:
        return None
    scheme, path = found[1].lower(), found[3]
    port = int(authority[2]) if authority[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port <= _MAX_PORT or not _is_host(authority[1]) or not _is_plain_path(path):
        return None
    return _Url(scheme, authority[1], port, path, is_bare=found[4] is None and found[5] is None)


def _is_host(host: str) -> bool:
    """Tell whether a host is a name or an address in the one form that browsers would write."""
    try:
        if host.startswith("["):
            address = IPv6Address(host[1:-1])
            return host == f"[{address}]"
        if _NUMBER_LIKE.fullmatch(host.rpartition(".")[2]):  # a browser reads this as an IPv4 address
            return str(IPv4Address(host)) == host
    except AddressValueError:
        return False
    return len(host) <= _MAX_HOST


def _is_plain_path(path: str) -> bool:
    """Tell whether a path stays where it seems to be: no dot segments, however encoded, no hidden separators."""
    if path.startswith("//"):
        return False
    for _ in range(_DECODINGS):
        if _ENCODED_SEPARATOR.search(path) or "\\" in path:
            return False
        if any(segment.partition(";")[0] in {".", ".."} for segment in path.split("/")):
            return False
        path, encoded = unquote(path, errors="replace"), path
        if path == encoded:
            return True
    return False


def _written(url: _Url) -> str:
    """Return the origin of a URL as browsers write it."""
    port = "" if url.port == _DEFAULT_PORTS[url.scheme] else f":{url.port}"
    return f"{url.scheme}://{url.host}{port}"


def _without_wildcard(entry: str) -> str:
    return entry[:-1] if entry.endswith("/*") else entry


def _invalid(message: str) -> InvalidArgument:
    return InvalidArgument(error_type=ERROR_TYPE_INVALID_ARGUMENT, error_message=message)
