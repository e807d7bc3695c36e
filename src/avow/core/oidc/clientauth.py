"""How a client shows who it is at the token endpoint: which credentials came, never two at once.

Spec: RFC 6749 section 2.3; OpenID Connect Core 1.0 section 9; RFC 7523 section 3; RFC 9700 section 2.5.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote_plus

from avow.core.federation.idtokens import LEEWAY_SECONDS, IdToken, parse
from avow.core.federation.keys import ProviderKeys
from avow.core.tokens.encoding import json_object
from avow.errors import SignInRefused

__all__ = ["ASSERTION_TYPE", "CredentialsFault", "Presented", "presented", "read_assertion", "verify_assertion"]

Method = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
_MAX_ASSERTION_SECONDS: Final = 3600
_MAX_ID: Final = 512
_MAX_SECRET: Final = 1024


class CredentialsFault(ValueError):
    """The credentials cannot be read, or there are two."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a client showed.

    Attributes:
        method: By which method.
        client_id: Who it says it is.
        secret: A secret, or "".
        assertion: A signed assertion, or "".
    """

    method: Method
    client_id: str
    secret: str = field(default="", repr=False)
    assertion: str = field(default="", repr=False)


def presented(authorization: str, parameters: Mapping[str, Sequence[str]]) -> Presented:
    """Return what came in the Authorization header or in the body.

    Raises:
        CredentialsFault: Two methods at once, none at all, two names that differ, or one that no client has.
    """
    shown = _shown(authorization, parameters)
    if not shown.client_id.isprintable():  # databases keep no NUL, and logs are for people
        raise CredentialsFault("a name that cannot be printed")
    return shown


def read_assertion(assertion: str) -> IdToken:
    """Take an assertion apart; it proves nothing yet.

    Raises:
        CredentialsFault: It is malformed.
    """
    try:
        return parse(assertion)
    except SignInRefused as wrong:
        raise CredentialsFault(wrong.detail) from wrong


def verify_assertion(
    token: IdToken, keys: ProviderKeys, client_id: str, audiences: Sequence[str], now: int
) -> tuple[str, int]:
    """Return `jti` and end of an assertion that holds: it counts once.

    Args:
        token: Taken apart.
        keys: The client's.
        client_id: Issuer and subject.
        audiences: Our issuer and the endpoints; it has to be for one of them, and for nobody else.
        now: Seconds since the epoch.

    Raises:
        CredentialsFault: A rule is broken.

    Spec: RFC 7523 section 3; OpenID Connect Core 1.0 section 9; draft-ietf-oauth-rfc7523bis section 4, which wants
    the issuer alone: libraries name the endpoint too, or instead.
    """
    key = keys.find(token.algorithm, token.kid) if token.algorithm in _ALGORITHMS else None
    if key is None or not key.is_right(token.algorithm, token.signature, token.message):
        raise CredentialsFault("alg, kid or signature")
    try:
        claims = json_object(token.payload)
    except ValueError as wrong:
        raise CredentialsFault("the payload") from wrong
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise CredentialsFault("iss or sub: another client")
    # One that another server may take too could be brought to it, or here, by whoever reads it on its way.
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not named or not all(each in audiences for each in named):
        raise CredentialsFault("aud: somebody else")
    ends_at, jti = claims.get("exp"), claims.get("jti")
    begins_at = max(each if type(each) is int else 0 for each in (claims.get("iat"), claims.get("nbf")))
    if type(ends_at) is not int or not now - LEEWAY_SECONDS < ends_at <= now + _MAX_ASSERTION_SECONDS:
        raise CredentialsFault("exp: absent, past, or far ahead")
    if begins_at > now + LEEWAY_SECONDS:
        raise CredentialsFault("iat or nbf: in the future")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_ID:
        raise CredentialsFault("jti: absent")
    return jti, ends_at


def _shown(authorization: str, parameters: Mapping[str, Sequence[str]]) -> Presented:
    named, secret = _one(parameters, "client_id"), _one(parameters, "client_secret")
    assertion, kind = _one(parameters, "client_assertion"), _one(parameters, "client_assertion_type")
    has_header = authorization[:6].lower() == "basic "
    if sum((has_header, bool(secret), bool(assertion or kind))) > 1:
        raise CredentialsFault("two ways at once")
    if has_header:
        client_id, secret = _basic(authorization)
        if named and named != client_id:
            raise CredentialsFault("two names")
        return Presented("client_secret_basic", client_id, secret=secret)
    if assertion or kind:
        if kind != ASSERTION_TYPE:
            raise CredentialsFault("an assertion of another type")
        return Presented("private_key_jwt", named or _subject(assertion), assertion=assertion)
    if not named or len(named) > _MAX_ID or len(secret) > _MAX_SECRET:
        raise CredentialsFault("no client_id, or a long one")
    return Presented("client_secret_post", named, secret=secret) if secret else Presented("none", named)


def _one(parameters: Mapping[str, Sequence[str]], name: str) -> str:
    values = parameters.get(name, ())
    if len(values) > 1:
        raise CredentialsFault(f"{name} stands there twice")
    return values[0] if values else ""


def _basic(authorization: str) -> tuple[str, str]:
    """Return name and secret of a Basic header; both are form-encoded in it (RFC 6749 section 2.3.1)."""
    try:
        text = base64.b64decode(authorization[6:].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as wrong:
        raise CredentialsFault("not Basic") from wrong
    client_id, colon, secret = text.partition(":")
    if not colon or not client_id or len(client_id) > _MAX_ID or len(secret) > _MAX_SECRET:
        raise CredentialsFault("not Basic")
    return unquote_plus(client_id), unquote_plus(secret)


def _subject(assertion: str) -> str:
    """Return whom an assertion says that it is of; nothing is proven by it."""
    try:
        subject = json_object(read_assertion(assertion).payload).get("sub")
    except ValueError as wrong:
        raise CredentialsFault("the assertion") from wrong
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_ID:
        raise CredentialsFault("sub: absent")
    return subject
