"""Proofs of possession: one is of this very request, and its key is the one that the token names.

Spec: RFC 9449 sections 4 and 7.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from avow.core.federation.keys import ProviderKey, ProviderKeys, read_keys
from avow.core.tokens import MAX_TOKEN_BYTES
from avow.core.tokens.encoding import from_base64url, json_object, to_base64url, to_json

__all__ = ["ALGORITHMS", "Proof", "ProofFault", "spelt", "verify"]

ALGORITHMS: Final = ("ES256", "RS256", "EdDSA")
_LEEWAY_SECONDS: Final = 60
_MAX_ID: Final = 256
_MEMBERS: Final[Mapping[object, tuple[str, ...]]] = {
    "EC": ("crv", "kty", "x", "y"),
    "RSA": ("e", "kty", "n"),
    "OKP": ("crv", "kty", "x"),
}
_OF_PATHS: Final = "/:@!$&'()*+,;=~"
_PORTS: Final[Mapping[str, str]] = {"https": ":443", "http": ":80"}
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class ProofFault(ValueError):
    """A proof does not hold; the text names the rule."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds.

    Attributes:
        jkt: Thumbprint of its key.
        jti: Its id: it counts once.
        ends_at: When it counts no more.
    """

    jkt: str
    jti: str
    ends_at: int


def verify(text: str, verb: str, url: str, now: int, *, access_token: str = "") -> Proof:
    """Check the proof that came with a request.

    Args:
        text: The DPoP header.
        verb: HTTP method of the request.
        url: Its address, without query.
        now: Seconds since the epoch.
        access_token: The token that is shown with it, or "" at the token endpoint.

    Raises:
        ProofFault: A rule of RFC 9449 section 4.3 is broken.
    """
    header, message, payload, signature = _parts(text)
    algorithm, jwk = header.get("alg"), header.get("jwk")
    if header.get("typ") != "dpop+jwt" or algorithm not in ALGORITHMS or not isinstance(jwk, dict):
        raise ProofFault("header")
    key, jkt = _key(jwk, str(algorithm)), _thumbprint(jwk)
    if not key.is_right(str(algorithm), signature, message):
        raise ProofFault("signature")
    try:
        claims = json_object(payload)
    except ValueError as wrong:
        raise ProofFault("payload") from wrong
    jti, issued_at = claims.get("jti"), claims.get("iat")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_ID:
        raise ProofFault("jti")
    target = claims.get("htu")
    if claims.get("htm") != verb or not isinstance(target, str) or spelt(target) != spelt(url):
        raise ProofFault("htm or htu")
    if type(issued_at) is not int or not now - _LEEWAY_SECONDS <= issued_at <= now + _LEEWAY_SECONDS:
        raise ProofFault("iat")
    if access_token:
        expected = to_base64url(hashlib.sha256(access_token.encode()).digest())
        if claims.get("ath") != expected:
            raise ProofFault("ath")
    return Proof(jkt, jti, issued_at + 2 * _LEEWAY_SECONDS)


def spelt(url: str) -> str:
    """Return an address without query, in the one spelling of all that mean it.

    Servers hand on paths decoded, and views are found by them: what is encoded in a path makes no other of it.

    Raises:
        ProofFault: It is no address.

    Spec: RFC 9449 section 4.3; RFC 3986 sections 6.2.2 and 6.2.3.
    """
    try:
        parts = urlsplit(url)
    except ValueError as wrong:
        raise ProofFault("htu: no address") from wrong
    host = parts.netloc.lower().removesuffix(_PORTS.get(parts.scheme, "")).removesuffix(":")
    return f"{parts.scheme}://{host}{quote(unquote(parts.path), safe=_OF_PATHS) or '/'}"


def _parts(text: str) -> tuple[dict[str, object], bytes, bytes, bytes]:
    if len(text) > MAX_TOKEN_BYTES or not text.isascii():
        raise ProofFault("form")
    parts = text.encode().split(b".")
    if len(parts) != 3:
        raise ProofFault("form")
    try:
        header = json_object(from_base64url(parts[0]))
        return header, b".".join(parts[:2]), from_base64url(parts[1]), from_base64url(parts[2])
    except ValueError as wrong:
        raise ProofFault("form") from wrong


def _key(jwk: Mapping[str, object], algorithm: str) -> ProviderKey:
    if not _PRIVATE.isdisjoint(jwk):
        raise ProofFault("jwk: private")
    keys: ProviderKeys = read_keys(to_json({"keys": [{**jwk, "alg": algorithm}]}))
    if len(keys.keys) != 1:
        raise ProofFault("jwk")
    return keys.keys[0]


def _thumbprint(jwk: Mapping[str, object]) -> str:
    """Return the RFC 7638 thumbprint of a public key."""
    members = {name: jwk.get(name) for name in _MEMBERS.get(jwk.get("kty"), ())}
    return to_base64url(hashlib.sha256(to_json(members)).digest())
