"""Sessions: opened after a proof, continued by their refresh token, ended. Signing comes after the commit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from avow.core import ids
from avow.core.claims import check_custom_claims
from avow.core.impersonation import Verdict as Permission
from avow.core.impersonation import judge as judge_impersonation
from avow.core.layouts import selection
from avow.core.sessions import SessionClaims, SessionState, Verdict, judge, rotates
from avow.errors import AuthException, Forbidden, SessionEnded, SsoOnly, UserDisabled
from avow.server.keys import actions as keys
from avow.server.serving import Call, Client, Issued, Project, Refusal, SessionCaller
from avow.server.sessions import devices, rows, waiting
from avow.server.sessions.opening import Opening
from avow.server.sessions.rows import HistoryRow, JoinedRow, LiveRow, OwnDeviceRow, OwnRow, SessionRow
from avow.server.sessions.waiting import require_demands
from avow.server.store import Tx, in_list, json_object, json_text
from avow.server.tenants import actions as tenants
from avow.server.users import actions as users
from avow.server.users.actions import Profile

__all__ = [
    "ENDED",
    "LiveRow",
    "Opening",
    "OwnDeviceRow",
    "OwnRow",
    "SessionRow",
    "add_claims",
    "claims_of",
    "distrust_device",
    "end",
    "end_all",
    "forget",
    "has_waited",
    "hear",
    "history",
    "hold",
    "is_live",
    "live",
    "live_enabled",
    "live_profile",
    "open_session",
    "own",
    "refresh",
    "remove_signing_key",
    "require_demands",
    "require_fresh",
    "require_oneself",
    "select_tenant",
    "trusted_devices",
]

ENDED = "sessions"  # the signal of units that end one
_DSR_COOKIE_MODE = "cookie"
_KEPT_SECONDS = 30 * 86400
_TOKEN_ID = "J"
_STEP_UP = "su"


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
        The session to be signed, or a Refusal: the user is disabled or gone, the session that the proof adds to has
        ended, or a second factor is needed. What was proven stands all the same: hand the Refusal on as it is.

    Sign-in methods call it by `proofs.opening`, which writes the password that was chosen on the way.
    """
    profile = profile or users.find(tx, user_id)
    if profile is None or profile.is_disabled:
        return _refused_sign_in(tx, client, user_id, opening, UserDisabled())
    if _is_by_another_way_than_sso(tx, profile, opening):
        return _refused_sign_in(tx, client, user_id, opening, SsoOnly())
    is_awaited = False
    if opening.adds_to:
        joined = tx.one(rows.JOIN, JoinedRow, id=opening.adds_to, user_id=user_id)
        if joined is None:
            return Refusal(SessionEnded())
        is_awaited = bool(joined.awaits_factor)
        opening = waiting.taken_over(project, opening, joined)
    device_id, days = "", waiting.rules_of(project, profile).trusted_device_days
    missing = waiting.needs(project, profile, opening)
    if missing is not None:
        if days and not opening.is_step_up:  # a device is no proof by itself, and stepping up asks for one
            device_id = devices.recognise(tx, client, user_id, days)
        if not device_id:
            return waiting.begin(tx, project, client, profile, opening, missing)
    issued = _opened(tx, project, client, profile, opening, device_id=device_id)
    if opening.password is not None:
        issued = replace(issued, password=opening.password)
    # Whoever shows the factor that was waited for, and only they, may have their device trusted: a refresh token that
    # was stolen adds nothing to a session that waits.
    is_trusted = is_awaited and missing is None and days > 0
    return replace(issued, trusted_device=devices.trust(tx, client, user_id, days)) if is_trusted else issued


