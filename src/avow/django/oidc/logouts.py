"""Logout tokens: what a provider sends to end sessions, accepted only when every rule holds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache

from avow.clock import system_clock
from avow.core.federation.idtokens import IdToken
from avow.core.federation.providers import is_of_issuer
from avow.core.tokens import MAX_TOKEN_BYTES
from avow.core.tokens.encoding import from_base64url, json_object
from avow.django.oidc.problems import ANSWER_WRONG, SignInStopped
from avow.django.oidc.provider import Provider

__all__ = ["Ended", "spend", "verify"]

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LEEWAY_SECONDS: Final = 60  # clocks of others
_OLDEST_SECONDS: Final = 600  # a token that says nothing better counts no longer than this
_KINDS: Final = ("jwt", "logout+jwt", "application/logout+jwt")


@dataclass(frozen=True, slots=True)
class Ended:
    """Whose sessions end: a person's at a provider, one session of it, or that session of that person.

    Attributes:
        issuer: The provider.
        subject: What it calls the person, or "".
        sid: What it calls its session, or "".
        name: Under which the token is remembered when it is spent.
        until: When the token ends, in seconds since the epoch.
    """

    issuer: str
    subject: str
    sid: str
    name: str
    until: int


def verify(token: str, provider: Provider) -> Ended:
    """Return whose sessions a logout token ends; it counts until it is spent.

    Raises:
        SignInStopped: A rule is broken, or the provider's keys cannot be had.

    Spec: OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6.
    """
    parsed = _parsed(token)
    if parsed.algorithm not in provider.metadata.algorithms:
        raise _refused("alg: none that the provider uses")
    key = provider.keys_for(parsed, is_of_stranger=True).find(parsed.algorithm, parsed.kid)
    if key is None or not key.is_right(parsed.algorithm, parsed.signature, parsed.message):
        raise _refused("signature: wrong, or by no key of the provider")
    try:
        claims = json_object(parsed.payload)
    except ValueError as error:
        raise _refused(str(error)) from error
    if key.issuer and not is_of_issuer(key.issuer, claims):
        raise _refused("kid: a key of another issuer")
    ends_at = _check(claims, provider)
    subject, sid = _text(claims, "sub"), _text(claims, "sid")
    if not subject and not sid:
        raise _refused("neither sub nor sid")
    name = "avow_oidc_logout:" + hashlib.sha256(_text(claims, "jti").encode()).hexdigest()
    if cache.get(name) is not None:
        raise _refused("jti: seen before")
    return Ended(provider.metadata.issuer, subject, sid, name, ends_at + _LEEWAY_SECONDS)


def spend(ended: Ended) -> None:
    """Let a logout token count no more: once its sessions have ended, so that a provider may try again until then."""
    cache.set(ended.name, 1, max(1, ended.until - system_clock()))


def _check(claims: Mapping[str, object], provider: Provider) -> int:
    """Judge the claims; return when the token ends."""
    if claims.get("iss") != provider.metadata.issuer:
        raise _refused("iss: another issuer")
    audience = claims.get("aud")
    if provider.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("aud: meant for somebody else")
    if "nonce" in claims:  # an ID token, which must not pass for a logout token
        raise _refused("nonce: there is one")
    events = claims.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(_EVENT), Mapping):
        raise _refused("events: no logout")
    if not _text(claims, "jti"):
        raise _refused("jti: absent")
    issued_at, now = claims.get("iat"), system_clock()
    if type(issued_at) is not int or not now - _OLDEST_SECONDS <= issued_at <= now + _LEEWAY_SECONDS:
        raise _refused("iat: absent, old or in the future")
    ends_at = claims.get("exp", issued_at + _OLDEST_SECONDS)
    if type(ends_at) is not int or ends_at <= now - _LEEWAY_SECONDS:
        raise _refused("exp: past")
    return min(ends_at, issued_at + _OLDEST_SECONDS)


def _parsed(token: str) -> IdToken:
    """Take a token apart; of its header only an algorithm, a key and a kind count."""
    parts = token.encode().split(b".", 3) if len(token) <= MAX_TOKEN_BYTES and token.isascii() else []
    try:
        header = json_object(from_base64url(parts[0]))
        payload, signature = from_base64url(parts[1]), from_base64url(parts[2])
    except (IndexError, ValueError) as error:
        raise _refused("malformed") from error
    algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "JWT")
    is_read = isinstance(algorithm, str) and isinstance(kid, str) and isinstance(kind, str)
    if len(parts) != 3 or not is_read or not {"crit", "b64", "enc", "zip"}.isdisjoint(header):
        raise _refused("malformed")
    if str(kind).lower() not in _KINDS:
        raise _refused("a token of another kind")
    return IdToken(str(algorithm), str(kid), b".".join(parts[:2]), payload, signature)


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > 255 or "\0" in value:
        raise _refused(f"{name}: no text")
    return value


def _refused(detail: str) -> SignInStopped:
    return SignInStopped(ANSWER_WRONG, f"logout token: {detail}")
