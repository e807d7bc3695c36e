"""The tables of Avow, as SQLAlchemy metadata: what migrations and fresh databases are made from.

Imported by `avow migrate` and its tests only; requests never load SQLAlchemy. Types are integers (BIGINT), text
(compared bytewise on both databases) and bytes. Instants are seconds since the epoch. Every table of a project has
the primary key (project_id, ...) and every foreign key and unique index begins with project_id, so that the database
itself refuses a reference from one project into another.
"""

from avow.server.store.schema import (
    applications,
    credentials,
    directory,
    federation,
    installation,
    oidc,
    records,
    samlidp,
    sessions,
)
from avow.server.store.schema.columns import UNLOGGED, metadata

__all__ = [
    "UNLOGGED",
    "applications",
    "credentials",
    "directory",
    "federation",
    "installation",
    "metadata",
    "oidc",
    "records",
    "samlidp",
    "sessions",
]
