"""What an OpenID or OAuth provider is to us: how it was set up, what it says of itself, and what follows from both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, cast
from urllib.parse import urlsplit

from avow.core.redirects import is_url
from avow.core.tokens.encoding import json_object
from avow.errors import SignInRefused

__all__ = [
    "ALGORITHMS",
    "ClaimMap",
    "ClientAuth",
    "Discovery",
    "Endpoints",
    "Protocol",
    "Provider",
    "read_discovery",
    "is_of_issuer",
    "resolve",
]

Protocol = Literal["oidc", "oauth2"]
ClientAuth = Literal["basic", "post", "private_key_jwt", "apple", "none"]

ALGORITHMS: Final = ("RS256", "ES256", "PS256", "EdDSA")
_DEFAULT_ALGORITHM: Final = "RS256"  # OpenID Connect Core section 2: what a provider has to offer
_MAX_LISTED: Final = 64
_AUTH_METHODS: Final[Mapping[str, ClientAuth]] = {"client_secret_basic": "basic", "client_secret_post": "post"}
_TENANT: Final = "{tenantid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMap:
    """Where in a provider's claims the facts about a person are; a dot leads into an object, "" is nowhere.

    Attributes:
        subject: What the provider calls the person.
        email_verified: A JSON `true` there verifies the address; nothing else does.
        takes_text_flags: The provider documents the text "true" for a JSON `true` (Apple).
    """

    subject: str = "sub"
    email: str = "email"
    email_verified: str = "email_verified"
    phone: str = "phone_number"
    phone_verified: str = "phone_number_verified"
    name: str = "name"
    given_name: str = "given_name"
    middle_name: str = "middle_name"
    family_name: str = "family_name"
    picture: str = "picture"
    groups: str = ""
    takes_text_flags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider as it was set up, without secrets.

    Attributes:
        protocol: `oidc` proves people by ID tokens, `oauth2` by what its user endpoint says.
        issuer: Issuer URL of OpenID, without a slash that the provider does not write itself; `{tenantid}` in it stands
            for the claim `tid` (Microsoft). Of OAuth any URL that names the provider.
        discovery_url: Where it describes itself, when that does not follow from the issuer.
        client_id: Ours, at the provider.
        authorization_url, token_url, user_url, keys_url: Where they are; "" for what discovery says.
        emails_url: Of an OAuth provider that lists addresses apart (GitHub), or "".
        hosts: Hosts besides the issuer's that discovery may name; secrets and codes go nowhere else.
        scopes: Asked for when the caller names none.
        client_auth: How we prove who we are; "" for what discovery says.
        key_id, team_id: Of the private key by which we prove who we are: its name at the provider, and Apple's name of
            its owner.
        uses_pkce: Send a code challenge.
        form_post: The provider sends its answer as a form (Apple, once it is asked for the name).
        parameters: Further ones of every authorization request.
        user_parameters: Query of the user endpoint.
        mapping: Where the facts are.
        trusted_domains: Mail domains of which the provider's word counts although it says nothing of verification.
        algorithms: Of ID tokens; none for what discovery says.
    """

    protocol: Protocol
    issuer: str
    client_id: str
    discovery_url: str = ""
    authorization_url: str = ""
    token_url: str = ""
    user_url: str = ""
    keys_url: str = ""
    emails_url: str = ""
    hosts: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    client_auth: ClientAuth | Literal[""] = ""
    key_id: str = ""
    team_id: str = ""
    uses_pkce: bool = True
    form_post: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    user_parameters: Mapping[str, str] = field(default_factory=dict)
    mapping: ClaimMap = ClaimMap()
    trusted_domains: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()

    @property
    def needs_discovery(self) -> bool:
        """Tell whether there is something that only the provider can say."""
        return self.protocol == "oidc" and not (self.authorization_url and self.token_url and self.keys_url)

    @property
    def described_at(self) -> str:
        """Return where the provider describes itself.

        Spec: OpenID Connect Discovery 1.0 section 4.1.
        """
        return self.discovery_url or f"{self.issuer.removesuffix('/')}/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What an OpenID provider says of itself; "" and nothing where it does not."""

    issuer: str
    authorization_url: str = ""
    token_url: str = ""
    user_url: str = ""
    keys_url: str = ""
    algorithms: tuple[str, ...] = ()
    auth_methods: tuple[str, ...] = ()
    challenge_methods: tuple[str, ...] | None = None
    names_itself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a sign-in goes, and how it is done there: set up, or said by the provider.

    Attributes:
        names_itself: The answer has to carry `iss`.
    """

    authorization_url: str
    token_url: str
    user_url: str
    keys_url: str
    client_auth: ClientAuth
    algorithms: tuple[str, ...]
    uses_pkce: bool
    names_itself: bool = False


def read_discovery(issuer: str) -> Callable[[bytes], Discovery]:
    """Return a reader of the discovery document of an issuer, which raises ValueError for what is none.

    Spec: OpenID Connect Discovery 1.0 section 4.3 and RFC 8414 section 3.3: the issuer in it is the one it was asked
    for, character by character.
    """

    def read(body: bytes) -> Discovery:
        found = json_object(body)
        if found.get("issuer") != issuer:
            raise ValueError("it is of another issuer")
        methods = found.get("code_challenge_methods_supported")
        return Discovery(
            issuer=issuer,
            authorization_url=_url(found, "authorization_endpoint"),
            token_url=_url(found, "token_endpoint"),
            user_url=_url(found, "userinfo_endpoint"),
            keys_url=_url(found, "jwks_uri"),
            algorithms=_texts(found.get("id_token_signing_alg_values_supported")),
            auth_methods=_texts(found.get("token_endpoint_auth_methods_supported")),
            challenge_methods=None if methods is None else _texts(methods),
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    return read


def resolve(provider: Provider, discovery: Discovery | None) -> Endpoints:
    """Return where a sign-in goes: what was set up comes first, then what the provider says of itself.

    What it says counts only for its issuer's own host and the hosts that were set up beside it: a provider that named
    another one's token endpoint would be handed that one's codes and our secret there.

    Raises:
        SignInRefused: An endpoint is missing or lies elsewhere, or it is what another issuer says of itself.

    Spec: RFC 9700 section 4.4 (mix-up).
    """
    said = discovery or Discovery(issuer=provider.issuer)
    if said.issuer != provider.issuer:  # one address, asked on behalf of two
        raise SignInRefused(detail="the provider describes itself as another issuer")
    own = frozenset({_origin(provider.issuer), *(f"https://{host}" for host in provider.hosts)})
    endpoints = Endpoints(
        authorization_url=provider.authorization_url or _of(own, said.authorization_url, "authorization"),
        token_url=provider.token_url or _of(own, said.token_url, "token"),
        user_url=provider.user_url or _of(own, said.user_url, "userinfo"),
        keys_url=provider.keys_url or _of(own, said.keys_url, "keys"),
        client_auth=provider.client_auth or _client_auth(said.auth_methods),
        algorithms=_algorithms(provider.algorithms or said.algorithms),
        uses_pkce=provider.uses_pkce and (said.challenge_methods is None or "S256" in said.challenge_methods),
        names_itself=said.names_itself,
    )
    if not endpoints.authorization_url or not endpoints.token_url:
        raise SignInRefused(detail="the provider names no authorization or token endpoint")
    if not (endpoints.keys_url if provider.protocol == "oidc" else endpoints.user_url):
        raise SignInRefused(detail="the provider names no keys or user endpoint")
    return endpoints


def is_of_issuer(issuer: str, claims: Mapping[str, object]) -> bool:
    """Tell whether claims are of an issuer, in whose URL `{tenantid}` stands for the claim `tid`."""
    tenant = claims.get("tid")
    if _TENANT in issuer:
        if not isinstance(tenant, str) or not tenant.replace("-", "").isalnum():
            return False
        issuer = issuer.replace(_TENANT, tenant)
    return claims.get("iss") == issuer


def _client_auth(methods: tuple[str, ...]) -> ClientAuth:
    """Return how to prove who we are: the first that we know, by the header where nothing is said.

    Spec: OpenID Connect Discovery 1.0 section 3 (default client_secret_basic).
    """
    for name, auth in _AUTH_METHODS.items():
        if name in methods:
            return auth
    return "basic"


def _algorithms(said: tuple[str, ...]) -> tuple[str, ...]:
    known = tuple(each for each in ALGORITHMS if each in said)
    return known or (_DEFAULT_ALGORITHM,)


def _of(own: frozenset[str], url: str, what: str) -> str:
    if url and _origin(url) not in own:
        raise SignInRefused(detail=f"the provider names a {what} endpoint of another host")
    return url


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


def _url(found: Mapping[str, object], name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str) or not (value == "" or is_url(value)):
        raise ValueError(f"{name} is no URL")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > _MAX_LISTED or not all(isinstance(each, str) for each in value):
        raise ValueError("a list holds something else than text")
    return tuple(cast("list[str]", value))
