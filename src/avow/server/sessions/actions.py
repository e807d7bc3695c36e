"""Sessions: opened after a proof, continued by their refresh token, ended. Signing comes after the commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from avow.core import ids
from avow.core.claims import check_custom_claims
from avow.core.impersonation import Verdict as Permission
from avow.core.impersonation import judge as judge_impersonation
from avow.core.layouts import selection
from avow.core.sessions import SessionClaims, SessionState, Verdict, judge, rotates
from avow.errors import Forbidden, SessionEnded, UserDisabled
from avow.server.keys import actions as keys
from avow.server.serving import Call, Client, Issued, Project, Refusal, SessionCaller
from avow.server.sessions import rows
from avow.server.sessions.rows import HistoryRow, LiveRow, OwnRow, SessionRow
from avow.server.store import Tx, in_list, json_object, json_text
from avow.server.users import actions as users
from avow.server.users.actions import Profile

__all__ = [
    "Opening",
    "OwnRow",
    "add_claims",
    "claims_of",
    "end",
    "end_all",
    "forget",
    "history",
    "hold",
    "is_live",
    "live",
    "live_profile",
    "open_session",
    "own",
    "refresh",
    "remove_signing_key",
    "require_oneself",
    "select_tenant",
]

_DSR_COOKIE_MODE = "cookie"
_KEPT_SECONDS = 30 * 86400
_TOKEN_ID = "J"
_STEP_UP = "su"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a sign-in brings to its session.

    Attributes:
        amr: Methods used, in order.
        first_seen: The user was created by this sign-in, or invited and is here for the first time.
        claims: Custom claims of the server side.
        unsigned_claims: Custom claims the client asked for; they appear under `nsec`.
        revokes_others: End the user's other sessions.
        is_step_up: A stronger proof within a live session (`su` in the token).
        tenant_id: Selected tenant, or None.
        impersonator: Who acts in the user's name, or "".
        lifetime_seconds: Life of the session where it is to be shorter than the project's, or None.
        in_body: The refresh token goes to a back end in the answer's body, whatever the project says of browsers.
        actor: Who opens it, for the audit; the user when absent.
        via: How the user proved who they are, for the audit: otp, magiclink, ... or "".
    """

    amr: tuple[str, ...]
    first_seen: bool = False
    claims: Mapping[str, object] = field(default_factory=dict)
    unsigned_claims: Mapping[str, object] = field(default_factory=dict)
    revokes_others: bool = False
    is_step_up: bool = False
    tenant_id: str | None = None
    impersonator: str = ""
    lifetime_seconds: int | None = None
    in_body: bool = False
    actor: str = ""
    via: str = ""


def open_session(
    tx: Tx, project: Project, client: Client, user_id: str, opening: Opening, profile: Profile | None = None
) -> Issued | Refusal:
    """Open a session for a user who has proven who they are.

    Args:
        tx: The unit of the proof.
        project: Whose settings count.
        client: Who signs in.
        user_id: The user.
        opening: What the sign-in brings.
        profile: The user as this unit holds them, where it does already.

    Returns:
        The session to be signed, or a Refusal when the user is disabled or gone.
    """
    profile = profile or users.find(tx, user_id)
    if profile is None or profile.is_disabled:
        tx.audit(
            "session.refused",
            outcome="refused",
            user_id=user_id,
            address=client.address,
            device=client.device,
            method=opening.via,
        )
        return Refusal(UserDisabled())
    row = _insert(tx, project, client, user_id, opening)
    if opening.revokes_others:
        _end_all(tx, user_id, why="other sign-in", kept=row.id)
    tx.audit(
        "session.opened",
        actor=opening.actor or f"user:{user_id}",
        user_id=user_id,
        tenant_id=opening.tenant_id or "",
        address=client.address,
        device=client.device,
        method=opening.via,
        data={"session": row.id, "amr": list(opening.amr)}
        | ({"impersonator": opening.impersonator} if opening.impersonator else {}),
    )
    return _issued(tx, project, row, profile, refreshes=True, first_seen=opening.first_seen)


