"""Snapshots of what a project is configured with, its copy, and its end: shapes and routes."""

from typing import Annotated

from msgspec import Meta

from avow.wire.bounds import Name
from avow.wire.endpoint import Caller, Endpoint, Nothing, Shape
from avow.wire.projects import GivenName, Tags
from avow.wire.secret import SECRET, Secret

__all__ = [
    "CLONE",
    "DELETE",
    "ENDPOINTS",
    "EXPORT",
    "EXPORT_SNAPSHOT",
    "IMPORT",
    "IMPORT_SNAPSHOT",
    "MOST_FILES",
    "VALIDATE",
    "CloneProject",
    "ClonedProject",
    "ExportFormat",
    "ExportedFiles",
    "ImportFiles",
    "ImportSnapshot",
    "SnapshotSecret",
    "SnapshotSecrets",
    "ValidateSnapshot",
    "Validated",
]

MOST_FILES = 300

# By path; what a file holds is checked by the server's layout of snapshots, file by file.
Files = Annotated[dict[str, object], Meta(max_length=MOST_FILES)]
InputSecrets = Annotated[dict[str, object], Meta(max_length=16, extra=SECRET)]
Excludes = Annotated[tuple[Name, ...], Meta(max_length=MOST_FILES)]


class ExportFormat(Shape, frozen=True, kw_only=True):
    """How files are wanted: `json` or nothing, which means the same."""

    format: Name | None = None


class ExportedFiles(Shape, frozen=True, kw_only=True):
    """The files of a snapshot, by path; each is an object."""

    files: dict[str, object]


class ImportFiles(Shape, frozen=True, kw_only=True):
    """The files of a snapshot, as an export gave them."""

    files: Files | None = None


class ImportSnapshot(Shape, frozen=True, kw_only=True):
    """A snapshot to be imported.

    Attributes:
        files: As an export gave them; files that are left out change nothing.
        input_secrets: Secrets that are in no snapshot: see `SnapshotSecrets`.
        excludes: Files, or kinds of them (`roles`, `flows`), that are passed over.
    """

    files: Files | None = None
    input_secrets: InputSecrets | None = None
    excludes: Excludes | None = None


class ValidateSnapshot(Shape, frozen=True, kw_only=True):
    """A snapshot to be tried."""

    files: Files | None = None
    input_secrets: InputSecrets | None = None


class SnapshotSecret(Shape, frozen=True, kw_only=True):
    """A secret of something that a snapshot holds.

    Attributes:
        id: Whose secret it is.
        name: For people.
        type: What it is, of the several that one thing may have.
        value: Empty where it is missing.
    """

    id: str
    name: str = ""
    type: str = ""
    value: Secret = ""


class SnapshotSecrets(Shape, frozen=True, kw_only=True):
    """Secrets by what they belong to."""

    connectors: tuple[SnapshotSecret, ...] = ()
    oauth_providers: tuple[SnapshotSecret, ...] = ()
    outbound_apps: tuple[SnapshotSecret, ...] = ()


class Validated(Shape, frozen=True, kw_only=True):
    """What an import of the snapshot would meet.

    Attributes:
        ok: It would be imported.
        failures: Why it would not, a sentence each.
        missing_secrets: What `inputSecrets` would have to hold besides.
    """

    ok: bool
    failures: tuple[str, ...]
    missing_secrets: SnapshotSecrets


class CloneProject(Shape, frozen=True, kw_only=True):
    """The project to be made with the configuration of the caller's.

    Attributes:
        name: For messages and pages.
        environment: Free text, such as `production`.
        tags: Free texts.
    """

    name: GivenName
    environment: Annotated[str, Meta(max_length=64)] | None = None
    tags: Tags | None = None


class ClonedProject(Shape, frozen=True, kw_only=True):
    """A project that was made.

    Attributes:
        project_id: `P...`.
        project_name: As asked for.
        environment: As asked for.
        tags: As asked for.
        management_key: A key of it that may do what the caller may do; shown this once and stored nowhere.
    """

    project_id: str
    project_name: str
    environment: str
    tags: tuple[str, ...]
    management_key: Secret


EXPORT = Endpoint(
    "mgmt.project.export_project",
    "POST",
    "/v1/mgmt/project/export",
    Nothing,
    ExportedFiles,
    Caller.MANAGEMENT,
    only_reads=True,
)
IMPORT = Endpoint(
    "mgmt.project.import_project", "POST", "/v1/mgmt/project/import", ImportFiles, Nothing, Caller.MANAGEMENT
)
EXPORT_SNAPSHOT = Endpoint(
    "mgmt.project.export_snapshot",
    "POST",
    "/v1/mgmt/project/snapshot/export",
    ExportFormat,
    ExportedFiles,
    Caller.MANAGEMENT,
    only_reads=True,
)
IMPORT_SNAPSHOT = Endpoint(
    "mgmt.project.import_snapshot",
    "POST",
    "/v1/mgmt/project/snapshot/import",
    ImportSnapshot,
    Nothing,
    Caller.MANAGEMENT,
)
VALIDATE = Endpoint(
    "mgmt.project.validate_snapshot",
    "POST",
    "/v1/mgmt/project/snapshot/validate",
    ValidateSnapshot,
    Validated,
    Caller.MANAGEMENT,
    only_reads=True,
)
CLONE = Endpoint("mgmt.project.clone", "POST", "/v1/mgmt/project/clone", CloneProject, ClonedProject, Caller.MANAGEMENT)
DELETE = Endpoint("mgmt.project.delete", "POST", "/v1/mgmt/project/delete", Nothing, Nothing, Caller.MANAGEMENT)

ENDPOINTS = (EXPORT, IMPORT, EXPORT_SNAPSHOT, IMPORT_SNAPSHOT, VALIDATE, CLONE, DELETE)