def _opened(tx: Tx, project: Project, client: Client, profile: Profile, opening: Opening, *, device_id: str) -> Issued:
    """Open the session of a sign-in that is enough; `device_id` is the trusted device that made it so, or ""."""
    row = _insert(tx, project, client, profile.id, opening)
    if opening.revokes_others:
        _end_all(tx, profile.id, why="other sign-in", kept=row.id)
    tx.audit(
        "session.opened",
        actor=opening.actor or f"user:{profile.id}",
        user_id=profile.id,
        tenant_id=opening.tenant_id or "",
        address=client.address,
        device=client.device,
        method=opening.via,
        data={"session": row.id, "amr": list(opening.amr)}
        | ({"impersonator": opening.impersonator} if opening.impersonator else {})
        | ({"trusted_device": device_id} if device_id else {}),
    )
    issued = _issued(tx, project, row, profile, refreshes=True, first_seen=opening.first_seen)
    return replace(issued, is_multi_factor=opening.is_multi_factor)


def _refused_sign_in(tx: Tx, client: Client, user_id: str, opening: Opening, error: AuthException) -> Refusal:
    """Note that somebody who proved who they are was not let in, and return why."""
    tx.audit(
        "session.refused",
        outcome="refused",
        user_id=user_id,
        address=client.address,
        device=client.device,
        method=opening.via,
        data={} if isinstance(error, UserDisabled) else {"why": error.text},
    )
    return Refusal(error)


def _is_by_another_way_than_sso(tx: Tx, profile: Profile, opening: Opening) -> bool:
    """Tell whether a tenant of the user wants its members to sign in through its SSO, and this is another way.

    What management opens or vouches for it answers for. A proof that is added to a sign-in through SSO is none of its
    own.
    """
    if not profile.tenants or opening.actor or opening.impersonator or opening.via == "embedded":
        return False
    demanding = tenants.demanding_sso(tx, profile.id, profile.login_ids)
    if not demanding:
        return False
    return opening.tenant_id not in demanding if opening.via == "sso" else "fed" not in opening.amr


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


def live(tx: Tx, project: Project, caller: SessionCaller, *, may_wait: bool = False) -> LiveRow:
    """Return the live session of a refresh token.

    Args:
        tx: Any unit.
        project: The project.
        caller: Who shows the token.
        may_wait: Take one that waits for its second factor too: for sign-ins that may bring it, and nothing else.

    Raises:
        SessionEnded: It is revoked, expired, idle for too long, or the token is of a generation that ended.
        SecondFactorNeeded: It waits for one.
    """
    return _live(tx, rows.LIVE, project, caller, may_wait=may_wait)


def live_enabled(tx: Tx, project: Project, caller: SessionCaller) -> LiveRow:
    """Return the live session of a user who is not disabled; one statement where `live_profile` has two.

    Raises:
        SessionEnded: As `live`, or the user is gone or disabled.
        SecondFactorNeeded: It waits for one.
    """
    return _live(tx, rows.LIVE_ENABLED, project, caller, may_wait=False)


def require_fresh(tx: Tx, call: Call[object], *, enrols: bool = False) -> tuple[LiveRow, Profile]:
    """Return the live session and its user, who has just proven to be who they are.

    Ask it in every unit that changes how somebody signs in: passwords, apps, passkeys, recovery codes, addresses.

    Args:
        tx: The unit of the change.
        call: Of the session.
        enrols: The change adds a second factor. Somebody who signs in, has to show one and has nothing else to show
            may then do it while their sign-in waits.

    Raises:
        SessionEnded: As `live`, or the user is gone or disabled.
        Forbidden: Somebody else acts in the user's name.
        SecondFactorNeeded: The session waits for one, or the user has an app or passkey and did not show it in it.
        FreshProofNeeded: The sign-in, or the last step-up, is longer ago than the project and the tenants allow.
    """
    session = live(tx, call.project, call.session, may_wait=True)
    require_oneself(session)
    profile = users.find(tx, call.session.user_id)
    if profile is None or profile.is_disabled:
        raise SessionEnded
    waiting.require_fresh_proof(tx, call.project, session, profile, enrols=enrols)
    return session, profile


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