def refresh(tx: Tx, call: Call[object]) -> Issued | Refusal:
    """Continue the session of a refresh token: two statements, one conditional update and one joined read."""
    caller, settings = call.session, call.project.settings
    row = tx.one(
        rows.CONTINUE,
        SessionRow,
        id=caller.session_id,
        user_id=caller.user_id,
        presented=caller.generation,
        grace=settings.rotation_grace_seconds,
        idle=settings.idle_lifetime_seconds,
    )
    if row is None:
        return _refused(tx, call.project, call.client, caller)
    profile = users.find(tx, row.user_id)
    if profile is None or profile.is_disabled:
        end(tx, caller.user_id, caller.session_id, why="disabled")
        return Refusal(SessionEnded())
    if row.impersonator and not _may_go_on(tx, row.impersonator, profile):
        end(tx, caller.user_id, caller.session_id, why="impersonator", actor="command")
        return Refusal(SessionEnded())
    return _issued(tx, call.project, row, profile, refreshes=bool(row.rotates))


def live(tx: Tx, project: Project, caller: SessionCaller) -> LiveRow:
    """Return the live session of a refresh token.

    Raises:
        SessionEnded: It is revoked, expired, idle for too long, or the token is of a generation that ended.
    """
    found = tx.one(
        rows.LIVE,
        LiveRow,
        id=caller.session_id,
        user_id=caller.user_id,
        presented=caller.generation,
        grace=project.settings.rotation_grace_seconds,
        idle=project.settings.idle_lifetime_seconds,
    )
    if found is None:
        raise SessionEnded
    return found


def require_oneself(session: LiveRow | SessionRow) -> None:
    """Refuse what nobody does in another's name: prove themselves anew, change how they sign in, end sessions, manage.

    Raises:
        Forbidden: Somebody else acts in the user's name.
    """
    if session.impersonator:
        raise Forbidden(error_message="Nobody does this in the name of somebody else.")


def hold(tx: Tx, project: Project, user_id: str, session_id: str, generation: int) -> SessionRow:
    """Return a live session, as it stays until the unit ends.

    Args:
        tx: Unit of the project.
        project: The project.
        user_id: Whose session.
        session_id: Which.
        generation: Of the refresh token that was shown; 0 when it was a session token.

    Raises:
        SessionEnded: It does not live, or the generation counts no more; or its user, or who acts for them, is gone,
            disabled, or has lost the right to.
    """
    row = tx.one(
        rows.HOLD,
        SessionRow,
        id=session_id,
        user_id=user_id,
        presented=generation,
        grace=project.settings.rotation_grace_seconds,
        idle=project.settings.idle_lifetime_seconds,
    )
    if row is None:
        raise SessionEnded
    profile = users.find(tx, user_id)
    if profile is None or profile.is_disabled:
        raise SessionEnded
    if row.impersonator and not _may_go_on(tx, row.impersonator, profile):
        raise SessionEnded
    return row


def add_claims(tx: Tx, row: SessionRow, given: Mapping[str, object], *, renews: bool) -> SessionRow:
    """Add custom claims of the server side to a session that is held; null takes one away.

    Args:
        tx: The unit that holds it.
        row: The session.
        given: The claims; reserved names are dropped.
        renews: A new refresh token is made of it.

    Raises:
        InvalidArgument: They are not JSON, or with those before more than a token carries.
        SessionEnded: Somebody ended it meanwhile.
    """
    own = json_object(row.claims)
    merged = own | check_custom_claims(given)
    kept = check_custom_claims({name: value for name, value in merged.items() if value is not None})
    if own.get(_STEP_UP):
        kept[_STEP_UP] = True
    said = tx.one(rows.SAY, SessionRow, id=row.id, claims=json_text(kept), renews=int(renews))
    if said is None:
        raise SessionEnded
    return said


def is_live(tx: Tx, project: Project, user_id: str, session_id: str) -> bool:
    """Tell whether a session of a user goes on, whichever generation it has come to."""
    state = tx.one(rows.STATE, rows.StateRow, id=session_id, user_id=user_id)
    if state is None or state.revoked_at is not None or state.expires_at <= tx.now:
        return False
    idle_seconds = project.settings.idle_lifetime_seconds
    return not idle_seconds or state.last_used_at > tx.now - idle_seconds


def live_profile(tx: Tx, project: Project, caller: SessionCaller) -> tuple[LiveRow, Profile]:
    """Return the live session and its user, who is not disabled.

    Raises:
        SessionEnded: As `live`, or the user is gone or disabled.
    """
    session = live(tx, project, caller)
    profile = users.find(tx, caller.user_id)
    if profile is None or profile.is_disabled:
        raise SessionEnded
    return session, profile


