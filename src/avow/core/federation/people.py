"""Who somebody is elsewhere, whichever protocol says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as an identity provider describes them, its signature or TLS having vouched for it.

    Attributes:
        issuer: The provider by its own name: issuer URL of OpenID, entity id of SAML, base URL of an OAuth provider.
        subject: What the provider calls the person, for ever; never an address.
        email: Address, or "".
        is_email_verified: The address is theirs: the provider says so with a JSON `true`, or the configuration trusts
            it for the domain of the address.
        phone: E.164, or "".
        is_phone_verified: The same of the number.
        picture: URL of https, or "".
        groups: Names of their groups there.
        attributes: Values for custom attributes of Avow, as the configuration maps them.
        claims: All that the provider said, as JSON values.
    """

    issuer: str
    subject: str
    email: str = ""
    is_email_verified: bool = False
    phone: str = ""
    is_phone_verified: bool = False
    name: str = ""
    given_name: str = ""
    middle_name: str = ""
    family_name: str = ""
    picture: str = ""
    groups: tuple[str, ...] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    claims: Mapping[str, object] = field(default_factory=dict, repr=False)
