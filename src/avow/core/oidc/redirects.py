"""Addresses that a browser is sent back to: which can be registered, and which of them a request names."""

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from avow.core.redirects import approve_origin, is_url
from avow.wire.applications import ApplicationSettings

__all__ = ["form_target", "is_logout_uri", "is_origin", "is_redirect", "is_registered", "origin_of"]

_MAX_LENGTH: Final = 2048
# What an answer says: of two of one name, many applications read the first.
_ANSWER: Final = frozenset({"code", "state", "iss", "error", "error_description", "error_uri", "response"})
_LOOPBACK: Final = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(?:[/?].*)?", re.ASCII)
_LOOPBACK_PORT: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?((?:[/?].*)?)", re.ASCII)
# Reversed domain names only: a scheme without a dot could be anybody's.
_OWN_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:/{0,2}[A-Za-z0-9\-._~/?=&%]*", re.ASCII)


def is_redirect(uri: str, *, takes_schemes: bool, is_open: bool) -> bool:
    """Tell whether an address can be registered.

    Args:
        uri: The address.
        takes_schemes: Of a native application: schemes of its own, such as `com.example.app:/callback`.
        is_open: Development: http is good for every host, not for the machine itself only.

    Spec: RFC 6749 section 3.1.2 (absolute, no fragment); RFC 8252 sections 7.1 and 7.3; RFC 9700 section 2.1.
    """
    if len(uri) > _MAX_LENGTH or "#" in uri or "*" in uri:
        return False
    if takes_schemes and _OWN_SCHEME.fullmatch(uri):
        return True
    if not is_url(uri):
        return False
    return uri.startswith("https://") or is_open or _LOOPBACK.fullmatch(uri) is not None


def is_origin(text: str) -> bool:
    """Tell whether text is an origin of http or https, as browsers write it."""
    return is_url(text) and approve_origin(text, (text,))


def is_registered(settings: ApplicationSettings, uri: str) -> bool:
    """Tell whether a redirect_uri is one of an application's.

    Compared character by character. A native application's address on the machine itself may have any port, and the
    query counts for nothing where the application says so, as long as it does not say what the answer will.

    Spec: RFC 9700 section 2.1; RFC 8252 section 7.3; OpenID Connect Core 1.0 section 3.1.2.1.
    """
    if uri in settings.redirect_uris:
        return True
    if settings.preset == "native" and (found := _LOOPBACK_PORT.fullmatch(uri)):
        return any(
            other is not None and other.groups() == found.groups()
            for other in map(_LOOPBACK_PORT.fullmatch, settings.redirect_uris)
        )
    if settings.ignores_redirect_query and is_url(uri) and "#" not in uri:
        address, _, query = uri.partition("?")
        names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
        return address in settings.redirect_uris and _ANSWER.isdisjoint(names)
    return False


def is_logout_uri(settings: ApplicationSettings, uri: str) -> bool:
    """Tell whether a browser may be sent to an address after log-out; no path at all is the path `/`.

    Spec: OpenID Connect RP-Initiated Logout 1.0 section 3.
    """
    return bool(uri) and _with_path(uri) in map(_with_path, settings.logout_uris)


def origin_of(uri: str) -> str:
    """Return scheme, host and port of an http or https address, "" for others."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else ""


def form_target(uri: str) -> str:
    """Return what a page's policy names for a form that ends there: an origin, or a scheme of an application's own."""
    return origin_of(uri) or f"{urlsplit(uri).scheme}:"


def _with_path(uri: str) -> str:
    """Return an address whose empty path is written as `/`."""
    found = re.fullmatch(r"(https?://[^/?#]+)(\?.*)?", uri, re.ASCII)
    return f"{found[1]}/{found[2] or ''}" if found else uri
