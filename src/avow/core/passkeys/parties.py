"""Whom passkeys are for, and which pages may ask for them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import urlsplit

from avow.core.redirects import approve_origin
from avow.errors import InvalidArgument

__all__ = ["Party", "is_origin", "is_party_id", "party_id"]

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.){{0,30}}{_LABEL}", re.ASCII)
_APP: Final = re.compile(r"android:apk-key-hash:[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a project's passkeys are for.

    Attributes:
        id: The RP ID: a domain, whose pages and those below it can use the passkeys.
        origins: Origins of the pages (or apps) that ask for them.
        is_open: Development: every page of localhost may ask.
    """

    id: str
    origins: tuple[str, ...]
    is_open: bool = False

    @classmethod
    def of(cls, id: str, origins: Sequence[str], public_url: str, *, is_open: bool) -> Self:
        """Return whom passkeys are for, where the project has not said so: the host of the server's public address.

        Args:
            id: RP ID of the project's settings, or "".
            origins: Origins of the project's settings; none for that of the server, and the RP ID's own.
            public_url: Public address of the server.
            is_open: Development.

        Raises:
            InvalidArgument: The public address has no name, and passkeys cannot be for a number.
        """
        parts, domain = urlsplit(public_url), party_id(id, public_url)
        if not domain:
            raise InvalidArgument(error_message="Passkeys need a domain: set passkey_rp_id.")
        own = (f"{parts.scheme}://{parts.netloc}".lower(), *((f"https://{id}",) if id else ()))
        return cls(domain, tuple(origins) or own, is_open=is_open and not origins and domain == "localhost")

    def takes(self, origin: str) -> bool:
        """Tell whether pages of an origin may ask for passkeys."""
        return origin in self.origins or (
            self.is_open and is_origin(origin) and urlsplit(origin).hostname == "localhost"
        )


def party_id(id: str, public_url: str) -> str:
    """Return the RP ID of a project: that of its settings, or the host of the server's public address; "" for none."""
    domain = id or (urlsplit(public_url).hostname or "").lower()
    return domain if is_party_id(domain) else ""


def is_party_id(text: str) -> bool:
    """Tell whether text can be an RP ID: a domain in lower case, and no address.

    Spec: Web Authentication Level 3, "RP ID" (a valid domain string).
    """
    if not _DOMAIN.fullmatch(text):
        return False
    try:
        ip_address(text)
    except ValueError:
        return not text.rpartition(".")[2].isdigit()
    return False


def is_origin(text: str) -> bool:
    """Tell whether text is the origin of a page as browsers write it, over TLS or of localhost, or that of an app."""
    if text.startswith("http:") and urlsplit(text).hostname != "localhost":
        return False
    return approve_origin(text, [text]) or _APP.fullmatch(text) is not None
