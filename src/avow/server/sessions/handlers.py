"""The routes of the person who holds a session: refresh, me, tenants, history, own sessions and devices, log-out."""

from avow.errors import NotFound, SecondFactorNeeded, SessionEnded
from avow.server.answers import cleared_cookie
from avow.server.serving import Answer, Call, Issued, Refusal, SessionCaller, Slice, reads, writes
from avow.server.sessions import actions, rows
from avow.server.store import Tx
from avow.server.users import actions as users
from avow.wire import sessions as wire
from avow.wire.endpoint import Nothing
from avow.wire.sessions import (
    AllowImpersonation,
    EndSession,
    LoggedOut,
    LoginRecord,
    MyTenants,
    MyTenantsRequest,
    OwnDevice,
    OwnDevices,
    OwnSession,
    OwnSessions,
    RemoveDevice,
    SelectTenant,
    TenantOfMine,
)
from avow.wire.users import UserResponse

__all__ = ["SLICE"]


def refresh(tx: Tx, call: Call[Nothing]) -> Issued | Refusal:
    """Exchange a refresh token for a new session token.

    The answer carries a refresh token only when the session rotates; keep the newest one. A refresh token that was
    replaced longer ago than the grace ends the session, because somebody else holds a copy.
    """
    return actions.refresh(tx, call)


def try_refresh(tx: Tx, call: Call[Nothing]) -> Issued | Answer | Nothing:
    """Refresh if there is a live session; answer `{}` otherwise. For pages that do not know whether anybody is in."""
    if not isinstance(call.caller, SessionCaller):
        return Nothing()
    result = actions.refresh(tx, call)
    if not isinstance(result, Refusal):
        return result
    if not call.caller.via_cookie or isinstance(result.error, SecondFactorNeeded):
        return Nothing()
    return Answer(Nothing(), cookies=(cleared_cookie(call.project.settings),))


def logout(tx: Tx, call: Call[Nothing]) -> Answer:
    """End the session of the refresh token; others of the user go on."""
    if not actions.end(tx, call.session.user_id, call.session.session_id, why="logout"):
        raise SessionEnded
    return _logged_out(call)


def logout_all(tx: Tx, call: Call[Nothing]) -> Answer:
    """End every session of the user, on every device."""
    actions.require_oneself(actions.live(tx, call.project, call.session))
    actions.end_all(tx, call.session.user_id, why="logout of all")
    return _logged_out(call)


def me(tx: Tx, call: Call[Nothing]) -> UserResponse:
    """Return the user of the session."""
    return actions.live_profile(tx, call.project, call.session)[1].shown()


def my_tenants(tx: Tx, call: Call[MyTenantsRequest]) -> MyTenants:
    """Return the user's tenants: all, those asked for, or with `dct` the selected one."""
    session, profile = actions.live_profile(tx, call.project, call.session)
    wanted = set(call.body.ids or profile.tenants)
    if call.body.dct:
        wanted &= {session.tenant_id or ""}
    return MyTenants(
        tenants=tuple(TenantOfMine(id=key, name=held.name) for key, held in profile.tenants.items() if key in wanted)
    )


def history(tx: Tx, call: Call[Nothing]) -> list[LoginRecord]:
    """Return the user's last hundred sign-ins, the newest first."""
    actions.live(tx, call.project, call.session)
    user_id = call.session.user_id
    return [
        LoginRecord(user_id=user_id, login_time=row.created_at, ip=row.address, selected_tenant=row.tenant_id or "")
        for row in tx.all(rows.HISTORY, rows.SignInRow, user_id=user_id)
    ]


def select_tenant(tx: Tx, call: Call[SelectTenant]) -> Issued | Refusal:
    """Choose the tenant that the session acts in; only a member can.

    A tenant that the user has joined since the session began, or that asks for more since then, is asked now: 403 with
    E061401 names the factors that would do (sign in with one, `mfa` and this refresh token, and choose again).
    """
    return actions.select_tenant(tx, call, call.body.tenant)


def my_sessions(tx: Tx, call: Call[Nothing]) -> OwnSessions:
    """Return the user's live sessions, the newest first."""
    actions.live(tx, call.project, call.session)
    return OwnSessions(
        sessions=tuple(
            OwnSession(
                id=row.id,
                created_time=row.created_at,
                last_used_time=row.last_used_at,
                address=row.address,
                device=row.device,
                current=row.id == call.session.session_id,
            )
            for row in actions.own(tx, call.project, call.session.user_id)
        )
    )


def end_session(tx: Tx, call: Call[EndSession]) -> Nothing:
    """End one of the user's own sessions; of another's nothing is told."""
    actions.require_oneself(actions.live(tx, call.project, call.session))
    if not actions.end(tx, call.session.user_id, call.body.session_id, why="ended by the user"):
        raise NotFound(error_message="You have no live session with this id.")
    return Nothing()


def my_devices(tx: Tx, call: Call[Nothing]) -> OwnDevices:
    """Return the user's trusted devices, on which no second factor is asked for, the one used last first."""
    actions.live(tx, call.project, call.session)
    return OwnDevices(
        devices=tuple(
            OwnDevice(
                id=row.id,
                name=row.name,
                device_type=row.device_type,
                created_time=row.created_at,
                last_used_time=row.last_used_at,
                expires_time=row.expires_at,
            )
            for row in actions.trusted_devices(tx, call.session.user_id)
        )
    )


def remove_device(tx: Tx, call: Call[RemoveDevice]) -> Nothing:
    """Trust one of the user's devices no more: the next sign-in on it asks for the second factor again."""
    actions.require_oneself(actions.live(tx, call.project, call.session))
    if not actions.distrust_device(tx, call.session.user_id, call.body.device_id):
        raise NotFound(error_message="You have no trusted device with this id.")
    return Nothing()


def allow_impersonation(tx: Tx, call: Call[AllowImpersonation]) -> Nothing:
    """Agree to be impersonated for so many seconds, or take that back with 0; a session that goes on is not ended."""
    actions.require_oneself(actions.live(tx, call.project, call.session))
    user_id, seconds = call.session.user_id, call.body.seconds
    if not users.allow_impersonation(tx, user_id, tx.now + seconds if seconds else 0):
        raise SessionEnded
    tx.audit("impersonation.allowed", actor=f"user:{user_id}", user_id=user_id, data={"seconds": seconds})
    return Nothing()


def _logged_out(call: Call[Nothing]) -> Answer:
    settings = call.project.settings
    return Answer(LoggedOut(cookie_domain=settings.cookie_domain), cookies=(cleared_cookie(settings),))


SLICE = Slice(
    "sessions",
    (
        writes(wire.REFRESH, refresh),
        writes(wire.TRY_REFRESH, try_refresh),
        writes(wire.LOGOUT, logout),
        writes(wire.LOGOUT_ALL, logout_all),
        reads(wire.ME, me),
        reads(wire.MY_TENANTS, my_tenants),
        reads(wire.HISTORY, history),
        writes(wire.SELECT_TENANT, select_tenant),
        reads(wire.MY_SESSIONS, my_sessions),
        writes(wire.END_SESSION, end_session),
        reads(wire.MY_DEVICES, my_devices),
        writes(wire.REMOVE_DEVICE, remove_device),
        writes(wire.ALLOW_IMPERSONATION, allow_impersonation),
    ),
)
