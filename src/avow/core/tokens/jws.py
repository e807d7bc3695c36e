"""Signing and verifying one token: compact JWS whose header and claims are checked in a fixed order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature

from avow.core.tokens.encoding import from_base64url, from_json, json_object, to_base64url, to_json
from avow.core.tokens.keys import MAX_KID_CHARACTERS, KeySet, SigningKey
from avow.errors import ERROR_TYPE_INVALID_TOKEN, InvalidToken, TokenExpired, UnknownKey

__all__ = ["MAX_LIFETIME_SECONDS", "MAX_TOKEN_BYTES", "Expected", "Verified", "sign", "unverified_kid", "verify"]

MAX_TOKEN_BYTES: Final = 16_384
MAX_LIFETIME_SECONDS: Final = 400 * 86_400  # as long as a browser keeps a cookie
_MAX_HEADER_BYTES: Final = 1_024
_HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What a verifier demands of a token; nothing in the token can change it.

    Attributes:
        issuer: The `iss`, compared character by character.
        kinds: The accepted `drn`; when empty, a token with any `drn` is refused.
        audience: One of these must be in `aud`; when empty, `aud` must be absent or name the issuer.
        leeway_seconds: How far clocks may differ.
        max_lifetime_seconds: `exp` may not lie further ahead than this.
        typ: Header `typ`. "JWT" may be absent; another one, such as "at+jwt", may not.
        is_of_others: The issuer may be anybody's: instants may have fractions, and a header without kid means the only
            key of its algorithm.
    """

    issuer: str
    kinds: frozenset[str]
    audience: tuple[str, ...] = ()
    leeway_seconds: int = 5
    max_lifetime_seconds: int = MAX_LIFETIME_SECONDS
    typ: str = "JWT"
    is_of_others: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that held.

    Attributes:
        kid: The key that signed it.
        exp: When it ends, in seconds since the epoch.
        payload: Its claims as they were signed: one JSON object.
        members: The same as they were read for the checks; not to be changed, nor handed on.
    """

    kid: str
    exp: int
    payload: bytes = field(repr=False)
    members: Mapping[str, object] = field(repr=False)

    def claims(self) -> dict[str, object]:
        """Return the claims in a new dict, which the caller owns."""
        return from_json(self.payload)


def sign(key: SigningKey, claims: Mapping[str, object], *, typ: str = "JWT") -> str:
    """Return the claims as a token.

    Args:
        key: A key with its private half.
        claims: Of these nothing is added, changed or checked.
        typ: Header `typ`.

    Raises:
        ValueError: The token would be longer than any verifier accepts.

    Spec: RFC 7515 section 7.1; RFC 7519 section 7.1.
    """
    message = f"{key.header(typ)}.{to_base64url(to_json(claims if isinstance(claims, dict) else dict(claims)))}"
    token = f"{message}.{to_base64url(key.signature(message.encode('ascii')))}"
    if len(token) > MAX_TOKEN_BYTES:
        raise ValueError(f"the claims make a token of {len(token)} bytes; at most {MAX_TOKEN_BYTES} are accepted")
    return token


def verify(token: str, keys: KeySet, expected: Expected, now: int) -> Verified:
    """Check a token: its size, form and header, then its signature, then its claims.

    Args:
        token: As it came, untrusted.
        keys: The issuer's published keys.
        expected: What the caller demands.
        now: Seconds since the epoch.

    Raises:
        UnknownKey: The header names a key that is not in `keys`; a newer key set may have it.
        TokenExpired: Everything holds but the time.
        InvalidToken: Any other rule is broken; `detail` names it.

    Spec: RFC 7515 section 5.2; RFC 7519 section 7.2; RFC 8725 section 3.
    """
    header, payload, signature = _parts(token)
    # Nearly every token begins with the very header that its key's tokens have; any other is read member by member.
    key = keys.find_by_header(header) if expected.typ == "JWT" else None
    if key is None:
        key = _find_key(_read_header(header, expected.typ, may_lack_kid=expected.is_of_others), keys)
    # Nothing of the payload is read before the signature holds.
    _check_signature(key, token, signature)
    body, claims = _read_payload(payload)
    exp = _check_claims(claims, expected, now)
    return Verified(key.kid, exp, body, claims)


def unverified_kid(token: str, *, typ: str = "JWT") -> str:
    """Return the kid of a well-formed header, for looking up a key; the token proves nothing yet.

    Raises:
        InvalidToken: The token or its header is malformed.
    """
    return _read_header(_parts(token)[0], typ)[1]


def _refused(detail: str) -> InvalidToken:
    return InvalidToken(error_type=ERROR_TYPE_INVALID_TOKEN, detail=detail)


def _parts(token: str) -> tuple[bytes, bytes, bytes]:
    # The size is the first thing looked at: whatever follows costs at most so much.
    if len(token) > MAX_TOKEN_BYTES:
        raise _refused("size: the token is too long")
    if not token.isascii():
        raise _refused("form: the token has a character outside ASCII")
    parts = token.encode("ascii").split(b".", 3)
    if len(parts) != 3:
        raise _refused("form: a token has three parts")
    return parts[0], parts[1], parts[2]


def _read_header(header: bytes, typ: str, *, may_lack_kid: bool = False) -> tuple[str, str]:
    """Return `alg` and `kid`, "" for one that may be absent.

    Any other member but `typ` is refused, be it an extension, a key or where to get one.

    Spec: RFC 7515 section 4.1.11; RFC 8725 sections 3.10 and 3.11. RFC 7515 section 4 has unknown members ignored;
    our issuers write none.
    """
    if len(header) > _MAX_HEADER_BYTES:
        raise _refused("header: too long")
    try:
        members = json_object(from_base64url(header))
    except ValueError as error:
        raise _refused(f"header: {error}") from error
    if not members.keys() <= _HEADER_MEMBERS:
        raise _refused("header: a member besides alg, kid and typ")
    algorithm, kid = members.get("alg"), members.get("kid")
    if may_lack_kid and isinstance(algorithm, str) and "kid" not in members:
        kid = ""
    elif not isinstance(algorithm, str) or not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_CHARACTERS:
        raise _refused("header: alg or kid is absent, not text or too long")
    if members.get("typ", "JWT") != typ:
        raise _refused("header: another typ")
    return algorithm, kid


def _find_key(named: tuple[str, str], keys: KeySet) -> SigningKey:
    algorithm, kid = named
    fitting = () if kid else [each for each in keys.values() if each.algorithm == algorithm]
    key = fitting[0] if len(fitting) == 1 else keys.get(kid)
    if key is None:
        raise UnknownKey(error_type=ERROR_TYPE_INVALID_TOKEN, detail="kid: no such key")
    if algorithm != key.algorithm:
        raise _refused("alg: not the algorithm of the key")
    return key


def _check_signature(key: SigningKey, token: str, signature: bytes) -> None:
    try:
        key.check(from_base64url(signature), token[: -len(signature) - 1].encode("ascii"))
    except InvalidSignature as error:
        raise _refused("signature: wrong") from error
    except ValueError as error:
        raise _refused(f"signature: {error}") from error


def _read_payload(payload: bytes) -> tuple[bytes, dict[str, object]]:
    try:
        body = from_base64url(payload)
        return body, json_object(body)
    except ValueError as error:
        raise _refused(f"payload: {error}") from error


def _check_claims(claims: Mapping[str, object], expected: Expected, now: int) -> int:
    """Return `exp` of claims that are what the caller demands.

    Spec: RFC 7519 section 4.1; RFC 8725 sections 3.8, 3.9 and 3.12.
    """
    if claims.get("iss") != expected.issuer:
        raise _refused("iss: another issuer")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise _refused("sub: absent, empty or not text")
    _check_kind(claims, expected.kinds)
    _check_audience(claims, expected)
    return _check_times(claims, expected, now)


def _check_kind(claims: Mapping[str, object], kinds: frozenset[str]) -> None:
    if not kinds:
        if "drn" in claims:
            raise _refused("drn: a token of another kind")
        return
    kind = claims.get("drn")
    if not isinstance(kind, str) or kind not in kinds:
        raise _refused("drn: a token of another kind")


def _check_audience(claims: Mapping[str, object], expected: Expected) -> None:
    if "aud" not in claims:
        if expected.audience:
            raise _refused("aud: absent")
        return
    audience = claims["aud"]
    named = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(name, str) for name in named):
        raise _refused("aud: not text")
    wanted = expected.audience or (expected.issuer,)
    if not any(name in wanted for name in named):
        raise _refused("aud: meant for somebody else")


def _check_times(claims: Mapping[str, object], expected: Expected, now: int) -> int:
    """Return `exp`, without its fraction.

    Instants are JSON integers; RFC 7519 section 2 also allows fractions, which our issuers never write.
    """
    if expected.is_of_others:
        claims = {name: int(each) if type(each) is float else each for name, each in claims.items()}
    exp = claims.get("exp")
    if type(exp) is not int:  # not isinstance: true and false are integers to Python
        raise _refused("exp: absent or not an integer")
    latest = now + expected.leeway_seconds
    for name in ("iat", "nbf"):
        value = claims.get(name, 0)
        if type(value) is not int:
            raise _refused(f"{name}: not an integer")
        if value > latest:
            raise _refused(f"{name}: in the future")
    if exp > latest + expected.max_lifetime_seconds:
        raise _refused("exp: further ahead than any token lives")
    if exp <= now - expected.leeway_seconds:
        raise TokenExpired(error_type=ERROR_TYPE_INVALID_TOKEN, detail="exp: past")
    return exp
