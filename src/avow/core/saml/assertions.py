"""What a response says once it is believed, and what it has to say for that."""

from dataclasses import dataclass
from enum import Enum, unique
from typing import Final

from avow.core.saml.attributes import Attribute, values
from avow.core.saml.parties import IdentityProvider, SamlKey, ServiceProvider

__all__ = ["MULTI_FACTOR_CONTEXTS", "Assertion", "Demand", "Envelope", "Expected", "NameId"]

TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
# What a person is called for ever at an identity provider whose NameIDs change with every sign-in.
_SUBJECT_ATTRIBUTES: Final = (
    "urn:oasis:names:tc:SAML:attribute:pairwise-id",
    "urn:oasis:names:tc:SAML:attribute:subject-id",
)
# Classes that say that two different factors were shown.
MULTI_FACTOR_CONTEXTS: Final = frozenset(
    {
        "https://refeds.org/profile/mfa",
        "http://schemas.microsoft.com/claims/multipleauthn",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
    }
)
# Entra ID says it by this attribute, while the class stays `Password`.
_METHODS_ATTRIBUTE: Final = "http://schemas.microsoft.com/claims/authnmethodsreferences"


@unique
class Demand(Enum):
    """What has to be signed. Whatever signature there is besides has to hold as well."""

    ASSERTION = "assertion"  # what our metadata asks for
    RESPONSE = "response"
    EITHER = "either"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a response has to be to sign somebody in.

    Attributes:
        idp: Who has to say it.
        sp: To whom: audience, recipient and destination.
        request_id: The request that it answers; None for one that nobody asked for.
        accepts_unsolicited: Responses to no request are accepted (IdP-initiated sign-in), when `request_id` is None.
        demand: What has to be signed.
        keys: What opens an encrypted assertion; with none, only plain ones are read.
        max_age_seconds: The sign-in at the identity provider is at most so long ago; one that does not say is too old.
        contexts: The sign-in has to be of one of these classes; empty for any.
        needs_multi_factor: The sign-in has to be one of two factors (`Assertion.is_multi_factor`).
    """

    idp: IdentityProvider
    sp: ServiceProvider
    request_id: str | None
    accepts_unsolicited: bool = False
    demand: Demand = Demand.ASSERTION
    keys: tuple[SamlKey, ...] = ()
    max_age_seconds: int | None = None
    contexts: tuple[str, ...] = ()
    needs_multi_factor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is written on a response that nobody has verified: good only for finding what to verify it with.

    Attributes:
        issuer: Who claims to have sent it: of the response, else of its assertion, "" when neither says.
        in_response_to: The request that it claims to answer, or None.
        destination: Where it claims to go, or None.
    """

    issuer: str
    in_response_to: str | None
    destination: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameId:
    """What the identity provider calls the person.

    Attributes:
        value: The whole text, at most 1,024 characters, without white space at its ends.
        format: URI; `...:unspecified` when it does not say.
        name_qualifier: Whose names they are; None for its own.
        sp_name_qualifier: For whom; None or our entity id.
    """

    value: str
    format: str
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None

    @property
    def is_transient(self) -> bool:
        """Tell whether the person is called something else the next time."""
        return self.format == TRANSIENT

    @property
    def is_email(self) -> bool:
        """Tell whether the name is meant to be an address; whether it is one is for the reader to judge."""
        return self.format == EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What the identity provider says, read only from what its signature covers.

    Attributes:
        id: As the identity provider numbers its assertions; accepted once per identity provider.
        issuer: The identity provider's entity id.
        in_response_to: The request that it answers; None when nobody asked.
        name_id: What the person is called.
        attributes: In their order; those of one name are one.
        authn_at: When the person signed in at the identity provider.
        authn_context: How: URI of the class, or "" when it does not say.
        session_index: Of the session at the identity provider, or None.
        session_ends_at: When the identity provider wants sessions to end, or None.
        accepted_until: From this second on it would be refused as too old: how long to remember that it was used.
    """

    id: str
    issuer: str
    in_response_to: str | None
    name_id: NameId
    attributes: tuple[Attribute, ...]
    authn_at: int
    authn_context: str
    session_index: str | None
    session_ends_at: int | None
    accepted_until: int

    @property
    def subject(self) -> str | None:
        """Return what names this person at this identity provider for ever, or None when nothing does.

        A transient NameID is no one's name; then the subject identifier attributes say, if there are any.

        Spec: SAML Subject Identifier Attributes Profile sections 3.3 and 3.4.
        """
        if not self.name_id.is_transient:
            return self.name_id.value
        found = (self.values(name) for name in _SUBJECT_ATTRIBUTES)
        return next((each[0] for each in found if len(each) == 1 and each[0]), None)

    @property
    def is_multi_factor(self) -> bool:
        """Tell whether the identity provider says that two factors were shown; silence counts as one."""
        methods = {self.authn_context, *self.values(_METHODS_ATTRIBUTE)}
        return not methods.isdisjoint(MULTI_FACTOR_CONTEXTS)

    def values(self, wanted: str) -> tuple[str, ...]:
        """Return the values of an attribute, by any name it is known under (`attributes.values`); () for none."""
        return values(self.attributes, wanted)
