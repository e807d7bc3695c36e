"""What an application wishes for, as its person is asked: what it would be told, and at which APIs it would do what."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from avow.core.oidc import scopes
from avow.server.oidc.authorizing import Wish

__all__ = ["AtApi", "at_apis", "own", "place"]

_SAID = frozenset({"profile", "email", "phone", "address", scopes.OFFLINE})  # these have words of ours


@dataclass(frozen=True, slots=True)
class AtApi:
    """What an application could do at an API.

    Attributes:
        name: Of the API for people, "" for what is of no API.
        scopes: As the API calls them.
    """

    name: str
    scopes: tuple[str, ...]


def own(wish: Wish) -> list[str]:
    """Return what the application would be told."""
    return [each for each in wish.scopes.get("", ()) if each in _SAID]


def at_apis(wish: Wish) -> list[AtApi]:
    """Return what it could do besides; an API is named too when nothing of it was asked for: its tokens open it."""
    known = frozenset(scopes.STANDARD)
    of_none = tuple(each for each in wish.scopes.get("", ()) if each not in known)
    found = [AtApi(each.name or each.identifier, tuple(wish.scopes.get(each.identifier, ()))) for each in wish.apis]
    return [*([AtApi("", of_none)] if of_none else ()), *found]


def place(wish: Wish) -> str:
    """Return where the answer leads, by host or scheme; "" of an application that management vouches for."""
    if wish.authorization.client.is_trusted:
        return ""
    parts = urlsplit(wish.authorization.redirect_uri)
    return parts.netloc or parts.scheme
