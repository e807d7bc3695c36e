"""Who takes part in a sign-in at us over SAML: a service provider, and ourselves as its identity provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from avow.core.saml.parties import Binding

__all__ = ["EMAIL", "PERSISTENT", "SERVED", "TRANSIENT", "UNSPECIFIED", "LogoutService", "OwnIdp", "Sp"]

UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
EMAIL: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
# What a request may ask for where the application is not set to one format.
SERVED: Final = (UNSPECIFIED, EMAIL, PERSISTENT, TRANSIENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIdp:
    """What we are for one service provider: each has an identity provider of its own.

    Attributes:
        entity_id: Our name, and where our metadata is.
        sso_url: Where requests go, by both bindings.
        slo_url: Where log-outs go, likewise.
    """

    entity_id: str
    sso_url: str
    slo_url: str


@dataclass(frozen=True, slots=True)
class LogoutService:
    """Where a service provider hears what became of a log-out that it asked for."""

    url: str
    binding: Binding = Binding.REDIRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Sp:
    """A service provider, as an administrator or its metadata describes it.

    Attributes:
        entity_id: Its name: the issuer of its requests and the audience of our assertions.
        acs_url: Where SAML assertions go unless a request says otherwise.
        further_acs: Where else they may go, compared character by character.
        indexes: Addresses that requests may name by a number, of its metadata.
        certificates: In PEM or its base64 alone; what signs its requests. A text that is no certificate counts as none.
        needs_signature: Requests that are not signed are refused; it says so, or gave a certificate for just that.
        logout: Where it hears of log-outs, or None.
        name_id_format: The only format that its NameIDs have, "" for any of `SERVED`.
        name_id_source: What names the person: `email`, `phone`, or "" for the user id.
        default_relay_state: RelayState of a sign-in that begins here.
        valid_until: When its metadata ends, None for never.
    """

    entity_id: str
    acs_url: str
    further_acs: tuple[str, ...] = ()
    indexes: Mapping[int, str] = field(default_factory=dict)
    certificates: tuple[str, ...] = ()
    needs_signature: bool = False
    logout: LogoutService | None = None
    name_id_format: str = ""
    name_id_source: str = ""
    default_relay_state: str = ""
    valid_until: int | None = None

    def has_address(self, url: str) -> bool:
        """Tell whether SAML assertions may go to an address."""
        return url in (self.acs_url, *self.further_acs)
