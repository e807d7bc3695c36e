"""A provider while it is stored: what the project says of it as JSON, and what its kind adds."""

import hashlib
from typing import Any, Final

import msgspec

from avow import shaping
from avow.core.federation.providers import ClaimMap, ClientAuth, Protocol, Provider

__all__ = ["KEY_AUTHS", "Settings", "decoded", "encoded", "provider_of", "with_kind"]

KEY_AUTHS: Final = frozenset({"private_key_jwt", "apple"})  # the secret is a private key, and stays here
CLAIMS: Final = frozenset(
    {
        "subject",
        "email",
        "email_verified",
        "phone",
        "phone_verified",
        "name",
        "given_name",
        "middle_name",
        "family_name",
        "picture",
    }
)


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a provider besides its name and secret; fields as in `wire.providers` and `Provider`.

    Attributes:
        kind: Which of the known providers, or `oidc` or `oauth2`.
        uses_pkce: None for the usual way.
        takes_text_flags: Set by a kind alone.
    """

    kind: str = "oidc"
    protocol: Protocol = "oidc"
    display_name: str = ""
    is_enabled: bool = True
    client_id: str = ""
    issuer: str = ""
    discovery_url: str = ""
    authorization_url: str = ""
    token_url: str = ""
    user_url: str = ""
    emails_url: str = ""
    keys_url: str = ""
    hosts: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    client_auth: ClientAuth | str = ""
    key_id: str = ""
    team_id: str = ""
    uses_pkce: bool | None = None
    form_post: bool = False
    parameters: dict[str, str] = {}
    user_parameters: dict[str, str] = {}
    claims: dict[str, str] = {}
    takes_text_flags: bool = False
    trusted_domains: tuple[str, ...] = ()
    are_tokens_kept: bool = True
    may_create: bool = True
    may_connect: bool = True

    @property
    def secret_goes_to(self) -> tuple[object, ...]:
        """Return what the client secret is, whose, and where it is sent: a private key never becomes a password."""
        whose = (self.client_auth in KEY_AUTHS, self.kind, self.client_id)
        return (*whose, self.issuer, self.discovery_url, self.token_url, *self.hosts)

    @property
    def digest(self) -> str:
        """Return what tells one provider from another: its names and addresses, who we are there, who people are."""
        names = (self.kind, self.protocol, self.issuer, self.client_id, self.discovery_url, self.hosts)
        addresses = (self.authorization_url, self.token_url, self.user_url, self.emails_url, self.keys_url)
        people = (sorted(self.claims.items()), self.trusted_domains, self.takes_text_flags)
        return hashlib.sha256(msgspec.json.encode((names, addresses, people))).hexdigest()[:32]


def with_kind(settings: Settings, kind: Settings) -> Settings:
    """Return settings with what their kind adds, where they say nothing themselves."""
    own: dict[str, Any] = msgspec.structs.asdict(settings)
    usual: dict[str, Any] = msgspec.structs.asdict(Settings())
    said = {name: value for name, value in own.items() if value != usual[name]}
    if "issuer" in said:  # of the provider's own instance; it describes itself there
        said.setdefault("discovery_url", "")
    merged: dict[str, Any] = {
        name: {**getattr(kind, name), **said[name]} for name in ("parameters", "claims") if name in said
    }
    return msgspec.structs.replace(kind, **{**said, **merged, "protocol": kind.protocol})


def provider_of(settings: Settings) -> Provider:
    """Return a provider as decisions take it; the settings are whole."""
    claims: dict[str, Any] = {name: path for name, path in settings.claims.items() if name in CLAIMS}
    return Provider(
        protocol=settings.protocol,
        issuer=settings.issuer,
        discovery_url=settings.discovery_url,
        client_id=settings.client_id,
        authorization_url=settings.authorization_url,
        token_url=settings.token_url,
        user_url=settings.user_url,
        emails_url=settings.emails_url,
        keys_url=settings.keys_url,
        hosts=settings.hosts,
        scopes=settings.scopes,
        client_auth=shaping.convert(settings.client_auth, ClientAuth) if settings.client_auth else "",
        key_id=settings.key_id,
        team_id=settings.team_id,
        uses_pkce=settings.uses_pkce is not False,
        form_post=settings.form_post,
        parameters=settings.parameters,
        user_parameters=settings.user_parameters,
        mapping=ClaimMap(**claims, takes_text_flags=settings.takes_text_flags),
        trusted_domains=settings.trusted_domains,
    )


def encoded(settings: Settings) -> str:
    """Return settings as the database keeps them."""
    return msgspec.json.encode(settings).decode()


def decoded(text: str) -> Settings:
    """Return settings as they were kept."""
    return shaping.decode(text, Settings)
