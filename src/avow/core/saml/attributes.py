"""Attributes of an assertion, and the names that different identity providers have for the same one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Attribute", "values"]

_WS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_MS: Final = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
_ENTRA: Final = "http://schemas.microsoft.com/identity/claims/"
_AUTH0: Final = "http://schemas.auth0.com/"

# The usual words, and what they are called by WS-Federation's claims (ADFS, Entra ID, Auth0), by LDAP's object
# identifiers (Shibboleth, simpleSAMLphp) and in short; in this order. Short names are in lower case, no separators.
_KNOWN_AS: Final[dict[str, tuple[str, ...]]] = {
    "email": ("email", f"{_WS}emailaddress", "urn:oid:0.9.2342.19200300.100.1.3", "mail", "emailaddress"),
    "name": ("name", f"{_ENTRA}displayname", f"{_AUTH0}name", "urn:oid:2.16.840.1.113730.3.1.241", "displayname",
             "fullname", f"{_WS}name", "urn:oid:2.5.4.3", "cn"),
    "givenname": ("givenname", f"{_WS}givenname", "urn:oid:2.5.4.42", "firstname"),
    "familyname": ("familyname", f"{_WS}surname", "urn:oid:2.5.4.4", "sn", "surname", "lastname"),
    "phone": ("phone", f"{_WS}mobilephone", f"{_WS}homephone", "urn:oid:0.9.2342.19200300.100.1.41", "phonenumber",
              "mobile", "urn:oid:2.5.4.20", "telephonenumber"),
    "username": ("username", f"{_WS}upn", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "edupersonprincipalname", "upn",
                 f"{_WS}name", "urn:oid:0.9.2342.19200300.100.1.1", "uid"),
    "groups": ("groups", "group", f"{_MS}groups", "http://schemas.xmlsoap.org/claims/Group", f"{_MS}role",
               "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "ismemberof", "memberof"),
    "picture": ("picture", f"{_AUTH0}picture", "urn:oid:0.9.2342.19200300.100.1.60", "jpegphoto"),
    "verifiedemail": ("verifiedemail", "emailverified", f"{_AUTH0}email_verified"),
}  # fmt: skip
# Each short name above that means one thing only, and what it means.
_MEANS: Final = {short: word for word, names in _KNOWN_AS.items() for short in names if ":" not in short}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute of a person.

    Attributes:
        name: As the identity provider calls it.
        friendly_name: What it is called for people, "" for nothing.
        values: Whole texts, in their order.
    """

    name: str
    friendly_name: str = ""
    values: tuple[str, ...]


def values(attributes: Iterable[Attribute], wanted: str) -> tuple[str, ...]:
    """Return the values of the attribute that is wanted, () for none.

    It is the one of exactly this name; else, when the name is one of the usual words (`email`, `givenName`, `groups`
    and the like), the first of the names that identity providers have for it; else the one whose friendly name it is.
    Usual words are compared without regard to case and separators, everything else to the letter.

    Args:
        attributes: Of one assertion; of two with the same name the values are put together.
        wanted: A name of the identity provider's, or a usual word.
    """
    there = tuple(attributes)
    if exact := _together(each for each in there if each.name == wanted):
        return exact
    for name in _KNOWN_AS.get(_MEANS.get(_plain(wanted), ""), ()):
        if found := _together(each for each in there if name in (each.name, _plain(each.name))):
            return found
    return _together(each for each in there if wanted and each.friendly_name == wanted)


def _together(attributes: Iterable[Attribute]) -> tuple[str, ...]:
    return tuple(value for each in attributes for value in each.values)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
