"""Requests to providers: where a browser is sent, and what the server itself asks for a code."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import quote, urlencode, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from avow.core.federation.providers import Endpoints, Provider
from avow.core.tokens import SigningKey, sign
from avow.core.tokens.encoding import to_base64url
from avow.errors import InvalidArgument, InvalidPublicKey

__all__ = [
    "PARAMETERS",
    "Request",
    "Wishes",
    "authorization_url",
    "code_request",
    "emails_request",
    "is_parameter",
    "read_key",
    "user_request",
]

# Ours alone: a wish that named one would change what is asked for.
PARAMETERS: Final = frozenset(
    {
        "acr_values",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code_challenge",
        "code_challenge_method",
        "id_token_hint",
        "max_age",
        "nonce",
        "redirect_uri",
        "request",
        "request_uri",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
    }
)
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS: Final = 120
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller of one sign-in asks for.

    Attributes:
        scopes: In the place of the provider's usual ones.
        prompt: `none`, `login`, `consent`, `select_account`, or several with spaces between them.
        login_hint: Whom the provider shall ask.
        parameters: Further ones; none of `PARAMETERS`.
        proves_anew: The person has to prove themselves although the provider knows them still.
    """

    scopes: tuple[str, ...] = ()
    prompt: str = ""
    login_hint: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    proves_anew: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A call that the server makes at a provider."""

    url: str
    verb: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def is_parameter(name: str) -> bool:
    """Tell whether a caller may set an authorization parameter of this name."""
    return 0 < len(name) <= 64 and name.isascii() and name.replace("_", "").isalnum() and name not in PARAMETERS


def authorization_url(
    provider: Provider,
    endpoints: Endpoints,
    wishes: Wishes,
    *,
    redirect_uri: str,
    state: str,
    nonce: str,
    verifier: str,
) -> str:
    """Return where a browser is sent to prove who it belongs to.

    Args:
        provider: As it was set up.
        endpoints: Where its endpoints are.
        wishes: Of the caller.
        redirect_uri: Where the provider sends the browser back to; of this provider alone.
        state: Names the start.
        nonce: Has to be in the ID token.
        verifier: PKCE verifier; the request carries its SHA-256.

    Spec: OpenID Connect Core 1.0 section 3.1.2.1; RFC 7636 section 4.3; RFC 9700 section 2.1.1.
    """
    scopes = wishes.scopes or provider.scopes
    if provider.protocol == "oidc" and "openid" not in scopes:
        scopes = ("openid", *scopes)
    given = {**provider.parameters, **wishes.parameters}
    parameters = {
        **given,
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "prompt": "login" if wishes.proves_anew else wishes.prompt or given.get("prompt", ""),
        "login_hint": wishes.login_hint or given.get("login_hint", ""),
    }
    if provider.protocol == "oidc":
        parameters["nonce"] = nonce
        if wishes.proves_anew:
            parameters["max_age"] = "0"
    if provider.form_post:
        parameters["response_mode"] = "form_post"
    if endpoints.uses_pkce:
        parameters |= {"code_challenge": _challenge(verifier), "code_challenge_method": "S256"}
    return _with_query(endpoints.authorization_url, parameters)


def code_request(
    provider: Provider, endpoints: Endpoints, secret: str, *, code: str, redirect_uri: str, verifier: str, now: int
) -> Request:
    """Return the request that exchanges a code for tokens.

    Args:
        provider: As it was set up.
        endpoints: Where its endpoints are.
        secret: The client secret, or the private key in PEM where that makes it.
        code: From the provider, by way of the browser.
        redirect_uri: As in the authorization request.
        verifier: PKCE verifier of this very sign-in.
        now: Seconds since the epoch.

    Spec: OpenID Connect Core 1.0 section 3.1.3.1; RFC 6749 section 4.1.3; RFC 7636 section 4.5.
    """
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if endpoints.uses_pkce:
        fields["code_verifier"] = verifier
    return _token_request(provider, endpoints, secret, fields, now)


def user_request(provider: Provider, endpoints: Endpoints, access_token: str) -> Request:
    """Return the request for what a provider knows of the person whose access token it is.

    Spec: OpenID Connect Core 1.0 section 5.3.1; RFC 6750 section 2.1.
    """
    return Request(_with_query(endpoints.user_url, provider.user_parameters), headers=_bearer(access_token))


def emails_request(provider: Provider, access_token: str) -> Request:
    """Return the request for the addresses of the person, where a provider lists them apart."""
    return Request(provider.emails_url, headers=_bearer(access_token))


def read_key(pem: str, kid: str = "") -> SigningKey:
    """Read a private key by which we prove who we are at a provider.

    Args:
        pem: PKCS#8 in PEM; P-256 signs ES256, RSA RS256, Ed25519 EdDSA.
        kid: Its name there; made of the key when absent.

    Raises:
        InvalidArgument: It is no such key.
    """
    try:
        private = load_pem_private_key(pem.encode(), password=None)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            algorithm = "ES256"
        elif isinstance(private, rsa.RSAPrivateKey):
            algorithm = "RS256"
        elif isinstance(private, ed25519.Ed25519PrivateKey):
            algorithm = "EdDSA"
        else:
            raise ValueError("a key of another kind")
        public = private.public_key()
        named = SigningKey(kid or "unnamed", algorithm, private, public)
        return named if kid else SigningKey.from_der(algorithm, named.to_der())
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidPublicKey) as error:
        raise InvalidArgument(
            error_message="The secret has to be a private key in PEM: P-256, RSA or Ed25519."
        ) from error


def _token_request(
    provider: Provider, endpoints: Endpoints, secret: str, fields: Mapping[str, str], now: int
) -> Request:
    headers = {"content-type": _FORM, "accept": "application/json"}
    body = {**fields, "client_id": provider.client_id}
    match endpoints.client_auth:
        case "basic":
            body.pop("client_id")
            # RFC 6749 section 2.3.1: both halves are encoded as in a form before they are joined.
            pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        case "post":
            body["client_secret"] = secret
        case "apple":
            body["client_secret"] = _apple_secret(provider, secret, now)
        case "private_key_jwt":
            body |= {
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": _assertion(provider, endpoints, secret, fields, now),
            }
        case "none":
            pass
    return Request(endpoints.token_url, "POST", headers, urlencode(body).encode())


def _assertion(provider: Provider, endpoints: Endpoints, secret: str, fields: Mapping[str, str], now: int) -> str:
    """Return a signed statement of who we are, good for this one request.

    Spec: RFC 7523 section 3; OpenID Connect Core 1.0 section 9.
    """
    single_use = hashlib.sha256("\0".join((*fields.values(), str(now))).encode()).digest()
    claims = {
        "iss": provider.client_id,
        "sub": provider.client_id,
        "aud": endpoints.token_url,
        "jti": to_base64url(single_use),
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    return sign(read_key(secret, provider.key_id), claims)


def _apple_secret(provider: Provider, secret: str, now: int) -> str:
    """Return a client secret as Apple wants it: a token by the developer's own key.

    Spec: "Creating a client secret", Apple developer documentation.
    """
    claims = {
        "iss": provider.team_id,
        "sub": provider.client_id,
        "aud": provider.issuer,
        "iat": now,
        "exp": now + _ASSERTION_SECONDS,
    }
    return sign(read_key(secret, provider.key_id), claims)


def _bearer(access_token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {access_token}", "accept": "application/json"}


def _challenge(verifier: str) -> str:
    return to_base64url(hashlib.sha256(verifier.encode()).digest())


def _with_query(url: str, parameters: Mapping[str, str]) -> str:
    """Return a URL with further parameters; those without a value are left out."""
    given = urlencode({name: value for name, value in parameters.items() if value}, quote_via=quote)
    if not given:
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}{given}"
