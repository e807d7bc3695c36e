"""The account page: who somebody is here, how they sign in, and where they are signed in; and what they change of it.

What changes how somebody signs in needs a fresh proof, as everywhere: without one the page offers to give it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from avow.errors import FreshProofNeeded, NotFound, SecondFactorNeeded, SessionEnded
from avow.server.oidc import own as ownconsents
from avow.server.pages import hosted, wished
from avow.server.pages.endpoints import AccountForm, AccountQuery
from avow.server.pages.frame import Frame, Said
from avow.server.pages.own_forms import first_project, require_own_form
from avow.server.pages.wished import AtApi
from avow.server.passkey import actions as passkey
from avow.server.passkey.actions import OwnRow as PasskeyRow
from avow.server.recoverycodes import actions as recoverycodes
from avow.server.screens import Page, brand_of, render, text_of, title_of
from avow.server.screens.values import RecoveryCodes
from avow.server.serving import Answer, Call, Issued, Project, SessionCaller, Steps, read, write
from avow.server.sessions import actions as sessions
from avow.server.sessions.actions import OwnRow
from avow.server.store import Tx
from avow.server.totp import actions as totp
from avow.server.users.actions import Profile
from avow.wire.endpoint import Nothing
from avow.wire.ownconsents import OwnConsent
from avow.wire.webauthn import RemovePasskey, RenamePasskey

__all__ = ["act", "show", "show_anywhere"]

_NOTICES = {
    "refreshed": Said("session.refreshed"),
    "saved": Said("account.saved"),
}
# Words of `amr` that have a text of their own; any other is shown as it is.
_NAMED = frozenset({"email", "sms", "pwd", "mfa", "webauthn", "totp", "recovery", "fed"})
_FLOWS = frozenset({"update-user", "change-password", "add-app", "add-passkey", "step-up"})
_PROOF = "step-up"


@dataclass(frozen=True, slots=True)
class _Consent:
    """What an application may do, as the question for consent has it."""

    consent: OwnConsent
    own: Sequence[str]
    further: Sequence[AtApi]


@dataclass(frozen=True, slots=True)
class _Overview:
    """What the page shows of the database."""

    profile: Profile
    amr: Sequence[str]
    devices: Sequence[OwnRow]
    passkeys: Sequence[PasskeyRow]
    codes_left: int
    consents: Sequence[_Consent]


def show(frame: Frame, call: Call[AccountQuery]) -> Steps[Answer]:
    """Show the account, or lead to the sign-in page when there is no session."""
    project = call.project
    held = frame.jar.session(call)
    if held is None:
        return frame.redirect(f"/login/{project.id}")
    caller, ends_at = held
    try:
        overview = yield from read(_overview, call, caller)
    except SessionEnded:
        return _ended(frame, project)
    claims = frame.jar.session_claims(call)
    values = {
        "seen": overview,
        "profile": overview.profile,
        "amr": overview.amr,
        "named_methods": _NAMED,
        "methods": frozenset(project.settings.sign_in_methods),
        "notice": _NOTICES.get(call.body.notice or ""),
        "is_stale": call.body.notice == "prove",
        "own_session_id": caller.session_id,
        "ends_at": ends_at,
        "claims": claims,
        "claims_text": msgspec.json.format(msgspec.json.encode(claims), indent=2).decode() if claims else "",
    }
    return frame.form(call, "account", values)


def show_anywhere(frame: Frame, call: Call[Nothing]) -> Steps[Answer]:
    """Lead to the account page of the server's first project."""
    return frame.redirect(f"/account/{(yield from first_project())}")


def act(frame: Frame, call: Call[AccountForm]) -> Steps[Answer]:
    """Change something about the account or its sessions."""
    require_own_form(frame, call, call.body)
    held = frame.jar.session(call)
    if held is None:
        return frame.redirect(f"/login/{call.project.id}?notice=ended")
    call = replace(call, caller=held[0])
    try:
        return (yield from _done(frame, call))
    except SessionEnded:
        return _ended(frame, call.project)
    except (FreshProofNeeded, SecondFactorNeeded):
        return frame.redirect(f"/account/{call.project.id}?notice=prove")
    except NotFound:  # another tab was faster
        return frame.redirect(f"/account/{call.project.id}")


