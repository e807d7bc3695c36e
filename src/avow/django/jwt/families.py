"""Rotation of refresh tokens in strict mode: each is good once, a second use ends the sign-in, a short grace forgives.

A refresh token names its family (`sid`) and its place in it (`gen`). The newest is answered again while it is younger
than the grace, so that two tabs, a lost answer and a retry change nothing; the one before it likewise. Any older one
was copied: the family ends.
"""

import hashlib
import uuid
from enum import Enum, auto

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.crypto import constant_time_compare

from avow import clock
from avow.django.jwt import settings
from avow.django.jwt.models import JWTBlacklist, RefreshFamily, moment_of
from avow.django.jwt.tokens import Claims, SomeUser, seconds_of

__all__ = ["Verdict", "end", "find_user", "judge", "open_family", "renew", "user_pk_of"]

_TRIES = 3  # a lost race is read again: who won it rotated, so that the second reading meets the grace


class Verdict(Enum):
    """What a presented refresh token is worth."""

    CURRENT = auto()  # answered with the newest again
    ROTATES = auto()  # answered with the next
    REUSED = auto()  # a copy: the family ends
    ENDED = auto()  # the family has ended


def judge(generation: object, family: RefreshFamily, now: int, grace_seconds: int) -> Verdict:
    """Decide about one presentation of a refresh token; reads nothing but its arguments.

    Args:
        generation: The claim `gen` of the token.
        family: Its family as it is now.
        now: Seconds since the epoch.
        grace_seconds: How long a refresh token is forgiven a second use.

    Spec: RFC 9700 section 4.14.2.
    """
    is_young = now - family.rotated_at < grace_seconds
    if family.revoked_at is not None or family.expires_at <= now:
        return Verdict.ENDED
    if generation == family.generation:
        return Verdict.CURRENT if is_young else Verdict.ROTATES
    if is_young and generation == family.generation - 1:
        return Verdict.CURRENT
    return Verdict.REUSED


def open_family(user: SomeUser, claims: Claims) -> Claims:
    """Begin the family of a sign-in; return the claims of its first refresh token.

    Raises:
        ImproperlyConfigured: Refresh tokens have no lifetime.
    """
    now = clock.system_clock()
    family = RefreshFamily.objects.create(
        sid=uuid.uuid4().hex,
        user_pk=str(user.pk),
        password_state=_password_state(user),
        rotated_at=now,
        expires_at=now + _lifetime_seconds(),
    )
    return _claims_of(family, claims)


def find_user(claims: Claims) -> SomeUser:
    """Return the user of a token if they may still sign in, else None."""
    said = claims.get("user")
    try:
        pk = user_pk_of(claims) or (said["id"] if isinstance(said, dict) else None)
        user = get_user_model()._default_manager.filter(pk=pk).first()
    except (KeyError, TypeError, ValueError, ValidationError):
        return None
    return user if user is not None and user.is_active else None


def user_pk_of(claims: Claims) -> str | None:
    """Return the primary key of whoever signed in, None for a token from before strict mode.

    What a token calls its user may be a name of the project's own.
    """
    sid = claims.get("sid")
    return RefreshFamily.objects.filter(sid=sid).values_list("user_pk", flat=True).first() if sid else None


def renew(presented: Claims, user: SomeUser, made: Claims, *, moves_expiry: bool) -> Claims | None:
    """Return the claims of the refresh token that answers a presented one, or None for a refusal.

    Args:
        presented: Claims of a refresh token that held.
        user: Whose it is.
        made: Claims as they would be made for the user now.
        moves_expiry: The answer lives as long as a new one would; otherwise until the presented one would have ended.
    """
    now, grace = clock.system_clock(), seconds_of("ROTATION_GRACE", settings.AVOW_JWT_ROTATION_GRACE)
    carried = made | ({"nbf": presented["nbf"]} if "nbf" in presented else {})
    for _ in range(_TRIES):
        family = _find(presented, user)
        if family is None or not _is_password_same(family, user):
            end(presented)
            return None
        verdict = judge(presented.get("gen", 0), family, now, grace)
        if verdict in {Verdict.REUSED, Verdict.ENDED}:
            end(presented)
            return None
        expires_at = now + _lifetime_seconds() if moves_expiry else family.expires_at
        if moved := _move(family, verdict, now, expires_at):
            return _claims_of(moved, carried)
    return None


def end(claims: Claims) -> None:
    """End the sign-in that a token came from: no token of it is good any more."""
    now, sid = clock.system_clock(), _sid_of(claims)
    RefreshFamily.objects.filter(sid=sid, revoked_at=None).update(revoked_at=now)
    family = RefreshFamily.objects.filter(sid=sid).first()
    expires_at = max(family.expires_at if family else 0, claims["exp"])
    JWTBlacklist.objects.get_or_create(jti=sid, defaults={"expires": moment_of(expires_at)})


def _find(presented: Claims, user: SomeUser) -> RefreshFamily | None:
    """Return the family of a refresh token; one from before strict mode begins it here, with itself as its first."""
    family = RefreshFamily.objects.filter(sid=_sid_of(presented), user_pk=str(user.pk)).first()
    if family is not None or "sid" in presented:
        return family
    begun, _ = RefreshFamily.objects.get_or_create(
        sid=_sid_of(presented),
        user_pk=str(user.pk),
        defaults={
            "password_state": _password_state(user),
            "rotated_at": presented["iat"],
            "expires_at": presented["exp"],
        },
    )
    return begun


def _move(family: RefreshFamily, verdict: Verdict, now: int, expires_at: int) -> RefreshFamily | None:
    """Write what a verdict means; return the family as it is then, or None if somebody else was faster."""
    same = RefreshFamily.objects.filter(sid=family.sid, generation=family.generation, revoked_at=None)
    if verdict is Verdict.ROTATES:
        # One statement decides who rotates: of two at once the second changes no row.
        moved = same.update(generation=family.generation + 1, rotated_at=now, expires_at=expires_at)
        family.generation, family.rotated_at = family.generation + 1, now
    else:
        moved = expires_at == family.expires_at or same.update(expires_at=expires_at)
    family.expires_at = expires_at
    return family if moved else None


def _claims_of(family: RefreshFamily, claims: Claims) -> Claims:
    """Return the claims of a family's newest refresh token; nothing that a project's function says comes before."""
    name = hashlib.sha256(f"{family.sid}.{family.generation}".encode()).hexdigest()[:32]
    return claims | {
        "iat": family.rotated_at,
        "exp": family.expires_at,
        "jti": name,
        "sid": family.sid,
        "gen": family.generation,
        "type": "refresh",
    }


def _sid_of(claims: Claims) -> str:
    """Return the family's name; a token from before strict mode names it by its jti."""
    return str(claims.get("sid", claims["jti"]))


def _lifetime_seconds() -> int:
    lifetime = settings.DJWTO_REFRESH_TOKEN_LIFETIME
    if not lifetime:
        raise ImproperlyConfigured("In strict mode refresh tokens need a REFRESH_TOKEN_LIFETIME.")
    return seconds_of("REFRESH_TOKEN_LIFETIME", lifetime)


def _password_state(user: SomeUser) -> str:
    return str(user.get_session_auth_hash())


def _is_password_same(family: RefreshFamily, user: SomeUser) -> bool:
    states = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(family.password_state, state) for state in states)
