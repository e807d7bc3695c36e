"""Public keys: the key sets that clients verify tokens with."""

from msgspec import UNSET, UnsetType

from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape

__all__ = ["ENDPOINTS", "KEYS", "OIDC_KEYS", "Jwk", "Jwks"]


class Jwk(Shape, frozen=True, kw_only=True):
    """One public key; which of the members there are depends on `kty`.

    Attributes:
        kid: Names it in token headers: its RFC 7638 thumbprint.
        alg: The one algorithm it verifies.
        kty: `EC`, `RSA` or `OKP`.
        use: Always `sig`.
        n: Modulus of an RSA key, base64url.
        e: Exponent of an RSA key, base64url.
        crv: Curve of an EC or OKP key.
        x: First coordinate of an EC key, or the OKP key, base64url.
        y: Second coordinate of an EC key, base64url.

    Spec: RFC 7517 section 4; RFC 7518 section 6; RFC 8037 section 2.
    """

    kid: str
    alg: str
    kty: str
    use: str = "sig"
    n: str | UnsetType = UNSET
    e: str | UnsetType = UNSET
    crv: str | UnsetType = UNSET
    x: str | UnsetType = UNSET
    y: str | UnsetType = UNSET


class Jwks(Shape, frozen=True, kw_only=True):
    """A key set: the keys that sign, will sign next, and have signed what still lives."""

    keys: tuple[Jwk, ...] = ()


# Key sets are public: the official clients name the project in the header, OpenID libraries send none.
KEYS = Endpoint("keys", "GET", "/v2/keys/{projectId}", Nothing, Jwks, Caller.ANYONE)
OIDC_KEYS = Endpoint("keys.oidc", "GET", "/{projectId}/.well-known/jwks.json", Nothing, Jwks, Caller.ANYONE)

ENDPOINTS = (KEYS, OIDC_KEYS)
