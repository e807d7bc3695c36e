"""From what a provider says of a person to what Avow keeps: each fact from where the configuration says it is."""

from collections.abc import Mapping
from typing import Final

from avow.core import addresses
from avow.core.federation.people import Person
from avow.core.federation.providers import ClaimMap, Provider
from avow.core.redirects import MAX_LENGTH, is_url
from avow.errors import InvalidArgument, SignInRefused

__all__ = ["MOST_GROUPS", "find", "lacks", "person_of"]

_MAX_NAME: Final = 256
_MAX_SUBJECT: Final = 255
MOST_GROUPS: Final = 500  # of one person
_DEPTH: Final = 8


def person_of(provider: Provider, claims: Mapping[str, object], issuer: str = "") -> Person:
    """Return the person whom verified claims describe.

    An address that we would not take from anybody else is none.

    Args:
        provider: As it was set up.
        claims: Of an ID token that holds, or of the user endpoint.
        issuer: Of these claims; the provider's where it is not given.

    Raises:
        SignInRefused: There is no subject.
    """
    mapping = provider.mapping
    email = _email(_text(claims, mapping.email))
    phone = _phone(_text(claims, mapping.phone))
    return Person(
        issuer=issuer or provider.issuer,
        subject=_subject(claims, mapping),
        email=email,
        is_email_verified=bool(email) and _is_verified(provider, email, find(claims, mapping.email_verified)),
        phone=phone,
        is_phone_verified=bool(phone) and find(claims, mapping.phone_verified) is True,
        name=_text(claims, mapping.name),
        given_name=_text(claims, mapping.given_name),
        middle_name=_text(claims, mapping.middle_name),
        family_name=_text(claims, mapping.family_name),
        picture=_picture(_text(claims, mapping.picture, MAX_LENGTH)),
        groups=_groups(find(claims, mapping.groups)),
        claims=claims,
    )


def lacks(provider: Provider, claims: Mapping[str, object]) -> bool:
    """Tell whether an ID token leaves something out that the user endpoint may say."""
    mapping = provider.mapping
    wanted = (mapping.email, mapping.name, mapping.groups)
    return any(path and find(claims, path) is None for path in wanted)


def find(claims: Mapping[str, object], path: str) -> object:
    """Return the claim of a name; where there is none, what its parts between dots lead to; None for neither."""
    if not path:
        return None
    if path in claims:
        return claims[path]
    found: object = claims
    for part in path.split(".", _DEPTH):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def _subject(claims: Mapping[str, object], mapping: ClaimMap) -> str:
    """Return the subject; providers of their own shape number people."""
    value = find(claims, mapping.subject)
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_SUBJECT or not text.isprintable():
        raise SignInRefused(detail="the provider does not say who it is")
    return text


def _is_verified(provider: Provider, email: str, said: object) -> bool:
    """Tell whether an address counts as the person's.

    Only a JSON `true` says so. A trusted domain stands in for a provider that says nothing, never against its no; nor
    for one of many organisations, each of which names its people as it likes.
    """
    if said is True or (provider.mapping.takes_text_flags and said == "true"):
        return True
    domain = addresses.email(email).folded.rpartition("@")[2]
    return said is None and "{" not in provider.issuer and domain in {each.lower() for each in provider.trusted_domains}


def _text(claims: Mapping[str, object], path: str, most: int = _MAX_NAME) -> str:
    value = find(claims, path)
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value[: 2 * most] if character.isprintable()).strip()[:most]


def _email(text: str) -> str:
    try:
        return addresses.email(text).address if text else ""
    except InvalidArgument:
        return ""


def _phone(text: str) -> str:
    try:
        return addresses.phone(text).e164 if text else ""
    except InvalidArgument:
        return ""


def _picture(text: str) -> str:
    return text if text.startswith("https://") and is_url(text) else ""


def _groups(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    found = (each for each in listed if isinstance(each, str) and 0 < len(each) <= _MAX_NAME)
    return tuple(dict.fromkeys(each for each in found if each.isprintable()))[:MOST_GROUPS]
