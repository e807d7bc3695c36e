"""The SQL of projects and their settings."""

from msgspec import Struct

__all__ = ["BUMP", "CLEAR_SETTING", "FIND", "FIND_VERSION", "INSERT", "LIST", "RETURNS", "SETTINGS", "SET_SETTING"]


class ProjectRow(Struct, frozen=True):
    """A project without its settings."""

    id: str
    name: str
    environment: str
    version: int
    issuer_host: str | None
    created_at: int


class VersionRow(Struct, frozen=True):
    """How often settings or keys have changed."""

    version: int


class SettingRow(Struct, frozen=True):
    """One setting that differs from its default; `value` is JSON."""

    name: str
    value: str


INSERT = """
    INSERT INTO projects (id, name, environment, version, issuer_host, created_at)
    VALUES (:project_id, :name, :environment, 1, :issuer_host, :now)
"""

FIND = """
    SELECT id, name, environment, version, issuer_host, created_at
    FROM projects WHERE id = :project_id
"""

LIST = """
    SELECT id, name, environment, version, issuer_host, created_at
    FROM projects ORDER BY created_at, id
"""

FIND_VERSION = "SELECT version FROM projects WHERE id = :project_id"

BUMP = "UPDATE projects SET version = version + 1 WHERE id = :project_id RETURNING version"

SETTINGS = "SELECT name, value FROM project_settings WHERE project_id = :project_id ORDER BY name"

SET_SETTING = """
    INSERT INTO project_settings (project_id, name, value) VALUES (:project_id, :name, :value)
    ON CONFLICT (project_id, name) DO UPDATE SET value = excluded.value
"""

CLEAR_SETTING = "DELETE FROM project_settings WHERE project_id = :project_id AND name = :name"

ORIGINS = """
    SELECT name, value FROM project_settings
    WHERE name IN ('allowed_origins', 'approved_redirects') ORDER BY project_id, name
"""

RETURNS = {
    "FIND": ProjectRow,
    "LIST": ProjectRow,
    "FIND_VERSION": VersionRow,
    "BUMP": VersionRow,
    "SETTINGS": SettingRow,
    "ORIGINS": SettingRow,
}
