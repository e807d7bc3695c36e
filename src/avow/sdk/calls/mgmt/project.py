"""Management calls of the project: its name, its settings, snapshots of its configuration, its copy and its end."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from avow.errors import UnreadableAnswer
from avow.sdk.answers import as_is, ignored
from avow.sdk.calls.call import Call, call, refused, shaped, text_of
from avow.sdk.transport import Response
from avow.wire import projects, snapshots
from avow.wire.endpoint import Nothing

__all__ = [
    "clone",
    "delete",
    "export_project",
    "export_snapshot",
    "get_settings",
    "import_project",
    "import_snapshot",
    "list_projects",
    "remove_tag_field",
    "set_settings",
    "update_name",
    "update_tags",
    "validate_snapshot",
]

Shaped = TypeVar("Shaped")

_NAMES = {field.name: field.encode_name for field in msgspec.structs.fields(projects.ProjectSettings)}
_settings = as_is(dict[str, Any])
_all = as_is(dict[str, Any])


def get_settings() -> Call[dict[str, Any]]:
    """Return the call for the settings."""
    return call(projects.GET_SETTINGS, Nothing(), _settings)


def set_settings(changes: Mapping[str, object]) -> Call[dict[str, Any]]:
    """Return the call that changes settings.

    Args:
        changes: By name, in Python's spelling or that of the wire; None puts a setting back to its default.

    Raises:
        InvalidArgument: There is no such setting.
    """
    unknown = [name for name in changes if name not in _NAMES and name not in _NAMES.values()]
    if unknown:
        raise refused(f"There is no setting {unknown[0]}.")
    named = {_NAMES.get(name, name): value for name, value in changes.items()}
    return call(projects.SET_SETTINGS, projects.SettingsChange(settings=named), _settings)


def update_name(name: str) -> Call[None]:
    """Return the call that renames the project."""
    return call(projects.UPDATE_NAME, projects.ProjectName(name=text_of("name", name)), ignored)


def update_tags(tags: Sequence[str]) -> Call[None]:
    """Return the call that puts tags in the place of those there are."""
    return call(projects.UPDATE_TAGS, shaped({"tags": _listed("tags", tags)}, projects.ProjectTags), ignored)


def list_projects() -> Call[dict[str, Any]]:
    """Return the call for the projects that the key is of."""
    return call(projects.LIST, Nothing(), _projects, is_repeatable=True)


def remove_tag_field(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return projects without the field `tag`, which old servers sent beside `tags`."""
    return [{name: value for name, value in each.items() if name != "tag"} for each in found]


def clone(name: str, environment: str | None, tags: Sequence[str] | None) -> Call[dict[str, Any]]:
    """Return the call that copies the project."""
    body = {
        "name": text_of("name", name),
        "environment": environment,
        "tags": None if tags is None else _listed("tags", tags),
    }
    return call(snapshots.CLONE, shaped(body, snapshots.CloneProject), _all)


def export_project() -> Call[dict[str, Any]]:
    """Return the call for the files of the configuration."""
    return call(snapshots.EXPORT, Nothing(), _files, is_repeatable=True)


def import_project(files: Mapping[str, Any]) -> Call[None]:
    """Return the call that takes files over."""
    return call(snapshots.IMPORT, shaped({"files": _object("files", files)}, snapshots.ImportFiles), ignored)


def export_snapshot(format: str | None) -> Call[dict[str, Any]]:
    """Return the call for a snapshot."""
    body = shaped({"format": format or None}, snapshots.ExportFormat)
    return call(snapshots.EXPORT_SNAPSHOT, body, _all, is_repeatable=True)


def import_snapshot(
    files: Mapping[str, Any], input_secrets: Mapping[str, Any] | None, excludes: Sequence[str] | None
) -> Call[None]:
    """Return the call that takes a snapshot over."""
    body = {
        "files": _object("files", files),
        "inputSecrets": None if input_secrets is None else _object("input_secrets", input_secrets),
        "excludes": None if excludes is None else _listed("excludes", excludes),
    }
    return call(snapshots.IMPORT_SNAPSHOT, shaped(body, snapshots.ImportSnapshot), ignored)


def validate_snapshot(files: Mapping[str, Any], input_secrets: Mapping[str, Any] | None) -> Call[dict[str, Any]]:
    """Return the call that tries a snapshot."""
    body = {
        "files": _object("files", files),
        "inputSecrets": None if input_secrets is None else _object("input_secrets", input_secrets),
    }
    return call(snapshots.VALIDATE, shaped(body, snapshots.ValidateSnapshot), _all, is_repeatable=True)


def delete() -> Call[None]:
    """Return the call that deletes the project."""
    return call(snapshots.DELETE, Nothing(), ignored)


def _projects(response: Response) -> dict[str, Any]:
    found = _all(response)
    return {"projects": remove_tag_field(found.get("projects") or [])}


def _files(response: Response) -> dict[str, Any]:
    files = _all(response).get("files")
    if not isinstance(files, dict):
        raise UnreadableAnswer(detail="the answer has no files")
    return files


def _listed(name: str, values: Sequence[str]) -> list[str]:
    if isinstance(values, str):
        raise refused(f"{name} is a text, not a list of texts.")
    return list(values)


def _object(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise refused(f"{name} is not an object.")
    return dict(value)
