"""Management calls of the project: its settings."""

from collections.abc import Mapping
from typing import Any

import msgspec

from avow.sdk.answers import as_is
from avow.sdk.calls.call import Call, call, refused
from avow.wire import projects
from avow.wire.endpoint import Nothing

__all__ = ["get_settings", "set_settings"]

_NAMES = {field.name: field.encode_name for field in msgspec.structs.fields(projects.ProjectSettings)}
_settings = as_is(dict[str, Any])


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
