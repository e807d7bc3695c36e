"""Which issuer a request is for, and where its endpoints are."""

import re
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from avow.core.oidc.redirects import form_target
from avow.server.serving import Call, Project

__all__ = ["address", "continue_path", "device_path", "is_continue", "is_root", "issuer_of", "policy_target"]

_CONTINUE: Final = re.compile(
    r"(?:/[A-Za-z0-9]{1,64})?/authorize/continue\?request=[A-Za-z0-9]{1,64}&to=[A-Za-z0-9%._~-]{0,512}"
    r"(?:&popup=[A-Za-z0-9._-]{1,64})?",
    re.ASCII,
)
_DEVICE: Final = re.compile(r"(?:/[A-Za-z0-9]{1,64})?/device(?:\?user_code=[A-Za-z0-9-]{0,64})?", re.ASCII)
_TARGET: Final = re.compile(r"(?:https?://[A-Za-z0-9.\-_\[\]:]{1,300}|[a-z][a-z0-9+.\-]{0,100}:)", re.ASCII)


def is_root(call: Call[Any]) -> bool:
    """Tell whether a request came to the root of a host."""
    return "projectId" not in call.path


def issuer_of(call: Call[Any]) -> str:
    """Return the issuer of a request: with a slash at its end at the root of a host, without one below a project.

    Spec: contract "oidc" section 1 (13): libraries of Auth0 build the issuer as `https://` + host + `/`.
    """
    project = call.project
    if not is_root(call):
        return f"{project.public_url.rstrip('/')}/{project.id}"
    return f"{_root_url(project)}/"


def address(issuer: str, path: str) -> str:
    """Return the address of an endpoint of an issuer."""
    return f"{issuer.rstrip('/')}{path}"


def continue_path(call: Call[Any], request_id: str, redirect_uri: str) -> str:
    """Return where the browser comes back to after sign-in; `to` is what the policy of the pages in between names."""
    prefix = "" if is_root(call) else f"/{call.project.id}"
    return f"{prefix}/authorize/continue?request={request_id}&to={quote(form_target(redirect_uri), safe='')}"


def device_path(call: Call[Any], user_code: str) -> str:
    """Return where somebody types the code of a device."""
    prefix = "" if is_root(call) else f"/{call.project.id}"
    return f"{prefix}/device?user_code={quote(user_code, safe='')}" if user_code else f"{prefix}/device"


def is_continue(text: str) -> bool:
    """Tell whether a text is the path of a page of ours to which a sign-in may lead back."""
    return any(each.fullmatch(text) is not None for each in (_CONTINUE, _DEVICE))


def policy_target(leads_to: str) -> str:
    """Return what the policy of a page names for a form that ends at an address or at such a path, "" for nothing."""
    if is_continue(leads_to):
        named = parse_qs(urlsplit(leads_to).query).get("to", [""])[0]
    else:
        named = form_target(leads_to) if leads_to else ""
    return named if _TARGET.fullmatch(named) else ""


def _root_url(project: Project) -> str:
    if not project.issuer_host:
        return project.public_url.rstrip("/")
    return f"{urlsplit(project.public_url).scheme}://{project.issuer_host}"
