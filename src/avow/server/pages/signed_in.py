"""The signed-in page: the session as the browser holds it, and what its owner can do with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from avow.errors import SessionEnded
from avow.server.pages.endpoints import SessionForm, SessionQuery
from avow.server.pages.frame import Frame, Said
from avow.server.pages.sign_in import require_own_form
from avow.server.serving import Answer, Call, Issued, Project, SessionCaller, Steps, read, write
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import OwnRow
from avow.server.store import Tx
from avow.server.users.actions import Profile

__all__ = ["act", "show"]


@dataclass(frozen=True, slots=True)
class _Overview:
    """What the page shows of the database."""

    profile: Profile
    amr: Sequence[str]
    devices: Sequence[OwnRow]


def show(frame: Frame, call: Call[SessionQuery]) -> Steps[Answer]:
    """Show the session, or lead to the sign-in page when there is none."""
    project = call.project
    held = frame.jar.session(call)
    if held is None:
        return frame.redirect(f"/login/{project.id}")
    caller, ends_at = held
    try:
        overview = yield from read(_overview, project, caller)
    except SessionEnded:
        return _ended(frame, project)
    claims = frame.jar.session_claims(call)
    values = {
        "profile": overview.profile,
        "amr": overview.amr,
        "devices": overview.devices,
        "notice": Said("session.refreshed") if call.body.notice == "refreshed" else None,
        "own_session_id": caller.session_id,
        "ends_at": ends_at,
        "claims": claims,
        "claims_text": msgspec.json.format(msgspec.json.encode(claims), indent=2).decode() if claims else "",
    }
    return frame.form(call, "signed_in", values)


def act(frame: Frame, call: Call[SessionForm]) -> Steps[Answer]:
    """Refresh the session, or end it, another one, or all."""
    require_own_form(frame, call, call.body)
    project = call.project
    held = frame.jar.session(call)
    if held is None:
        return frame.redirect(f"/login/{project.id}?notice=ended")
    caller, do = held[0], call.body.do
    if do == "refresh":
        return (yield from _refreshed(frame, call, caller))
    if do == "end-one":
        try:
            yield from write(_end_one, project, caller, call.body.session_id)
        except SessionEnded:
            return _ended(frame, project)
        return frame.redirect(f"/signed-in/{project.id}")
    yield from write(_end, project, caller, everywhere=do == "end-all")
    notice = "everywhere" if do == "end-all" else "signed-out"
    return frame.redirect(f"/login/{project.id}?notice={notice}", frame.jar.forget_session(project))


def _refreshed(frame: Frame, call: Call[SessionForm], caller: SessionCaller) -> Steps[Answer]:
    result = yield from write(sessions.refresh, replace(call, caller=caller))
    if not isinstance(result, Issued):
        return _ended(frame, call.project)
    return frame.redirect(
        f"/signed-in/{call.project.id}?notice=refreshed", frame.jar.keep_session(call.project, result)
    )


def _ended(frame: Frame, project: Project) -> Answer:
    return frame.redirect(f"/login/{project.id}?notice=ended", frame.jar.forget_session(project))


# --- Units -----------------------------------------------------------------------------------------------------


def _overview(tx: Tx, project: Project, caller: SessionCaller) -> _Overview:
    session, profile = sessions.live_profile(tx, project, caller)
    return _Overview(profile, session.amr.split(), sessions.own(tx, project, caller.user_id))


def _end(tx: Tx, project: Project, caller: SessionCaller, *, everywhere: bool) -> None:
    """End the session, or all; a session that ended already leaves nothing to do."""
    if not everywhere:
        sessions.end(tx, caller.user_id, caller.session_id, why="logout")
        return
    try:
        sessions.require_oneself(sessions.live(tx, project, caller))
    except SessionEnded:
        return
    sessions.end_all(tx, caller.user_id, why="logout of all")


def _end_one(tx: Tx, project: Project, caller: SessionCaller, session_id: str) -> None:
    """End another session of the same user.

    Raises:
        SessionEnded: The session that asks has ended itself.
    """
    sessions.require_oneself(sessions.live(tx, project, caller))
    sessions.end(tx, caller.user_id, session_id, why="ended by the user")
