"""What the handlers of pages share: whose form it was, whose session, and what follows a sign-in."""

from dataclasses import replace
from typing import Any

from avow.core.redirects import approve
from avow.errors import AvowError, Forbidden, NotFound, SecondFactorNeeded
from avow.server.applications import samladdresses
from avow.server.flows.state import Who
from avow.server.oidc import grants
from avow.server.oidc.issuers import is_continue
from avow.server.pages.endpoints import PlainForm
from avow.server.pages.frame import Frame, Said
from avow.server.projects import actions as projects
from avow.server.samlidp import signins
from avow.server.serving import Answer, Call, Client, Issued, Project, Steps, read, write
from avow.server.sessions import actions as sessions
from avow.server.store import Tx

__all__ = [
    "approved",
    "finished",
    "first_project",
    "is_own_click",
    "of_device",
    "own_client",
    "refused",
    "require_own_form",
    "spoken",
    "who",
]


def first_project() -> Steps[str]:
    """Return the id of the server's first project.

    Raises:
        NotFound: There is none.
    """
    found = yield from read(projects.every)
    if not found:
        raise NotFound(error_message="There is no project yet; create one with: avow project create")
    return found[0].id


def require_own_form(frame: Frame, call: Call[Any], form: PlainForm) -> None:
    """Refuse a form that was not shown to this browser.

    Raises:
        Forbidden: The form is another browser's, or none of ours.
    """
    if not frame.jar.is_own_form(call, form.form):
        raise Forbidden(error_message="The form is not one that this browser was shown.")


def is_own_click(frame: Frame, call: Call[Any], form: PlainForm) -> bool:
    """Tell whether somebody clicked on a page of ours: the browser says so, or the form's token does."""
    return call.client.is_same_origin or frame.jar.is_own_form(call, form.form)


def approved(project: Project, url: str | None) -> str:
    """Return an approved URL, or the path of a request of an application that waits; "" for none.

    Raises:
        InvalidArgument: It is not approved.
    """
    if url and (is_continue(url) or samladdresses.is_continue(url)):
        return url
    return approve(url, project.settings.approved_redirects, default_open=project.is_open) if url else ""


def own_client(frame: Frame, call: Call[Any]) -> Client:
    """Return the client as these pages know it: what it keeps lies in our own cookies only.

    So it has the newest refresh token, and shows whether the device is a trusted one.
    """
    return replace(of_device(frame, call).client, stores_rotated_tokens=True)


def of_device(frame: Frame, call: Call[Any]) -> Call[Any]:
    """Return a call that shows the trusted device of this browser, where it is one."""
    device = frame.jar.device(call)
    return replace(call, client=replace(call.client, trusted_device=device)) if device else call


def spoken(call: Call[Any], languages: str | None) -> Call[Any]:
    """Return a call whose person reads these languages before those of their browser."""
    if not languages:
        return call
    locale = ", ".join(filter(None, (languages, call.client.locale)))
    return replace(call, client=replace(call.client, locale=locale))


def finished(frame: Frame, call: Call[Any], issued: Issued, leads_to: str, before: Who | None = None) -> Steps[Answer]:
    """Keep a new session in the browser and lead on.

    Whatever lay in these cookies before is overwritten, and ends: nobody holds it any more. Who signs in again stays
    signed in to the applications that know them by the session before; who is somebody else does not.

    Args:
        frame: Of the pages.
        call: The request.
        issued: The session.
        leads_to: Where to, "" for the account.
        before: A session that the flow began with, besides the browser's own.
    """
    for each in {who(frame, call), before}:
        if each is not None:
            yield from write(_end_replaced, each, issued)
    cookies = (*frame.jar.keep_session(call.project, issued), frame.jar.forget_flow(call.project))
    return frame.redirect(leads_to or f"/account/{call.project.id}", cookies)


def who(frame: Frame, call: Call[Any]) -> Who | None:
    """Return whose session the browser holds, or None; whether it lives a unit decides."""
    held = frame.jar.session(call)
    if held is None:
        return None
    caller = held[0]
    return Who(user_id=caller.user_id, session_id=caller.session_id, generation=caller.generation, via_cookie=True)


def refused(error: AvowError) -> Said:
    """Return what to tell somebody who may not come in although their proof was right."""
    return Said("error.second-factor" if isinstance(error, SecondFactorNeeded) else "error.refused")


def _end_replaced(tx: Tx, before: Who, issued: Issued) -> None:
    claims = issued.claims
    if before.session_id == claims.session_id:
        return
    if before.user_id == claims.user_id:
        signins.carry(tx, before.user_id, before.session_id, claims.session_id)
        grants.carry(tx, before.user_id, before.session_id, claims.session_id)
    else:
        sessions.end(tx, before.user_id, before.session_id, why="replaced")
