"""Whose page sent a request: what keeps other sites from using somebody's cookies. No I/O in it.

Every browser of the last years says with a POST where it comes from; scripts cannot change what it says.
"""

import re
from collections.abc import Callable, Collection
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

__all__ = ["Origin", "is_safe", "origin_of", "safe_path"]

_SAFE_VERBS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# A path of this host as every browser reads it: "//host", "/\host" and "/<tab>/host" lead to others.
_PATH: Final = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


class Origin(Enum):
    """Where the page is that sent a request."""

    OWN = "a page of the application, or of a trusted origin"
    FOREIGN = "a page of somebody else"
    UNSAID = "no browser, or a very old one"


def origin_of(header: Callable[[str], str | None], host: str, trusted: Collection[str] = ()) -> Origin:
    """Return whose page sent a request.

    Args:
        header: Returns a field of the request's head, None when it is absent.
        host: The application's own, with the port unless it is the scheme's.
        trusted: Further origins.

    Spec: S-WEB-02. Fetch Metadata, `Sec-Fetch-Site`; RFC 6454 section 7 (`Origin`).
    """
    origin, site = header("Origin"), header("Sec-Fetch-Site")
    if origin is not None and origin in trusted:
        return Origin.OWN
    if site is not None:
        return Origin.OWN if site in ("same-origin", "none") else Origin.FOREIGN
    if origin is None:
        return Origin.UNSAID
    # The scheme is left out: behind a proxy that ends TLS, an application may take itself for http.
    return Origin.OWN if host and _place(origin) == host.lower() else Origin.FOREIGN


def is_safe(verb: str) -> bool:
    """Tell whether requests of a verb change nothing, so that anybody's page may send them."""
    return verb.upper() in _SAFE_VERBS


def _place(origin: str) -> str:
    """Return host and port of an origin; "" of one that cannot be read, such as `http://[`."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def safe_path(url: object, default: str) -> str:
    """Return a path of this host that somebody may be sent to; `default` when `url` is none."""
    return url if isinstance(url, str) and _PATH.fullmatch(url) else default
