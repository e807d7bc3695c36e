"""The page behind the link to set SSO up. It says what the identity provider asks for, and sets nothing up yet."""

from avow.server.pages.endpoints import LinkQuery
from avow.server.pages.frame import Frame
from avow.server.serving import Answer, Call, Steps, read

__all__ = ["show"]

_GONE = 410


def show(frame: Frame, call: Call[LinkQuery]) -> Steps[Answer]:
    """Show our name and address for the identity provider of a tenant, as long as the link lives."""
    from avow.server.sso import setup_links, shown  # a room of management: loaded when somebody comes

    found = yield from read(setup_links.look, call.body.t)
    values = {"project": call.project, "setup": found, "entity_id": "", "acs_url": ""}
    if found is None:
        return frame.page(call.client, "sso_setup", values, status=_GONE)
    values |= {
        "entity_id": shown.entity_id(call.project, found.connection),
        "acs_url": shown.acs_url(call.project, found.connection),
    }
    return frame.page(call.client, "sso_setup", values)
