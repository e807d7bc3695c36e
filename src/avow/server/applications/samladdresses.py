"""Where the SAML identity provider of an application is: what its service provider is told."""

import re
from dataclasses import dataclass
from typing import Final

from avow.core.pathparts import part
from avow.server.serving import Project

__all__ = ["Addresses", "addresses", "continue_path", "is_continue", "path"]

_CONTINUE: Final = re.compile(
    r"/saml/[A-Za-z0-9]{1,64}/[A-Za-z0-9._~-]{1,200}/continue\?request=[A-Za-z0-9]{1,64}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one application.

    Attributes:
        metadata: Our name, and where our metadata is.
        sso: Where requests go.
        slo: Where log-outs go.
        start: Where a sign-in begins that the application did not ask for.
    """

    metadata: str
    sso: str
    slo: str
    start: str


def addresses(project: Project, application_id: str) -> Addresses:
    """Return the addresses of an application."""
    root = project.public_url.rstrip("/") + path(project.id, application_id)
    return Addresses(f"{root}/metadata", f"{root}/sso", f"{root}/slo", f"{root}/start")


def path(project_id: str, application_id: str) -> str:
    """Return the path that the addresses of an application begin with."""
    return f"/saml/{project_id}/{part(application_id)}"


def continue_path(project_id: str, application_id: str, request_id: str) -> str:
    """Return where the browser comes back to with a request after sign-in."""
    return f"{path(project_id, application_id)}/continue?request={request_id}"


def is_continue(text: str) -> bool:
    """Tell whether a text is such a path."""
    return _CONTINUE.fullmatch(text) is not None