def has_waited(tx: Tx, user_id: str, session_id: str) -> bool:
    """Tell whether a session was only ever a sign-in that waits for its second factor, or is gone."""
    state = tx.one(rows.STATE, rows.StateRow, id=session_id, user_id=user_id)
    return state is None or bool(state.awaits_factor)


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
        SecondFactorNeeded: The tenant asks for a second factor, which it did not of this user when the session began.
        SsoOnly: It wants its members to sign in through its SSO.
    """
    session, profile = live_profile(tx, call.project, call.session)
    if tenant_id not in profile.tenants:
        raise Forbidden(error_message="The user is not a member of this tenant.")
    require_demands(tx, call, session, profile, tenant_id)
    tx.one(rows.SELECT_TENANT, rows.EndedRow, id=call.session.session_id, tenant_id=tenant_id)
    continued = refresh(tx, call)
    return continued if isinstance(continued, Refusal) else replace(continued, refreshes=True)


def end(tx: Tx, user_id: str, session_id: str, *, why: str, actor: str = "") -> bool:
    """End one session of a user at once; False when it was not live. The actor is for the audit."""
    ended = tx.one(rows.END, rows.EndedRow, id=session_id, user_id=user_id, why=why)
    if ended is not None:
        tx.after_commit(ENDED)
        tx.audit(
            "session.ended",
            actor=actor or f"user:{user_id}",
            user_id=user_id,
            data={"session": session_id, "why": why},
        )
    return ended is not None


def hear(tx: Tx, session_id: str, *, like: str = "") -> None:
    """Note that somebody is to be told (`ENDED`) when a session ends; or that who is told of another is, by `like`."""
    tx.one(rows.HEAR_AS if like else rows.HEAR, rows.EndedRow, id=session_id, **({"other": like} if like else {}))


def end_all(tx: Tx, user_id: str, *, why: str, kept: str = "", actor: str = "") -> int:
    """End every session of a user at once, and those in which they act in another's name; return how many.

    None of the user's devices is trusted any more, the one whose session goes on neither.

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
    devices.distrust_all(tx, user_id)
    return count


def trusted_devices(tx: Tx, user_id: str) -> list[OwnDeviceRow]:
    """Return the user's devices that are trusted now, the one used last first."""
    return devices.own(tx, user_id)


def distrust_device(tx: Tx, user_id: str, device_id: str) -> bool:
    """Trust a device of a user no more; False when it is not theirs."""
    return devices.remove(tx, user_id, device_id)


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
    tx.after_commit(ENDED)
    return len(ended)


def forget(tx: Tx, most: int) -> int:
    """Delete sessions whose time ended thirty days ago, at most so many; return how many."""
    return tx.run(rows.FORGET, before=tx.now - _KEPT_SECONDS, most=most)


def _end_all(tx: Tx, user_id: str, *, why: str, kept: str) -> int:
    tx.after_commit(ENDED)
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
        expires_at=opening.expires_at(tx.now, settings.refresh_lifetime_seconds),
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
        strong_at=waiting.strong_at(tx, opening),
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


def _live(tx: Tx, statement: str, project: Project, caller: SessionCaller, *, may_wait: bool) -> LiveRow:
    found = tx.one(
        statement,
        LiveRow,
        id=caller.session_id,
        user_id=caller.user_id,
        presented=caller.generation,
        grace=project.settings.rotation_grace_seconds,
        idle=project.settings.idle_lifetime_seconds,
    )
    if found is None:
        raise SessionEnded
    if found.awaits_factor and not may_wait:
        raise waiting.refused(project, users.find(tx, caller.user_id), found.amr)
    return found


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
    if state.awaits_factor and verdict is not Verdict.ENDED:
        return Refusal(waiting.refused(project, users.find(tx, caller.user_id), state.amr))
    if verdict is not Verdict.REUSED:
        return Refusal(SessionEnded())
    ended = tx.one(rows.END, rows.EndedRow, id=caller.session_id, user_id=caller.user_id, why="reuse")
    if ended is not None:
        tx.after_commit(ENDED)
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
