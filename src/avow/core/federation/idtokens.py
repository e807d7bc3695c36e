"""ID tokens of providers: accepted only when every rule holds, whatever the token says of itself."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from avow.core.federation.keys import ProviderKeys
from avow.core.federation.providers import is_of_issuer
from avow.core.tokens import MAX_TOKEN_BYTES
from avow.core.tokens.encoding import from_base64url, json_object, to_base64url
from avow.errors import SignInRefused

__all__ = ["ExpectedIdToken", "IdToken", "parse", "verify"]

LEEWAY_SECONDS: Final = 60  # clocks of others
_MAX_HEADER_BYTES: Final = 16_384  # some carry their certificates there
_MAX_SUBJECT: Final = 255
_DIGESTS: Final = {"RS256": "sha256", "PS256": "sha256", "ES256": "sha256", "EdDSA": "sha512"}


@dataclass(frozen=True, slots=True)
class IdToken:
    """A token taken apart; it proves nothing yet."""

    algorithm: str
    kid: str
    message: bytes = field(repr=False)
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedIdToken:
    """What an ID token has to say.

    Attributes:
        issuer: The provider's; `{tenantid}` in it stands for the claim `tid`.
        client_id: Ours.
        nonce: Of this very sign-in.
        algorithms: Those that the provider is known to use.
        access_token: The one that came with it; `at_hash`, where it is there, has to fit.
        proven_since: The person has to have proven themselves at the provider since then, in epoch seconds; 0 for ever
            before.
    """

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    algorithms: tuple[str, ...]
    access_token: str = field(default="", repr=False)
    proven_since: int = 0


def parse(token: str) -> IdToken:
    """Take a token apart and read its header.

    Raises:
        SignInRefused: It is too long, malformed, encrypted, or has an extension that must be understood.

    Spec: RFC 7515 section 5.2; unknown members of the header are passed over (section 4).
    """
    if len(token) > MAX_TOKEN_BYTES or not token.isascii():
        raise _refused("too long, or not ASCII")
    parts = token.encode().split(b".", 3)
    if len(parts) != 3 or len(parts[0]) > _MAX_HEADER_BYTES:
        raise _refused("not three parts")
    try:
        header = json_object(from_base64url(parts[0]))
        payload, signature = from_base64url(parts[1]), from_base64url(parts[2])
    except ValueError as error:
        raise _refused(str(error)) from error
    if not {"crit", "b64", "enc", "zip"}.isdisjoint(header):
        raise _refused("an extension in the header")
    algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or not isinstance(kid, str) or not isinstance(kind, str):
        raise _refused("alg, kid or typ is not text")
    if kind.lower() != "jwt":
        raise _refused("a token of another kind")
    return IdToken(algorithm, kid, b".".join(parts[:2]), payload, signature)


def verify(token: IdToken, keys: ProviderKeys, expected: ExpectedIdToken, now: int) -> dict[str, object]:
    """Return the claims of an ID token that holds.

    Args:
        token: Taken apart.
        keys: The provider's, as it publishes them.
        expected: See there; nothing in the token can change it.
        now: Seconds since the epoch.

    Raises:
        SignInRefused: A rule is broken; `detail` names it.

    Spec: OpenID Connect Core 1.0 sections 3.1.3.7 and 3.1.3.8; RFC 8725 section 3.
    """
    if token.algorithm not in expected.algorithms:
        raise _refused("alg: none that the provider uses")
    key = keys.find(token.algorithm, token.kid)
    if key is None:
        raise _refused("kid: the provider publishes no such key")
    if not key.is_right(token.algorithm, token.signature, token.message):
        raise _refused("signature: wrong")
    try:
        claims = json_object(token.payload)
    except ValueError as error:
        raise _refused(str(error)) from error
    if key.issuer and not is_of_issuer(key.issuer, claims):
        raise _refused("kid: a key of another issuer")
    _check_parties(claims, expected)
    _check_times(claims, expected, now)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise _refused("nonce: of another sign-in, or absent")
    _check_access_token(claims, token.algorithm, expected.access_token)
    return claims


def _check_parties(claims: Mapping[str, object], expected: ExpectedIdToken) -> None:
    if not is_of_issuer(expected.issuer, claims):
        raise _refused("iss: another issuer")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise _refused("sub: absent, empty, too long or not text")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in named:
        raise _refused("aud: meant for somebody else")
    party = claims.get("azp")
    if party is not None and party != expected.client_id:
        raise _refused("azp: given to somebody else")
    if party is None and any(each != expected.client_id for each in named):
        raise _refused("azp: absent although it is meant for others too")


def _check_times(claims: Mapping[str, object], expected: ExpectedIdToken, now: int) -> None:
    ends_at, issued_at, begins_at = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    # Not isinstance: true and false are integers to Python.
    if type(ends_at) is not int or type(issued_at) is not int or type(begins_at) is not int:
        raise _refused("exp, iat or nbf: absent or not an integer")
    if ends_at <= now - LEEWAY_SECONDS:
        raise _refused("exp: past")
    if max(issued_at, begins_at) > now + LEEWAY_SECONDS:
        raise _refused("iat or nbf: in the future")
    if expected.proven_since:
        proven_at = claims.get("auth_time")
        # What is not said counts as the weakest.
        if (
            type(proven_at) is not int
            or not expected.proven_since - LEEWAY_SECONDS <= proven_at <= now + LEEWAY_SECONDS
        ):
            raise _refused("auth_time: not proven anew")


def _check_access_token(claims: Mapping[str, object], algorithm: str, access_token: str) -> None:
    named = claims.get("at_hash")
    if named is None or not access_token:
        return
    digest = hashlib.new(_DIGESTS[algorithm], access_token.encode()).digest()
    if not isinstance(named, str) or not hmac.compare_digest(
        named.rstrip("=").encode(), to_base64url(digest[: len(digest) // 2]).encode()
    ):
        raise _refused("at_hash: of another access token")


def _refused(detail: str) -> SignInRefused:
    return SignInRefused(detail=f"ID token: {detail}")