def _done(frame: Frame, call: Call[Any]) -> Steps[Answer]:
    project, body = call.project, call.body
    match body.do:
        case "refresh":
            return (yield from _refreshed(frame, call))
        case "begin":
            return (yield from _begun(frame, call))
        case "make-codes":
            return _codes_page(frame, call, (yield from write(_codes_made, call)))
        case "rename-passkey":
            name = body.display_name.strip()
            if name:
                wanted = RenamePasskey(credential_id=body.id, display_name=name)
                yield from write(passkey.rename, replace(call, body=wanted))
        case "remove-passkey":
            yield from write(passkey.remove, replace(call, body=RemovePasskey(credential_id=body.id)))
        case "remove-app":
            yield from write(totp.remove, call)
        case "withdraw":
            yield from write(ownconsents.take_back, project, call.session, body.id)
        case "end-one":
            yield from write(_end_one, project, call.session, body.id)
            return frame.redirect(f"/account/{project.id}")
        case "end" | "end-all":
            yield from write(_end, project, call.session, everywhere=body.do == "end-all")
            notice = "everywhere" if body.do == "end-all" else "signed-out"
            return frame.redirect(f"/login/{project.id}?notice={notice}", frame.jar.forget_session(project))
        case _:
            return frame.redirect(f"/account/{project.id}")
    return frame.redirect(f"/account/{project.id}?notice=saved")


def _begun(frame: Frame, call: Call[AccountForm]) -> Steps[Answer]:
    """Begin a flow that changes something, which leads back here; one that could not end is not begun."""
    flow_id = call.body.flow or ""
    if flow_id not in _FLOWS:
        return frame.redirect(f"/account/{call.project.id}")
    if flow_id != _PROOF:
        yield from read(_require_fresh, call, enrols=flow_id == "add-app")
    return (yield from hosted.begun(frame, call, flow_id, "", "", {}))


def _refreshed(frame: Frame, call: Call[AccountForm]) -> Steps[Answer]:
    result = yield from write(sessions.refresh, call)
    if not isinstance(result, Issued):
        return _ended(frame, call.project)
    return frame.redirect(f"/account/{call.project.id}?notice=refreshed", frame.jar.keep_session(call.project, result))


def _codes_page(frame: Frame, call: Call[AccountForm], codes: tuple[str, ...]) -> Answer:
    """Show new recovery codes, once."""
    screen, brand, locale = RecoveryCodes(codes=codes), brand_of(call.project), call.client.locale
    hidden = {"form": frame.jar.form_token(frame.jar.browser(call))}
    face = Page(f"{frame.root}/account/{call.project.id}", hidden)
    values = {
        "project": call.project,
        "title": text_of(title_of(screen, brand), locale),
        "screen": render(screen, locale=locale, brand=brand, face=face),
        "is_waiting": False,
        "is_private": True,
    }
    return frame.page(call.client, "screen", values)


def _ended(frame: Frame, project: Project) -> Answer:
    return frame.redirect(f"/login/{project.id}?notice=ended", frame.jar.forget_session(project))


# --- Units -------------------------------------------------------------------------------------------------------


def _overview(tx: Tx, call: Call[Any], caller: SessionCaller) -> _Overview:
    project = call.project
    session, profile = sessions.live_profile(tx, project, caller)
    asking = replace(call, caller=caller)
    return _Overview(
        profile=profile,
        amr=session.amr.split(),
        devices=sessions.own(tx, project, caller.user_id),
        passkeys=passkey.own(tx, asking),
        codes_left=recoverycodes.left(tx, asking).count,
        consents=[
            _Consent(each.consent, wished.own(each.scopes), wished.at_apis(each.scopes, each.apis))
            for each in ownconsents.allowed(tx, caller.user_id)
        ],
    )


def _require_fresh(tx: Tx, call: Call[Any], *, enrols: bool) -> None:
    """Refuse what needs a fresh proof.

    Raises:
        SessionEnded, Forbidden, SecondFactorNeeded, FreshProofNeeded: As `sessions.require_fresh`.
    """
    sessions.require_fresh(tx, call, enrols=enrols)


def _codes_made(tx: Tx, call: Call[Any]) -> tuple[str, ...]:
    return recoverycodes.generate(tx, call)


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
