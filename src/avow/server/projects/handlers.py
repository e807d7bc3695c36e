"""The routes of project settings."""

from avow.server.projects import actions
from avow.server.serving import Call, ManagementCaller, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import projects as wire
from avow.wire.endpoint import Nothing
from avow.wire.projects import License, ProjectSettings, SettingsChange

__all__ = ["SLICE"]


def get_settings(tx: Tx, call: Call[Nothing]) -> ProjectSettings:
    """Return every setting of the project, defaults included."""
    return actions.settings(tx)


def set_settings(tx: Tx, call: Call[SettingsChange]) -> ProjectSettings:
    """Change the named settings and return all of them; `null` puts one back to its default."""
    key = call.caller.key_id if isinstance(call.caller, ManagementCaller) else ""
    return actions.change_settings(tx, call.body.settings, actor=f"key:{key}")


def get_license(tx: Tx, call: Call[Nothing]) -> License:
    """Answer the official clients' start-up question; Avow has one tier."""
    return License(rate_limit_tier="tier4")


SLICE = Slice(
    "projects",
    (
        reads(wire.GET_SETTINGS, get_settings),
        writes(wire.SET_SETTINGS, set_settings),
        reads(wire.LICENSE, get_license),
    ),
)
