"""Where a mailed link leads: the caller's page, the project's default, or Avow's own page."""

from avow.core import links
from avow.core.redirects import approve
from avow.server.serving import Project

__all__ = ["link_to", "target"]


def target(project: Project, method: str, wanted: str | None) -> str:
    """Return the page of the application that takes the token, or "" for Avow's own page.

    Args:
        project: Whose approved redirects count; its own default needs no approval.
        method: `magiclink` or `enchantedlink`, for the default.
        wanted: URL named by the caller, or None.

    Raises:
        InvalidArgument: The URL is not an approved one.
    """
    if wanted and wanted.startswith(f"{project.public_url.rstrip('/')}/login/{project.id}/return?"):
        return wanted  # our own page, where flows go on
    if wanted:
        return approve(wanted, project.settings.approved_redirects, default_open=project.is_open)
    return project.settings.default_redirects.get(method, "")


def link_to(project: Project, page: str, uri: str, token: str) -> str:
    """Return the link for a message: the application's page with `t`, or Avow's page of this name."""
    if uri:
        return links.with_token(uri, token)
    return links.with_token(f"{project.public_url.rstrip('/')}/{page}/{project.id}", token)