def own(tx: Tx, project: Project, user_id: str) -> list[OwnRow]:
    """Return the user's live sessions, the newest first, at most a hundred."""
    return tx.all(rows.OWN, OwnRow, user_id=user_id, idle=project.settings.idle_lifetime_seconds)


def history(tx: Tx, user_ids: Sequence[str]) -> list[HistoryRow]:
    """Return the last sign-ins of these users, the newest first, at most a thousand."""
    clause, listed = in_list("user_ids", user_ids)
    return tx.all(rows.HISTORY_OF_USERS.replace("(:user_ids)", clause), HistoryRow, **listed)


def select_tenant(tx: Tx, call: Call[object], tenant_id: str) -> Issued | Refusal:
    """Choose the tenant that the session acts in and issue both tokens.

    The refresh token is named even when it has not changed: official clients keep what they get here as a whole.

    Raises:
        Forbidden: The user is not a member; the session keeps its tenant.
    """
    _, profile = live_profile(tx, call.project, call.session)
    if tenant_id not in profile.tenants:
        raise Forbidden(error_message="The user is not a member of this tenant.")
    tx.one(rows.SELECT_TENANT, rows.EndedRow, id=call.session.session_id, tenant_id=tenant_id)
    continued = refresh(tx, call)
    return continued if isinstance(continued, Refusal) else replace(continued, refreshes=True)


def end(tx: Tx, user_id: str, session_id: str, *, why: str, actor: str = "") -> bool:
    """End one session of a user at once; False when it was not live. The actor is for the audit."""
    ended = tx.one(rows.END, rows.EndedRow, id=session_id, user_id=user_id, why=why)
    if ended is not None:
        tx.audit(
            "session.ended",
            actor=actor or f"user:{user_id}",
            user_id=user_id,
            data={"session": session_id, "why": why},
        )
    return ended is not None


def end_all(tx: Tx, user_id: str, *, why: str, kept: str = "", actor: str = "") -> int:
    """End every session of a user at once, and those in which they act in another's name; return how many.

    Args:
        tx: Unit of the project.
        user_id: Whose sessions.
        why: For the record.
        kept: The one that goes on, or "".
        actor: Who ends them, for the audit; the user when absent.
    """
    count = _end_all(tx, user_id, why=why, kept=kept)
    tx.audit(
        "session.all_ended",
        actor=actor or f"user:{user_id}",
        user_id=user_id,
        data={"count": count, "why": why},
    )
    return count


def remove_signing_key(tx: Tx, kid: str) -> int:
    """Take a retired session key out of the key set before its time, and end every family that it signed for.

    Returns:
        How many sessions ended.

    Raises:
        InvalidArgument: There is no retired key with this kid.
    """
    key = keys.remove_retired(tx, kid)
    if key.key_set != keys.SESSION:
        return 0
    since, until = keys.reign(tx, key)
    ended = tx.all(rows.END_OF_REIGN, rows.EndedRow, since=since, until=until)
    return len(ended)


def forget(tx: Tx, most: int) -> int:
    """Delete sessions whose time ended thirty days ago, at most so many; return how many."""
    return tx.run(rows.FORGET, before=tx.now - _KEPT_SECONDS, most=most)


def _end_all(tx: Tx, user_id: str, *, why: str, kept: str) -> int:
    return sum(
        len(tx.all(statement, rows.EndedRow, user_id=user_id, why=why, kept=kept))
        for statement in (rows.END_ALL, rows.END_IMPERSONATIONS)
    )


