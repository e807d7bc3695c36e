"""The SQL of projects and their settings."""

from msgspec import Struct

__all__ = ["RETURNS", "CountRow", "ProjectRow", "SettingRow", "VersionRow"]


class ProjectRow(Struct, frozen=True):
    """A project without its settings; `tags` is a JSON list."""

    id: str
    name: str
    environment: str
    version: int
    issuer_host: str | None
    created_at: int
    tags: str


class CountRow(Struct, frozen=True):
    """How many projects there are."""

    projects: int


class VersionRow(Struct, frozen=True):
    """How often settings or keys have changed."""

    version: int


class SettingRow(Struct, frozen=True):
    """One setting that differs from its default; `value` is JSON."""

    name: str
    value: str


class TemplateRow(Struct, frozen=True):
    """A JWT template; `document` is JSON of `wire.jwttemplates.JwtTemplate`."""

    document: str


INSERT = """
    INSERT INTO projects (id, name, environment, version, issuer_host, created_at, tags)
    VALUES (:project_id, :name, :environment, 1, :issuer_host, :now, :tags)
"""

FIND = """
    SELECT id, name, environment, version, issuer_host, created_at, tags
    FROM projects WHERE id = :project_id AND deleted_at IS NULL
"""

LIST = """
    SELECT id, name, environment, version, issuer_host, created_at, tags
    FROM projects WHERE deleted_at IS NULL ORDER BY created_at, id
"""

COUNT = "SELECT COUNT(*) AS projects FROM projects"

FIND_VERSION = "SELECT version FROM projects WHERE id = :project_id AND deleted_at IS NULL"

BUMP = "UPDATE projects SET version = version + 1 WHERE id = :project_id RETURNING version"

RENAME = "UPDATE projects SET name = :name, version = version + 1 WHERE id = :project_id RETURNING version"

SET_ISSUER_HOST = """
    UPDATE projects SET issuer_host = :issuer_host, version = version + 1 WHERE id = :project_id RETURNING version
"""

SET_TAGS = "UPDATE projects SET tags = :tags WHERE id = :project_id RETURNING version"

# Every node reads the version within a second and then finds no project: no key and no token counts any more.
MARK_DELETED = """
    UPDATE projects SET deleted_at = :now, version = version + 1, issuer_host = NULL
    WHERE id = :project_id AND deleted_at IS NULL
    RETURNING version
"""

FIND_DELETED = "SELECT version FROM projects WHERE id = :project_id AND deleted_at IS NOT NULL"

SETTINGS = "SELECT name, value FROM project_settings WHERE project_id = :project_id ORDER BY name"

SET_SETTING = """
    INSERT INTO project_settings (project_id, name, value) VALUES (:project_id, :name, :value)
    ON CONFLICT (project_id, name) DO UPDATE SET value = excluded.value
"""

CLEAR_SETTING = "DELETE FROM project_settings WHERE project_id = :project_id AND name = :name"

ORIGINS = """
    SELECT s.name, s.value FROM project_settings s
    JOIN projects p ON p.id = s.project_id AND p.deleted_at IS NULL
    WHERE s.name IN ('allowed_origins', 'approved_redirects') ORDER BY s.project_id, s.name
"""

FIND_TEMPLATE = "SELECT document FROM jwt_templates WHERE project_id = :project_id AND id = :template_id"

RETURNS = {
    "FIND_TEMPLATE": TemplateRow,
    "FIND": ProjectRow,
    "LIST": ProjectRow,
    "COUNT": CountRow,
    "FIND_VERSION": VersionRow,
    "RENAME": VersionRow,
    "SET_ISSUER_HOST": VersionRow,
    "SET_TAGS": VersionRow,
    "MARK_DELETED": VersionRow,
    "FIND_DELETED": VersionRow,
    "BUMP": VersionRow,
    "SETTINGS": SettingRow,
    "ORIGINS": SettingRow,
}
