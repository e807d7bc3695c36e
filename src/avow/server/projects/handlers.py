"""The routes of a project's name, tags and settings.

A management key is a key of one project: a list of projects is that project, and no call can name another one.
"""

from avow.server.projects import actions
from avow.server.projects.actions import ProjectRow
from avow.server.serving import Call, ManagementCaller, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import projects as wire
from avow.wire.endpoint import Nothing
from avow.wire.projects import (
    License,
    Project,
    ProjectName,
    Projects,
    ProjectSettings,
    ProjectTags,
    SettingsChange,
)

__all__ = ["SLICE"]


def get_settings(tx: Tx, call: Call[Nothing]) -> ProjectSettings:
    """Return every setting of the project, defaults included."""
    return actions.settings(tx)


def set_settings(tx: Tx, call: Call[SettingsChange]) -> ProjectSettings:
    """Change the named settings and return all of them; `null` puts one back to its default."""
    key = call.caller.key_id if isinstance(call.caller, ManagementCaller) else ""
    return actions.change_settings(tx, call.body.settings, actor=f"key:{key}")


def update_name(tx: Tx, call: Call[ProjectName]) -> None:
    """Rename the project; messages and pages show the new name within a second."""
    actions.rename(tx, call.body.name, actor=call.management.actor)


def update_tags(tx: Tx, call: Call[ProjectTags]) -> None:
    """Put tags in the place of those that the project has."""
    actions.set_tags(tx, call.body.tags or (), actor=call.management.actor)


def list_projects(tx: Tx, call: Call[Nothing]) -> Projects:
    """Return the projects that the caller may manage: the one that its key is of."""
    row = actions.find(tx)
    return Projects(projects=(_shown(row),) if row else ())


def get_license(tx: Tx, call: Call[Nothing]) -> License:
    """Answer the official clients' start-up question; Avow has one tier."""
    return License(rate_limit_tier="tier4")


def _shown(row: ProjectRow) -> Project:
    return Project(id=row.id, name=row.name, environment=row.environment, tags=actions.tags_of(row))


SLICE = Slice(
    "projects",
    (
        reads(wire.GET_SETTINGS, get_settings),
        writes(wire.SET_SETTINGS, set_settings),
        reads(wire.LICENSE, get_license),
        writes(wire.UPDATE_NAME, update_name),
        writes(wire.UPDATE_TAGS, update_tags),
        reads(wire.LIST, list_projects),
    ),
)
