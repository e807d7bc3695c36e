"""Tokens that management makes and changes: custom claims, sign-ins that a back end vouches for, impersonation."""

import re
from dataclasses import dataclass, replace
from typing import Final

from avow.core import addresses
from avow.core.claims import without_reserved
from avow.core.impersonation import LIFETIME_SECONDS, Verdict, judge
from avow.core.kinds import REFRESH, SESSION
from avow.core.sessions import SessionClaims
from avow.core.tokens import Expected, verify
from avow.errors import (
    Forbidden,
    InvalidArgument,
    InvalidToken,
    MissingArgument,
    UserDisabled,
    UserMissing,
)
from avow.server.serving import Call, Issued, OneToken, Project, Refusal
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import Opening, SessionRow
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.users import actions as users
from avow.server.users import applications
from avow.server.users.actions import NewUser, Profile
from avow.wire.jwt import Anonymous, ImpersonateStepup, MgmtSignIn, MgmtSignUp, MgmtUser, StopImpersonation, UpdateJwt

__all__ = ["ShownToken", "impersonate", "open_anonymous", "read", "sign_in", "sign_up", "stop", "update"]

_KINDS: Final = frozenset({SESSION, REFRESH})
_USER_ID: Final = re.compile(r"U[0-9A-Za-z]{26}", re.ASCII)
_REFUSALS: Final = {
    Verdict.UNENTITLED: "The impersonator does not have the permission to impersonate.",
    Verdict.ABOVE: "Nobody is impersonated who administers the project or may impersonate.",
    Verdict.OUT_OF_REACH: "The impersonator may impersonate members of their own tenants only.",
}


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token of ours that a caller handed in; whether its session lives, a unit decides.

    Attributes:
        is_refresh: A refresh token; otherwise a session token.
        user_id: Subject.
        session_id: Session.
        generation: Generation of a refresh token, at least 1; 0 of a session token.
    """

    is_refresh: bool
    user_id: str
    session_id: str
    generation: int


def read(tx: Tx, project: Project, token: str) -> ShownToken:
    """Verify a session or refresh token of a user, without looking at its session.

    Raises:
        InvalidToken: It is neither, of another project, forged, expired or an access key's.
    """
    held = verify(token, project.session_keys, Expected(issuer=project.id, kinds=_KINDS), tx.now)
    claims = held.claims()
    user_id, session_id, generation = claims.get("sub"), claims.get("sid"), claims.get("gen", 0)
    is_refresh = claims["drn"] == REFRESH
    if not (isinstance(user_id, str) and isinstance(session_id, str) and isinstance(generation, int)):
        raise InvalidToken(detail="no sub or sid")
    if is_refresh != (generation > 0):
        raise InvalidToken(detail="no gen, or one in a session token")
    return ShownToken(is_refresh, user_id, session_id, generation)


def update(tx: Tx, call: Call[UpdateJwt], shown: ShownToken) -> OneToken:
    """Add custom claims to a session and return its token, made anew with what the user holds now.

    Raises:
        SessionEnded: The session does not live.
        InvalidArgument: The claims cannot be carried.
    """
    held = sessions.hold(tx, call.project, shown.user_id, shown.session_id, shown.generation)
    row = sessions.add_claims(tx, held, call.body.custom_claims or {}, renews=shown.is_refresh)
    profile = users.find(tx, shown.user_id)
    if profile is None:
        raise UserMissing
    claims = sessions.claims_of(tx, call.project, row, profile)
    tx.audit(
        "token.updated",
        actor=call.management.actor,
        user_id=profile.id,
        data={"session": row.id, "refresh": shown.is_refresh, "claims": len(call.body.custom_claims or {})},
    )
    said = _limited(claims, tx.now, call.body.refresh_duration or 0)
    if not shown.is_refresh:
        return OneToken(call.project.signing_key, said.session_token())
    return OneToken(call.project.signing_key, without_reserved(said.claims) | said.refresh_token())


def sign_in(tx: Tx, call: Call[MgmtSignIn], shown: ShownToken | None) -> Issued | Refusal:
    """Open a session for a user whom the back end vouches for.

    Raises:
        UserMissing: There is no such user.
        MissingArgument: Step-up or MFA is asked for without a token.
        InvalidToken: The token is another user's.
    """
    body = call.body
    profile = users.find_by_login_id(tx, addresses.login_id(body.login_id).canonical)
    if profile is None:
        raise UserMissing
    before = _added_to(tx, call, profile, shown)
    opening = Opening(
        amr=_amr(body, before),
        claims=body.custom_claims or {},
        revokes_others=bool(body.revoke_other_sessions),
        is_step_up=bool(body.stepup),
        lifetime_seconds=body.refresh_duration or None,
        in_body=True,
        actor=call.management.actor,
        proof=(),
        strong_at=before.strong_at if before else 0,
    )
    return _signed_in(tx, call, profile, opening)


def sign_up(tx: Tx, call: Call[MgmtSignUp], *, or_in: bool) -> Issued | Refusal:
    """Create a user whom the back end vouches for, and open their first session.

    Args:
        tx: Unit of the project.
        call: The call.
        or_in: Sign in the user who is there already, as they are.

    Raises:
        UserExists: The login ID is taken.
        InvalidArgument: An address is malformed.
        NotFound: There is no such application.
    """
    body = call.body
    opening = Opening(
        amr=(),
        claims=body.custom_claims or {},
        lifetime_seconds=body.refresh_duration or None,
        in_body=True,
        actor=call.management.actor,
    )
    if or_in:
        known = users.find_by_login_id(tx, addresses.login_id(body.login_id).canonical)
        if known is not None:
            return _signed_in(tx, call, known, opening)
    user_id = users.create(tx, _new_user(body), actor=call.management.actor)
    named = (body.sso_app_id, body.user.sso_app_id if body.user else None)
    applications.add(tx, user_id, [each for each in named if each])
    return sessions.open_session(tx, call.project, call.client, user_id, replace(opening, first_seen=True))


def open_anonymous(tx: Tx, call: Call[Anonymous]) -> Issued | Refusal:
    """Open a session for somebody nobody knows: a user without login IDs, whom no search finds.

    Raises:
        NotFound: There is no such tenant.
    """
    body, actor = call.body, call.management.actor
    user_id = users.create_anonymous(tx, actor=actor)
    if body.selected_tenant:
        tenants.get(tx, body.selected_tenant)
        tenants.add_member(tx, user_id, body.selected_tenant, with_defaults=False)
    opening = Opening(
        amr=(),
        first_seen=True,
        claims=body.custom_claims or {},
        tenant_id=body.selected_tenant or None,
        lifetime_seconds=body.refresh_duration or None,
        in_body=True,
        actor=actor,
    )
    return sessions.open_session(tx, call.project, call.client, user_id, opening)


def impersonate(tx: Tx, call: Call[ImpersonateStepup], *, is_step_up: bool) -> OneToken | Refusal:
    """Open a session in which one user acts in the name of another; it is short, and says so in every token.

    Raises:
        UserMissing: One of them does not exist.
    """
    body = call.body
    impersonator, other = _named(tx, body.impersonator_id), _named(tx, body.login_id)
    why = _refusal(tx, impersonator, other, body)
    data = {"impersonator": impersonator.id, "by": call.management.actor}
    if why is not None:
        tx.audit(
            "impersonation.refused",
            outcome="refused",
            actor=f"user:{impersonator.id}",
            user_id=other.id,
            address=call.client.address,
            device=call.client.device,
            data=data | {"code": why.error_code},
        )
        return Refusal(why)
    opening = Opening(
        amr=(),
        claims=body.custom_claims or {},
        is_step_up=is_step_up,
        tenant_id=body.selected_tenant or None,
        impersonator=impersonator.id,
        lifetime_seconds=min(body.refresh_duration or LIFETIME_SECONDS, LIFETIME_SECONDS),
        in_body=True,
        actor=call.management.actor,
    )
    opened = sessions.open_session(tx, call.project, call.client, other.id, opening)
    if isinstance(opened, Refusal):
        return opened
    tx.audit(
        "impersonation.started",
        actor=f"user:{impersonator.id}",
        user_id=other.id,
        tenant_id=body.selected_tenant or "",
        address=call.client.address,
        device=call.client.device,
        data=data | {"session": opened.claims.session_id},
    )
    return OneToken(opened.key, opened.claims.refresh_token())


def stop(tx: Tx, call: Call[StopImpersonation], shown: ShownToken) -> OneToken | Refusal:
    """End a session in somebody else's name; return a refresh token of who acted.

    Raises:
        SessionEnded: It does not live any more.
        InvalidArgument: Nobody acts in another's name in it.
    """
    row = sessions.hold(tx, call.project, shown.user_id, shown.session_id, shown.generation)
    if not row.impersonator:
        raise InvalidArgument(error_message="In this session nobody acts in the name of somebody else.")
    body, actor = call.body, call.management.actor
    _require_tenant(_named(tx, row.impersonator), body.selected_tenant)
    sessions.end(tx, row.user_id, row.id, why="impersonation stopped", actor=actor)
    opening = Opening(
        amr=(),
        claims=body.custom_claims or {},
        tenant_id=body.selected_tenant or None,
        lifetime_seconds=body.refresh_duration or None,
        in_body=True,
        actor=actor,
    )
    opened = sessions.open_session(tx, call.project, call.client, row.impersonator, opening)
    if isinstance(opened, Refusal):
        return opened
    tx.audit(
        "impersonation.stopped",
        actor=f"user:{row.impersonator}",
        user_id=row.user_id,
        address=call.client.address,
        device=call.client.device,
        data={"impersonator": row.impersonator, "by": actor, "session": row.id},
    )
    return OneToken(opened.key, opened.claims.refresh_token())


def _limited(claims: SessionClaims, now: int, seconds: int) -> SessionClaims:
    """Return the claims with ends that are as near as asked for, and never further than they were."""
    if not seconds:
        return claims
    return replace(
        claims,
        session_expires_at=min(claims.session_expires_at, now + seconds),
        expires_at=min(claims.expires_at, now + seconds),
    )


def _signed_in(tx: Tx, call: Call[object], profile: Profile, opening: Opening) -> Issued | Refusal:
    if profile.is_invited:  # who signs in for the first time has come
        users.admit(tx, profile.id)
        opening = replace(opening, first_seen=True)
    return sessions.open_session(tx, call.project, call.client, profile.id, opening)


def _added_to(tx: Tx, call: Call[MgmtSignIn], profile: Profile, shown: ShownToken | None) -> SessionRow | None:
    """Return the session that a step-up or a further factor adds to, held; None without one."""
    if not (call.body.stepup or call.body.mfa):
        return None
    if shown is None:
        raise MissingArgument(error_message="Step-up and MFA need the jwt of the user's live session.")
    if shown.user_id != profile.id:
        raise InvalidToken(error_message="The token is not one of this user.")
    row = sessions.hold(tx, call.project, shown.user_id, shown.session_id, shown.generation)
    sessions.require_oneself(row)
    return row


def _amr(body: MgmtSignIn, before: SessionRow | None) -> tuple[str, ...]:
    """Return the methods of a session that a back end vouches for; its word is none."""
    methods = dict.fromkeys(before.amr.split() if before else ())
    if body.mfa:
        methods["mfa"] = None
    return tuple(methods)


def _named(tx: Tx, named: str) -> Profile:
    """Return the user with this id or login ID; an id comes first, for a login ID can be chosen to look like one.

    Raises:
        UserMissing: There is none.
    """
    found = users.find(tx, named) if _USER_ID.fullmatch(named) else None
    found = found or users.find_by_login_id(tx, addresses.login_id(named).canonical)
    if found is None:
        raise UserMissing
    return found


def _refusal(tx: Tx, impersonator: Profile, other: Profile, body: ImpersonateStepup) -> Forbidden | UserDisabled | None:
    verdict = judge(impersonator, other)
    if impersonator.is_disabled or verdict is Verdict.UNENTITLED:
        return Forbidden(error_message=_REFUSALS[Verdict.UNENTITLED])
    if verdict is not Verdict.ALLOWED:
        return Forbidden(error_message=_REFUSALS[verdict])
    if other.is_disabled:
        return UserDisabled()
    if body.validate_consent and not users.allows_impersonation(tx, other.id):
        return Forbidden(error_message="The user has not agreed to be impersonated.")
    if body.selected_tenant and body.selected_tenant not in other.tenants:
        return Forbidden(error_message="The user is not a member of this tenant.")
    return None


def _require_tenant(profile: Profile, tenant_id: str | None) -> None:
    if tenant_id and tenant_id not in profile.tenants:
        raise Forbidden(error_message="The user is not a member of this tenant.")


def _new_user(body: MgmtSignUp) -> NewUser:
    """Return the user of a sign-up; an address is verified if the back end says so, and not otherwise."""
    known = body.user or MgmtUser()
    is_email = addresses.is_email(body.login_id)
    is_phone = body.login_id.strip().startswith("+") and addresses.is_phone(body.login_id)
    email = known.email or (body.login_id if is_email else "")
    phone = known.phone or (body.login_id if is_phone else "")
    is_email_verified = bool(email) and bool(body.email_verified or known.email_verified)
    is_phone_verified = bool(phone) and bool(body.phone_verified or known.phone_verified)
    return NewUser(
        login_id=addresses.login_id(body.login_id),
        email=addresses.email(email).address if email else "",
        is_email_verified=is_email_verified,
        is_email_vouched=is_email_verified,
        phone=addresses.phone(phone).e164 if phone else "",
        is_phone_verified=is_phone_verified,
        is_phone_vouched=is_phone_verified,
        name=known.name or "",
        given_name=known.given_name or "",
        middle_name=known.middle_name or "",
        family_name=known.family_name or "",
    )
