"""The routes of snapshots, of copies and of a project's end.

A snapshot is about several areas of management; who exports one has to have the right to read each, and who imports
one the right to write each area that its files are about.
"""

from collections.abc import Mapping
from typing import Any

from avow.core.rights import FULL
from avow.errors import Forbidden, InvalidArgument, MissingArgument, NotFound
from avow.server.keys import actions as keys
from avow.server.projects import actions as projects
from avow.server.serving import Call, ManagementCaller, Slice, Steps, aside, read, reads, steps, write, writes
from avow.server.snapshots import actions, layout
from avow.server.snapshots.actions import Cloned, KeySets
from avow.server.snapshots.layout import Parsed, Snapshot
from avow.server.store import Tx
from avow.wire import snapshots as wire
from avow.wire.endpoint import Nothing
from avow.wire.snapshots import (
    ClonedProject,
    CloneProject,
    ExportedFiles,
    ExportFormat,
    ImportFiles,
    ImportSnapshot,
    SnapshotSecrets,
    Validated,
    ValidateSnapshot,
)

__all__ = ["SLICE"]

_AREAS: Mapping[str, str] = {
    "settings": "project",
    "permissions": "permission",
    "roles": "role",
    "templates": "project",
    "jwt_templates": "jwt_template",
    "lists": "list",
    "apis": "api",
    "applications": "app",
    "passwords": "password",
    "flows": "flow",
    "theme": "flow",
}
# Attributes belong to the area of those who have them.
_OWNERS: Mapping[str, str] = {"user": "user", "tenant": "tenant", "accesskey": "access_key"}
_FORMATS = (None, "", "json")
_OIDC_ALGORITHM = "RS256"


def export(tx: Tx, call: Call[Nothing]) -> ExportedFiles:
    """Return what the project is configured with, as files; users, tenants, keys, secrets and consents are in none."""
    _require_reads(call.management)
    return ExportedFiles(files=layout.write(actions.read(tx)))


def export_snapshot(tx: Tx, call: Call[ExportFormat]) -> ExportedFiles:
    """Return what the project is configured with, as files; users, tenants, keys, secrets and consents are in none."""
    if call.body.format not in _FORMATS:
        raise InvalidArgument(error_message="Snapshots are exported in the format json.")
    _require_reads(call.management)
    return ExportedFiles(files=layout.write(actions.read(tx)))


def import_files(call: Call[ImportFiles]) -> Steps[None]:
    """Take over what an export gave, whole or not at all; what its files do not name stays as it is."""
    parsed = yield from aside(layout.parse, _files(call.body.files))
    yield from _import(call, parsed)


def import_snapshot(call: Call[ImportSnapshot]) -> Steps[None]:
    """Take over what an export gave, whole or not at all; what its files do not name stays as it is.

    Roles and permissions are the same by their names: users keep those they have. `excludes` names files, or kinds of
    them, that are passed over.
    """
    body = call.body
    excludes = frozenset(body.excludes or ())
    parsed = yield from aside(layout.parse, _files(body.files), excludes=excludes, secrets=body.input_secrets)
    yield from _import(call, parsed)


def validate_snapshot(call: Call[ValidateSnapshot]) -> Steps[Validated]:
    """Tell whether the project would take a snapshot over, and all that stands against it; nothing is changed."""
    body = call.body
    parsed = yield from aside(layout.parse, _files(body.files), secrets=body.input_secrets)
    _require_reads(call.management, parsed.snapshot)
    found = yield from read(actions.check, parsed.snapshot, is_open=call.project.is_open)
    failures = (*parsed.failures, *found)[: layout.MOST_FAILURES]
    return Validated(ok=not failures, failures=failures, missing_secrets=SnapshotSecrets())


def clone(call: Call[CloneProject]) -> Steps[ClonedProject]:
    """Make a project with the configuration of this one, without its users, tenants and keys.

    Copied are the settings, permissions, roles of the project, definitions of attributes, message and JWT templates,
    lists, password settings, flows, the theme, APIs and applications (these without their secrets), in one unit: at
    most a thousand of them, as in an import. The answer holds a management key of the new project, this once; it may do
    what the caller may do.
    """
    _require_reads(call.management)
    snapshot = yield from read(actions.read)
    made = yield from aside(_made_keys, call.project.settings.session_algorithm)
    is_open = call.project.is_open
    cloned: Cloned = yield from write(actions.clone, call.management, call.body, snapshot, made, is_open=is_open)
    return ClonedProject(
        project_id=cloned.project_id,
        project_name=call.body.name,
        environment=call.body.environment or "",
        tags=tuple(dict.fromkeys(call.body.tags or ())),
        management_key=cloned.management_key,
    )


def delete(tx: Tx, call: Call[Nothing]) -> None:
    """Delete the project with everything in it, for ever; only a key that may do everything may do this.

    Its management keys end at once, its tokens and its pages within a second; its data is deleted in steps.
    """
    caller = call.management
    if FULL not in caller.rights:
        raise Forbidden(error_message="Only a key that may do everything deletes the project.")
    if not projects.mark_deleted(tx, actor=caller.actor):
        raise NotFound(error_message="There is no such project.")
    keys.revoke_all(tx, actor=caller.actor)


def _import(call: Call[Any], parsed: Parsed) -> Steps[None]:
    caller = call.management
    for area in _areas(parsed.snapshot):
        caller.require(area)
    if parsed.failures:
        more = len(parsed.failures) - 1
        also = f" There are {more} more failures; validate tells all of them." if more else ""
        raise InvalidArgument(error_message=parsed.failures[0] + also)
    yield from write(actions.put, parsed.snapshot, is_open=call.project.is_open, actor=caller.actor)


def _require_reads(caller: ManagementCaller, snapshot: Snapshot | None = None) -> None:
    for area in _areas(snapshot):
        if not caller.may(area, only_reads=True):
            raise Forbidden(error_message=f"This also needs the right {area}:read.")


def _areas(snapshot: Snapshot | None) -> list[str]:
    """Return the areas that a snapshot is about; without one, every area that there may be in one."""
    if snapshot is None:
        return sorted({*_AREAS.values(), *_OWNERS.values()})
    found = {_AREAS[kind] for kind in snapshot.kinds if kind in _AREAS}
    return sorted(found | {_OWNERS[each.kind] for each in snapshot.attributes or ()})


def _files(given: Mapping[str, object] | None) -> Mapping[str, object]:
    if given is None:
        raise MissingArgument(error_message="The field files is missing.")
    return given


def _made_keys(algorithm: str) -> KeySets:
    return {keys.SESSION: keys.generate(algorithm), keys.OIDC: keys.generate(_OIDC_ALGORITHM)}


SLICE = Slice(
    "snapshots",
    (
        reads(wire.EXPORT, export),
        reads(wire.EXPORT_SNAPSHOT, export_snapshot),
        steps(wire.IMPORT, import_files),
        steps(wire.IMPORT_SNAPSHOT, import_snapshot),
        steps(wire.VALIDATE, validate_snapshot),
        steps(wire.CLONE, clone),
        writes(wire.DELETE, delete),
    ),
)
