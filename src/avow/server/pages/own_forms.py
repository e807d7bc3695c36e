"""What the handlers of pages share: whose form it was, whose session, and what follows a sign-in."""

from dataclasses import replace
from typing import Any

from avow.core.redirects import approve
from avow.errors import AvowError, Forbidden, NotFound, SecondFactorNeeded
from avow.server.oidc.issuers import is_continue
from avow.server.pages.endpoints import PlainForm
from avow.server.pages.frame import Frame, Said
from avow.server.projects import actions as projects
from avow.server.serving import Answer, Call, Client, Issued, Project, Steps, read

__all__ = ["approved", "finished", "first_project", "is_own_click", "own_client", "refused", "require_own_form"]


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
    if url and is_continue(url):
        return url
    return approve(url, project.settings.approved_redirects, default_open=project.is_open) if url else ""


def own_client(frame: Frame, call: Call[Any]) -> Client:
    """Return the client as these pages know it: what it keeps lies in our own cookies only.

    So it has the newest refresh token, and shows whether the device is a trusted one.
    """
    device = frame.jar.device(call) or call.client.trusted_device
    return replace(call.client, stores_rotated_tokens=True, trusted_device=device)


def finished(frame: Frame, call: Call[Any], issued: Issued, leads_to: str) -> Answer:
    """Keep a new session in the browser and lead on; whatever lay in these cookies before is overwritten."""
    cookies = (*frame.jar.keep_session(call.project, issued), frame.jar.forget_flow(call.project))
    return frame.redirect(leads_to or f"/account/{call.project.id}", cookies)


def refused(error: AvowError) -> Said:
    """Return what to tell somebody who may not come in although their proof was right."""
    return Said("error.second-factor" if isinstance(error, SecondFactorNeeded) else "error.refused")
