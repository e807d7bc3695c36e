"""Social providers of a project under management: shapes and routes. Client secrets are written and never read."""

from typing import Annotated, Literal

from msgspec import Meta

from avow.wire.bounds import END, Flag, Name, Url
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.secret import SECRET

__all__ = [
    "DELETE",
    "ENDPOINTS",
    "LOAD",
    "LOAD_ALL",
    "SAVE",
    "Provider",
    "ProviderAnswer",
    "ProviderRef",
    "Providers",
    "SaveProvider",
]

ProviderName = Annotated[str, Meta(pattern=rf"^[a-z0-9][a-z0-9-]{{0,62}}{END}", max_length=63)]
SecretKey = Annotated[str, Meta(max_length=8192, extra=SECRET)]
Protocol = Literal["oidc", "oauth2"]
ClientAuth = Literal["", "basic", "post", "private_key_jwt", "apple", "none"]
Names = Annotated[tuple[Name, ...], Meta(max_length=50)]
Parameters = Annotated[dict[Name, Annotated[str, Meta(max_length=1024)]], Meta(max_length=50)]


class SaveProvider(Shape, frozen=True, kw_only=True):
    """A provider as it is to be; what is absent is as the kind has it, or nothing.

    Attributes:
        name: What `oauth.start` calls it.
        kind: `google`, `github`, `microsoft`, `apple`, `facebook`, `gitlab`, `linkedin`, `discord`, `slack`,
            `bitbucket`, `x`, `twitch`, `oidc` or `oauth2`; absent: the name where it is one of these, otherwise `oidc`.
        client_id: Ours, at the provider.
        client_secret: The secret, or a private key in PEM; absent: it stays, unless where it goes to is changed.
        display_name: For people.
        is_enabled: Whether people may sign in by it; absent: they may.
        issuer: Issuer URL of OpenID; of OAuth a URL that names the provider.
        discovery_url: Where it describes itself, when that does not follow from the issuer.
        authorization_url: Where browsers go.
        token_url: Where codes are exchanged.
        user_url: What tells who somebody is.
        emails_url: What lists their addresses.
        keys_url: The keys of ID tokens.
        hosts: Hosts besides the issuer's that the provider may name as its own.
        scopes: Asked for when the caller names none.
        client_auth: How the server proves who it is: `basic`, `post`, `private_key_jwt`, `apple` or `none`.
        key_id: Name of the private key at the provider.
        team_id: Apple's name of the developer.
        uses_pkce: Send a code challenge; absent: yes.
        parameters: Further ones of every authorization request.
        claims: Where facts are among the provider's claims, by what they are here: `subject`, `email`,
            `email_verified`, `name`, ...
        trusted_domains: Mail domains of which the provider's word counts although it says nothing of verification.
        are_tokens_kept: Keep the provider's tokens, sealed, for management; absent: yes.
        may_create: Whether users come into being by it; absent: yes.
        may_connect: Whether a verified address leads to the user who has it; absent: yes.
    """

    name: ProviderName
    kind: Name | None = None
    client_id: Name | None = None
    client_secret: SecretKey | None = None
    display_name: Name | None = None
    is_enabled: Flag = None
    issuer: Url | None = None
    discovery_url: Url | None = None
    authorization_url: Url | None = None
    token_url: Url | None = None
    user_url: Url | None = None
    emails_url: Url | None = None
    keys_url: Url | None = None
    hosts: Names | None = None
    scopes: Names | None = None
    client_auth: ClientAuth | None = None
    key_id: Name | None = None
    team_id: Name | None = None
    uses_pkce: Flag = None
    parameters: Parameters | None = None
    claims: Parameters | None = None
    trusted_domains: Names | None = None
    are_tokens_kept: Flag = None
    may_create: Flag = None
    may_connect: Flag = None


class Provider(Shape, frozen=True, kw_only=True):
    """A provider of the project, with what its kind adds; the secret is left out.

    Attributes:
        name: What `oauth.start` calls it.
        kind: Which of the known providers, or `oidc` or `oauth2`.
        protocol: How people are proven: by ID tokens (`oidc`) or by a user endpoint (`oauth2`).
        redirect_uri: What has to be registered at the provider.
        is_secret_kept: A client secret is kept.
        created_time: Seconds since the epoch.
    """

    name: str
    kind: str
    protocol: str
    client_id: str
    display_name: str
    is_enabled: bool
    redirect_uri: str
    is_secret_kept: bool
    issuer: str = ""
    discovery_url: str = ""
    authorization_url: str = ""
    token_url: str = ""
    user_url: str = ""
    emails_url: str = ""
    keys_url: str = ""
    hosts: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    client_auth: str = ""
    key_id: str = ""
    team_id: str = ""
    uses_pkce: bool = True
    parameters: dict[str, str] = {}
    claims: dict[str, str] = {}
    trusted_domains: tuple[str, ...] = ()
    are_tokens_kept: bool = True
    may_create: bool = True
    may_connect: bool = True
    created_time: int = 0


class ProviderAnswer(Shape, frozen=True, kw_only=True):
    """One provider."""

    provider: Provider


class Providers(Shape, frozen=True, kw_only=True):
    """Every provider of the project, by name."""

    providers: tuple[Provider, ...]


class ProviderRef(Shape, frozen=True, kw_only=True):
    """Which provider."""

    name: ProviderName


SAVE = Endpoint(
    "mgmt.provider.save", "POST", "/v1/mgmt/avow/provider/save", SaveProvider, ProviderAnswer, Caller.MANAGEMENT
)
LOAD = Endpoint(
    "mgmt.provider.load",
    "GET",
    "/v1/mgmt/avow/provider",
    ProviderRef,
    ProviderAnswer,
    Caller.MANAGEMENT,
    only_reads=True,
)
LOAD_ALL = Endpoint(
    "mgmt.provider.load_all",
    "GET",
    "/v1/mgmt/avow/provider/all",
    Nothing,
    Providers,
    Caller.MANAGEMENT,
    only_reads=True,
)
DELETE = Endpoint(
    "mgmt.provider.delete", "POST", "/v1/mgmt/avow/provider/delete", ProviderRef, Nothing, Caller.MANAGEMENT
)

ENDPOINTS = (SAVE, LOAD, LOAD_ALL, DELETE)
