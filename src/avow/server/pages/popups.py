"""Which pages keep hold of the window that opened them: those of a request whose application may sign in in a popup.

The path at which such a request goes on carries a mark, and all pages of its sign-in know that path. The mark is a MAC,
so that nobody takes the protection off other pages by an address of their own making, and it ends with the request.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final

from avow.clock import Clock
from avow.core.vault import Vault
from avow.server.oidc.requests import WAITING_SECONDS

__all__ = ["Popups"]

_MARKED: Final = re.compile(r"(?P<path>.*)&popup=(?P<until>[0-9]{1,12})\.(?P<mac>[A-Za-z0-9_-]{43})", re.ASCII)


class Popups:
    """Makes and reads the marks of one server."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    def marked(self, path: str) -> str:
        """Return the path of a request with the mark that its pages keep hold of the window that opened them."""
        until = str(self._clock() + WAITING_SECONDS)
        return f"{path}&popup={until}.{self._mac(path, until)}"

    def is_marked(self, leads_to: str) -> bool:
        """Tell whether a sign-in that leads there is one of those."""
        found = _MARKED.fullmatch(leads_to)
        if found is None or int(found["until"]) < self._clock():
            return False
        return hmac.compare_digest(found["mac"], self._mac(found["path"], found["until"]))

    def _mac(self, path: str, until: str) -> str:
        return urlsafe_b64encode(self._vault.mac("pages-popup", path, until)).rstrip(b"=").decode()
