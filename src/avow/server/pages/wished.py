"""What an application may do, in words for its person: what it is told, and at which APIs it does what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from avow.core.oidc import scopes
from avow.core.oidc.clients import Api
from avow.server.oidc.authorizing import Wish

__all__ = ["AtApi", "Right", "at_apis", "own", "place", "place_of"]

_SAID = frozenset({"profile", "email", "phone", "address", scopes.OFFLINE})  # these have words of ours

Scopes = Mapping[str, Iterable[str]]


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that an application could do.

    Attributes:
        scope: As the API calls it.
        description: The same for people, or "".
    """

    scope: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class AtApi:
    """What an application could do at an API.

    Attributes:
        name: Of the API for people, "" for what is of no API.
        rights: What it is.
    """

    name: str
    rights: tuple[Right, ...]


def own(granted: Scopes) -> list[str]:
    """Return what the application would be told, of scopes by audience."""
    return [each for each in granted.get("", ()) if each in _SAID]


def at_apis(granted: Scopes, apis: Iterable[Api]) -> list[AtApi]:
    """Return what it could do besides; an API is named too when nothing of it was asked for: its tokens open it.

    Args:
        granted: Scopes by audience; "" for what is of no API.
        apis: Those of the audiences.
    """
    known = frozenset(scopes.STANDARD)
    of_none = tuple(Right(each) for each in granted.get("", ()) if each not in known)
    found = [AtApi(api.name or api.identifier, _rights(granted.get(api.identifier, ()), api)) for api in apis]
    return [*([AtApi("", of_none)] if of_none else ()), *found]


def place(wish: Wish) -> str:
    """Return where the answer leads, by host or scheme; "" of an application that management vouches for."""
    return "" if wish.authorization.client.is_trusted else place_of(wish.authorization.redirect_uri)


def place_of(address: str) -> str:
    """Return what people know an address by: its host, or its scheme."""
    parts = urlsplit(address)
    return parts.netloc or parts.scheme


def _rights(names: Iterable[str], api: Api) -> tuple[Right, ...]:
    return tuple(Right(each, api.descriptions.get(each, "")) for each in names)
