"""Scopes and the claims request: what of a person an application is told, and where.

Spec: OpenID Connect Core 1.0 sections 5.1, 5.4 and 5.5.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal

from avow.core.tokens.encoding import json_object, to_json

__all__ = [
    "ABOUT",
    "CLAIMS",
    "OFFLINE",
    "OPENID",
    "STANDARD",
    "ClaimsRequest",
    "Person",
    "claims_of",
    "holding",
    "is_scope",
    "read_claims_request",
    "split",
]

OPENID: Final = "openid"
OFFLINE: Final = "offline_access"
_OF_SCOPE: Final[Mapping[str, tuple[str, ...]]] = {
    "profile": (
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
ABOUT: Final = tuple(_OF_SCOPE)  # the scopes that tell something of a person
STANDARD: Final = (OPENID, *_OF_SCOPE, OFFLINE)
CLAIMS: Final = ("sub", *(claim for claims in _OF_SCOPE.values() for claim in claims))
_MOST_CLAIMS: Final = 100
_MOST_INSTANTS: Final = 1024  # are kept as text: the same person comes again
_MAX_SCOPE: Final = 128
_NOT_IN_SCOPE: Final = frozenset(' "\\')


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What the `claims` parameter asks for.

    Attributes:
        id_token, userinfo: Claims, by name.
        subject: Who it has to be, or "".
        acr: Classes of authentication that it names.
        demands_acr: It has to be one of them.
    """

    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    subject: str = ""
    acr: tuple[str, ...] = ()
    demands_acr: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is, as far as an application may ask.

    Attributes:
        id: The subject.
        name, given_name, middle_name, family_name: As they call themselves.
        email, phone: Addresses, "" for none.
        is_email_proven, is_phone_proven: They have shown that these are theirs.
        picture: URL, or "".
        updated_at: When they were last changed.
        further: The project's own attributes; those that have the name of a standard claim are that claim.
    """

    id: str
    name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    email: str = ""
    is_email_proven: bool = False
    phone: str = ""
    is_phone_proven: bool = False
    picture: str = ""
    updated_at: int = 0
    further: Mapping[str, object] = field(default_factory=dict)


def split(text: str) -> tuple[str, ...]:
    """Return the scopes of a parameter, each once, in their order; of spaces there may be several."""
    return tuple(dict.fromkeys(filter(None, text.split(" "))))


def is_scope(text: str) -> bool:
    """Tell whether text can be a scope. Spec: RFC 6749 section 3.3."""
    return 0 < len(text) <= _MAX_SCOPE and text.isascii() and text.isprintable() and _NOT_IN_SCOPE.isdisjoint(text)


def read_claims_request(text: str) -> ClaimsRequest:
    """Return what a `claims` parameter asks for.

    Raises:
        ValueError: It is not an object of objects, asks for more than a hundred claims, or means one of several people.
    """
    asked = json_object(text.encode())
    found: dict[str, tuple[str, ...]] = {}
    people: set[str] = set()
    demands = False
    classes: tuple[str, ...] = ()
    for place in ("id_token", "userinfo"):
        members = asked.get(place)
        if members is None:
            continue
        if not isinstance(members, dict) or len(members) > _MOST_CLAIMS:
            raise ValueError(f"{place} is not an object of claims")
        found[place] = tuple(members)
        if isinstance(demanded := members.get("sub"), dict):
            people.update(_texts(demanded))
        if place == "id_token" and isinstance(wanted := members.get("acr"), dict):
            classes, demands = _texts(wanted), wanted.get("essential") is True
    if len(people) > 1:
        raise ValueError("sub is to be one of several")
    return ClaimsRequest(found.get("id_token", ()), found.get("userinfo", ()), "".join(people), classes, demands)


def holding(names: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that hold these claims, so that a person is asked about claims as about scopes."""
    wanted = frozenset(names)
    return tuple(scope for scope, claims in _OF_SCOPE.items() if not wanted.isdisjoint(claims))


def claims_of(
    person: Person, scopes: Collection[str], named: Iterable[str] = (), *, updated_at: Literal["number", "text"]
) -> dict[str, object]:
    """Return the claims about a person that scopes and names ask for; what is not known is left out."""
    wanted = {claim for scope in scopes for claim in _OF_SCOPE.get(scope, ())} | set(named)
    known = _known(person, updated_at)
    return {name: known[name] for name in CLAIMS if name in wanted and name in known}


def _known(person: Person, updated_at: str) -> dict[str, object]:
    """Return every standard claim that is known of a person."""
    typed = {name: person.further[name] for name in CLAIMS if name in person.further}
    local = person.email.partition("@")[0]
    whole = " ".join(filter(None, (person.given_name, person.family_name)))
    own: dict[str, object] = {
        "sub": person.id,
        "name": person.name or whole or person.email or person.phone,
        "given_name": person.given_name,
        "middle_name": person.middle_name,
        "family_name": person.family_name,
        "nickname": local or person.given_name,
        "preferred_username": person.email or person.phone,
        "picture": person.picture,
        "email": person.email,
        "phone_number": person.phone,
    }
    said = {name: value for name, value in {**typed, **own}.items() if value} | {
        name: typed[name] for name in ("nickname", "preferred_username") if typed.get(name)
    }
    if person.email:
        said["email_verified"] = person.is_email_proven
    if person.phone:
        said["phone_number_verified"] = person.is_phone_proven
    if person.updated_at:
        said["updated_at"] = _instant(person.updated_at) if updated_at == "text" else person.updated_at
    if not isinstance(said.get("address", {}), dict):
        said["address"] = {"formatted": _text(said["address"])}
    return said


def _texts(wanted: Mapping[str, object]) -> tuple[str, ...]:
    """Return the values that a member of the claims request names."""
    several = wanted.get("values")
    named = [wanted.get("value"), *(several if isinstance(several, list) else ())]
    return tuple(each for each in named if isinstance(each, str))


@lru_cache(_MOST_INSTANTS)
def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _text(value: object) -> str:
    return value if isinstance(value, str) else to_json(value).decode()
