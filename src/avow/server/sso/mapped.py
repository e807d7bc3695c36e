"""What an identity provider says of a person, read as the configuration of the tenant maps it. No I/O."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from avow.core import addresses
from avow.core.federation.claims import MOST_GROUPS
from avow.core.federation.people import Person
from avow.core.federation.providers import ClaimMap
from avow.core.saml import Assertion
from avow.errors import InvalidArgument
from avow.server.sso.stored import Oidc, Saml

__all__ = ["claims_mapped", "person_of"]

_GROUPS_CLAIM: Final = "groups"  # of OpenID providers: the contract has no name to map it from
_MOST_TEXT: Final = 256
_MOST_URL: Final = 2048
_PICTURE: Final = re.compile(r"https://[!-~]+", re.ASCII)
_YES: Final = frozenset({"true", "1"})
_ADDRESS: Final = "mailto:"  # before an address that stands for a subject; no other subject begins so by chance


def claims_mapped(oidc: Oidc) -> ClaimMap:
    """Return where the claims of an OpenID provider are; the subject is `sub`, whatever people sign in with here."""
    mapped = oidc.attributes
    return ClaimMap(
        email=mapped.email,
        email_verified=mapped.verified_email,
        phone=mapped.phone_number,
        phone_verified=mapped.verified_phone,
        name=mapped.name,
        given_name=mapped.given_name,
        middle_name=mapped.middle_name,
        family_name=mapped.family_name,
        picture=mapped.picture,
        groups=_GROUPS_CLAIM,
    )


def person_of(saml: Saml, said: Assertion, domains: Collection[str]) -> Person | None:
    """Return the person whom an assertion speaks of; None when nothing in it names them for good.

    Their address is the attribute that is mapped, else a NameID that is one. It counts as verified within the domains
    of the tenant, unless a mapped attribute says that it is not.

    Args:
        saml: Of the configuration.
        said: Believed.
        domains: Those that the tenant signs in by itself, in ASCII.
    """
    mapped = saml.attributes
    email = _email(_first(said, mapped.email)) or (_email(said.name_id.value) if said.name_id.is_email else "")
    folded = addresses.email(email).folded if email else ""
    subject = said.subject or (f"{_ADDRESS}{folded}" if folded else "")
    if not subject:
        return None
    is_denied = any(each.lower() not in _YES for each in _values(said, mapped.verified_email))
    phone = _phone(_first(said, mapped.phone_number))
    return Person(
        issuer=said.issuer,
        subject=subject,
        email=email,
        is_email_verified=bool(folded) and folded.rpartition("@")[2] in domains and not is_denied,
        phone=phone,
        is_phone_verified=bool(phone) and _first(said, mapped.verified_phone).lower() in _YES,
        name=_first(said, mapped.name),
        given_name=_first(said, mapped.given_name),
        middle_name=_first(said, mapped.middle_name),
        family_name=_first(said, mapped.family_name),
        picture=_picture(said.values(mapped.picture) if mapped.picture else ()),
        groups=tuple(dict.fromkeys(_values(said, mapped.group)))[:MOST_GROUPS],
        attributes=_custom(said, mapped.custom_attributes),
        claims={each.name: list(each.values) for each in said.attributes},
    )


def _custom(said: Assertion, mapped: Mapping[str, str]) -> dict[str, object]:
    """Return the values of custom attributes, by our names: a text, or several."""
    found: dict[str, object] = {}
    for ours, theirs in mapped.items():
        values = _values(said, theirs)
        if values:
            found[ours] = values[0] if len(values) == 1 else values
    return found


def _values(said: Assertion, name: str) -> list[str]:
    """Return the texts of an attribute that may be kept; no name, no attribute."""
    found = [each.strip() for each in said.values(name)] if name else []
    return [each for each in found if 0 < len(each) <= _MOST_TEXT and each.isprintable()]


def _first(said: Assertion, name: str) -> str:
    return next(iter(_values(said, name)), "")


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


def _picture(values: Collection[str]) -> str:
    """Return the first address of a picture; what a page could run is none."""
    return next((each for each in values if len(each) <= _MOST_URL and _PICTURE.fullmatch(each)), "")