def _insert(tx: Tx, project: Project, client: Client, user_id: str, opening: Opening) -> SessionRow:
    settings = project.settings
    is_cookie = settings.refresh_token_in == _DSR_COOKIE_MODE and not opening.in_body
    is_sole_holder = is_cookie or client.stores_rotated_tokens
    claims = check_custom_claims(opening.claims)
    if opening.is_step_up:
        claims = {**claims, _STEP_UP: True}
    row = SessionRow(
        id=ids.random_id(ids.SESSION),
        user_id=user_id,
        tenant_id=opening.tenant_id,
        generation=1,
        rotates=int(rotates(settings.rotation, is_sole_holder=is_sole_holder)),
        rotated_at=tx.now,
        expires_at=tx.now
        + min(settings.refresh_lifetime_seconds, opening.lifetime_seconds or settings.refresh_lifetime_seconds),
        amr=" ".join(opening.amr),
        claims=json_text(claims),
        unsigned_claims=json_text(opening.unsigned_claims),
        impersonator=opening.impersonator,
    )
    tx.run(
        rows.INSERT,
        id=row.id,
        user_id=user_id,
        tenant_id=row.tenant_id,
        rotates=row.rotates,
        expires_at=row.expires_at,
        amr=row.amr,
        claims=row.claims,
        unsigned_claims=row.unsigned_claims,
        address=client.address,
        device=client.device,
        impersonator=row.impersonator,
    )
    return row


def _issued(
    tx: Tx, project: Project, row: SessionRow, profile: Profile, *, refreshes: bool, first_seen: bool = False
) -> Issued:
    claims, shown = claims_of(tx, project, row, profile), profile.shown()
    return Issued(project.signing_key, claims, refreshes, shown, first_seen)


def claims_of(tx: Tx, project: Project, row: SessionRow, profile: Profile) -> SessionClaims:
    """Return what the tokens of a session say, laid out as the project's template asks."""
    layout, own = project.layout, json_object(row.claims)
    selected = selection(layout, profile.tenants, row.tenant_id or "")
    if layout.claims:  # what a session was given stands above what all of them have
        own = layout.filled(_facts(project, row, profile, selected)) | own
    return SessionClaims(
        project_id=project.id,
        user_id=row.user_id,
        session_id=row.id,
        generation=row.generation,
        issued_at=tx.now,
        rotated_at=row.rotated_at,
        session_expires_at=min(tx.now + project.settings.session_lifetime_seconds, row.expires_at),
        expires_at=row.expires_at,
        amr=tuple(row.amr.split()),
        roles=profile.roles,
        permissions=profile.permissions,
        tenants=profile.tenants,
        selected_tenant=selected,
        claims=own,
        unsigned_claims=json_object(row.unsigned_claims),
        impersonator=row.impersonator,
        token_id=ids.random_id(_TOKEN_ID) if layout.adds_id else "",
        layout=layout,
    )


def _facts(project: Project, row: SessionRow, profile: Profile, selected: str) -> dict[str, object]:
    """Return what the places of a template name."""
    tenant = profile.tenants.get(selected)
    return {
        "user": msgspec.to_builtins(profile.shown()),
        "tenant": {"id": selected, "name": tenant.name, "roles": tenant.roles} if tenant else {},
        "project": {"id": project.id, "name": project.name},
        "session": {"id": row.id, "amr": row.amr.split()},
    }


def _may_go_on(tx: Tx, impersonator: str, other: Profile) -> bool:
    """Tell whether somebody may still act in the name of somebody else: now, whatever it was when they began."""
    profile = users.find(tx, impersonator)
    if profile is None or profile.is_disabled:
        return False
    return judge_impersonation(profile, other) is Permission.ALLOWED


def _refused(tx: Tx, project: Project, client: Client, caller: SessionCaller) -> Refusal:
    """Find out why a refresh token does not count; a generation that nobody honest holds ends the family."""
    state = tx.one(rows.STATE, rows.StateRow, id=caller.session_id, user_id=caller.user_id)
    if state is None:
        return Refusal(SessionEnded())
    verdict = judge(
        SessionState(
            state.generation,
            state.rotates,
            state.rotated_at,
            state.expires_at,
            state.last_used_at,
            state.revoked_at,
        ),
        caller.generation,
        tx.now,
        grace_seconds=project.settings.rotation_grace_seconds,
        idle_seconds=project.settings.idle_lifetime_seconds,
    )
    if verdict is not Verdict.REUSED:
        return Refusal(SessionEnded())
    ended = tx.one(rows.END, rows.EndedRow, id=caller.session_id, user_id=caller.user_id, why="reuse")
    if ended is not None:
        tx.audit(
            "session.reuse_detected",
            outcome="refused",
            actor="anyone",
            user_id=caller.user_id,
            address=client.address,
            device=client.device,
            data={"session": caller.session_id, "generation": caller.generation},
        )
    return Refusal(SessionEnded())
