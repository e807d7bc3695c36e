"""Who takes part in a sign-in over SAML: the identity provider, ourselves, and our key."""

from dataclasses import dataclass, field
from enum import StrEnum, unique

__all__ = ["Binding", "IdentityProvider", "SamlKey", "ServiceProvider"]


@unique
class Binding(StrEnum):
    """How a request travels to the identity provider.

    Spec: SAML Bindings sections 3.4 and 3.5.
    """

    REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """An identity provider, as its metadata or an administrator describes it.

    Attributes:
        entity_id: Its name; what it says is from this issuer or refused.
        sso_url: Where requests are sent.
        binding: How they are sent there.
        certificates: In PEM or its base64 alone; whose keys are trusted, and no others. Their dates do not matter: what
            is trusted is the key, as long as it is configured (SAML Metadata Interoperability Profile section 2.6.1).
        wants_signed_requests: It refuses requests that are not signed.
        valid_until: When its metadata ends, None for never.
        cache_seconds: How long its metadata may be kept before it is asked for again, None when it does not say.
    """

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]
    binding: Binding = Binding.REDIRECT
    wants_signed_requests: bool = False
    valid_until: int | None = None
    cache_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlKey:
    """An RSA key pair with its certificate, by which a project signs requests and opens what is encrypted for it.

    Attributes:
        private: DER (PKCS #8), unencrypted: to be sealed at rest.
        certificate: PEM, self-signed.
    """

    private: bytes = field(repr=False)
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """What we are for one identity provider.

    Attributes:
        entity_id: Our name there: the audience of what it says.
        acs_url: Where it posts its responses.
    """

    entity_id: str
    acs_url: str
