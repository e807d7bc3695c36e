"""What a service provider is told of a person: the NameID, attributes, and groups, as its application is set.

An address that nobody has proven names nobody: a service provider that finds its accounts by address would let its
owner's stranger in.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from avow.core.saml.assertions import NameId
from avow.core.saml.idp.asked import Subject
from avow.core.saml.idp.parties import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED, Sp

__all__ = ["AttributeRule", "GroupRule", "Person", "Sent", "attributes_of", "is_meant", "name_id"]

_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:"
_FORMATS: Final = {"basic": f"{_FORMAT}basic", "uri": f"{_FORMAT}uri", "unspecified": f"{_FORMAT}unspecified"}
_STANDARD: Final = ("email", "name", "givenName", "familyName")
_MOST_VALUE: Final = 1024


@dataclass(frozen=True, slots=True)
class Person:
    """Who has signed in.

    Attributes:
        user_id: Names them for ever.
        transient: Names them for this session and application.
        email, phone: Verified addresses, "" for none.
        values: What can be told, by the names that mappings use; what is empty is left out.
        roles: Names of the roles that they hold.
        role_ids: Ids of those that group rules name by id; no name is one, though it may look so.
    """

    user_id: str
    transient: str
    email: str = ""
    phone: str = ""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    roles: Collection[str] = ()
    role_ids: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """An attribute of SAML assertions: its name, its format, and what of the person is in it."""

    name: str
    format: str
    value: str


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Groups by roles.

    Attributes:
        name: Of the attribute.
        format: Of that name.
        value: What stands in it for whoever holds one of the roles; "" for the names of those roles.
        roles: Id and name of each, of which the id counts where there is one; empty for all roles.
    """

    name: str
    format: str
    value: str
    roles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """An attribute as it is sent; the format is a URI."""

    name: str
    format: str
    values: tuple[str, ...]


def name_id(sp: Sp, person: Person, asked_format: str) -> NameId | None:
    """Return what a service provider calls a person, or None when they have no such address.

    Args:
        sp: Whose settings count.
        person: Who.
        asked_format: Of the request, "" for whichever.

    Spec: SAML Core sections 2.2.3 and 8.3.
    """
    format = asked_format or sp.name_id_format or UNSPECIFIED
    by_source = {"email": person.email, "phone": person.phone}.get(sp.name_id_source, person.user_id)
    if format == TRANSIENT:
        value = person.transient
    elif format == EMAIL and not sp.name_id_source:
        value = person.email
    else:
        value = by_source
    qualifier = sp.entity_id if format in (PERSISTENT, TRANSIENT) else None
    return NameId(value=value, format=format, sp_name_qualifier=qualifier) if value else None


def is_meant(subject: Subject | None, person: Person, named: NameId) -> bool:
    """Tell whether a person is the one that a request means. Spec: SAML Core section 3.3.4."""
    if subject is None:
        return True
    same = {each.casefold() for each in (named.value, person.email, person.user_id) if each}
    return subject.value.casefold() in same


def attributes_of(person: Person, rules: Sequence[AttributeRule], groups: Iterable[GroupRule]) -> tuple[Sent, ...]:
    """Return the attributes of a person; without rules name and address, and groups only by rules.

    A rule of something that the person has not, or that nobody has, sends nothing.
    """
    chosen = rules or [AttributeRule(each, "", each) for each in _STANDARD]
    found: dict[tuple[str, str], list[str]] = {}
    for rule in chosen:
        found.setdefault((rule.name, rule.format), []).extend(_values(person, rule.value))
    for group in groups:
        found.setdefault((group.name, group.format), []).extend(_groups(person, group))
    return tuple(
        Sent(name, _format(name, format), tuple(dict.fromkeys(values)))
        for (name, format), values in found.items()
        if name and values
    )


def _values(person: Person, wanted: str) -> list[str]:
    named = wanted.removeprefix("user.")
    return [each[:_MOST_VALUE] for each in person.values.get(named, ()) if each]


def _groups(person: Person, rule: GroupRule) -> list[str]:
    held = [name or id for id, name in rule.roles if (id in person.role_ids if id else name in person.roles)]
    if not rule.roles:
        held = list(person.values.get("roleNames", ()))
    return ([rule.value] if held else []) if rule.value else held


def _format(name: str, format: str) -> str:
    if format.startswith(_FORMAT):
        return format
    return _FORMATS.get(format.lower(), _FORMATS["uri" if ":" in name else "basic"])
