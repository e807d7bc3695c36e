"""The SQL of imports: what a chunk of users is judged by, the rows of new users, and how far an import has come.

Each INSERT but that of an import is run with many rows in the place of its one (`store.many_rows`).
"""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "DefaultRow", "IdRow", "ImportRow", "OwnerRow", "PasswordRow", "RoleRow"]


class IdRow(Struct, frozen=True):
    """What a statement found or changed."""

    id: str


class OwnerRow(Struct, frozen=True):
    """Whose a login ID is; of nobody's, ""."""

    login_id: str
    user_id: str


class RoleRow(Struct, frozen=True):
    """A role, of the project (no tenant) or of one tenant."""

    id: str
    name: str
    tenant_id: str | None
    is_default: int


class DefaultRow(Struct, frozen=True):
    """What every new member of a tenant holds there."""

    tenant_id: str
    role_id: str


@dataclass(frozen=True, slots=True)
class PasswordRow:
    """The hash of a user's password."""

    user_id: str
    encoded: str = field(repr=False)


class ImportRow(Struct, frozen=True):
    """How far an import has come; see the table."""

    id: str
    source: str
    position: int
    digest: bytes
    created: int
    updated: int
    rejected: int
    refusals: str
    report_bytes: int
    started_at: int
    finished_at: int | None


# --- Judging -----------------------------------------------------------------------------------------------------

# Run with many rows (`store.many_rows`), each looked up by the whole key. For a list of hundreds PostgreSQL would read
# all login IDs of the project, as long as nobody has counted them: in a new database, while they are imported.
OWNERS = """
    SELECT w.column1 AS login_id, COALESCE((
        SELECT l.user_id FROM login_ids l WHERE l.project_id = :project_id AND l.login_id = w.column1
    ), '') AS user_id
    FROM (VALUES (:login_id)) AS w
"""

ROLES = """
    SELECT id, name, tenant_id, is_default FROM roles
    WHERE project_id = :project_id AND (
        (tenant_id IS NULL AND is_default = 1)
        OR (name IN (:names) AND (tenant_id IS NULL OR tenant_id IN (:tenant_ids))))
"""

TENANTS = "SELECT id FROM tenants WHERE project_id = :project_id AND id IN (:tenant_ids) AND deleted_at IS NULL"

DEFAULTS = """
    SELECT tenant_id, role_id FROM tenant_default_roles
    WHERE project_id = :project_id AND tenant_id IN (:tenant_ids)
    UNION
    SELECT tenant_id, id FROM roles
    WHERE project_id = :project_id AND is_default = 1 AND tenant_id IN (:tenant_ids)
"""

# --- New users ---------------------------------------------------------------------------------------------------

INSERT_USER = """
    INSERT INTO users
        (project_id, id, status, name, given_name, middle_name, family_name, name_folded,
         email, email_folded, is_email_verified, is_email_vouched,
         phone, is_phone_verified, is_phone_vouched, picture, is_test,
         credential_version, created_at, updated_at, custom_attributes, external_ids)
    VALUES
        (:project_id, :id, :status, :name, :given_name, :middle_name, :family_name, :name_folded,
         :email, :email_folded, :is_email_verified, :is_email_verified,
         :phone, :is_phone_verified, :is_phone_verified, :picture, :is_test,
         1, :created_at, :now, :custom_attributes, :external_ids)
    ON CONFLICT DO NOTHING
"""

# No row comes back for a login ID that somebody else has taken meanwhile.
CLAIM = """
    INSERT INTO login_ids (project_id, login_id, typed, user_id, created_at)
    VALUES (:project_id, :login_id, :typed, :user_id, :now)
    ON CONFLICT DO NOTHING
    RETURNING login_id, user_id
"""

DELETE = "DELETE FROM users WHERE project_id = :project_id AND id IN (:user_ids)"

INSERT_PASSWORD = """
    INSERT INTO passwords (project_id, user_id, encoded, state, set_at, failures, locked_until)
    VALUES (:project_id, :user_id, :encoded, 'active', :now, 0, NULL)
    ON CONFLICT DO NOTHING
"""

INSERT_ATTRIBUTE = """
    INSERT INTO attribute_values (project_id, kind, owner_id, name, value)
    VALUES (:project_id, 'user', :owner_id, :name, :value)
    ON CONFLICT DO NOTHING
"""

GRANT = """
    INSERT INTO user_roles (project_id, user_id, role_id)
    VALUES (:project_id, :user_id, :role_id)
    ON CONFLICT DO NOTHING
"""

JOIN = """
    INSERT INTO memberships (project_id, user_id, tenant_id, created_at)
    VALUES (:project_id, :user_id, :tenant_id, :now)
    ON CONFLICT DO NOTHING
"""

GRANT_IN_TENANT = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    VALUES (:project_id, :user_id, :tenant_id, :role_id)
    ON CONFLICT DO NOTHING
"""

# --- Users that exist --------------------------------------------------------------------------------------------

# The row comes back when the hash is another than before.
REPLACE_PASSWORD = """
    INSERT INTO passwords (project_id, user_id, encoded, state, set_at, failures, locked_until)
    VALUES (:project_id, :user_id, :encoded, 'active', :now, 0, NULL)
    ON CONFLICT (project_id, user_id) DO UPDATE
    SET encoded = excluded.encoded, state = 'active', set_at = excluded.set_at, is_own = 0, failures = 0,
        locked_until = NULL
    WHERE passwords.encoded <> excluded.encoded
    RETURNING user_id AS id
"""

MOVE_CREDENTIALS = """
    UPDATE users SET credential_version = credential_version + 1, updated_at = :now
    WHERE project_id = :project_id AND id = :user_id
"""

# --- The import itself -------------------------------------------------------------------------------------------

BEGIN = """
    INSERT INTO imports
        (project_id, id, source, position, digest, created, updated, rejected, refusals, report_bytes,
         started_at, updated_at, finished_at)
    VALUES (:project_id, :id, :source, 0, :digest, 0, 0, 0, '[]', 0, :now, :now, NULL)
    ON CONFLICT DO NOTHING
"""

FIND = """
    SELECT id, source, position, digest, created, updated, rejected, refusals, report_bytes, started_at, finished_at
    FROM imports WHERE project_id = :project_id AND id = :id
"""

FORGET = "DELETE FROM imports WHERE project_id = :project_id AND id = :id"

# Keeps a second run of the same import out: it finds the position moved.
TAKE = """
    UPDATE imports SET updated_at = :now
    WHERE project_id = :project_id AND id = :id AND position = :position
    RETURNING id
"""

MOVE = """
    UPDATE imports
    SET position = :position, digest = :digest, created = created + :created, updated = updated + :updated,
        rejected = rejected + :rejected, refusals = :refusals, report_bytes = :report_bytes, finished_at = NULL
    WHERE project_id = :project_id AND id = :id
"""

FINISH = "UPDATE imports SET finished_at = :now, updated_at = :now WHERE project_id = :project_id AND id = :id"

# --- Exports -----------------------------------------------------------------------------------------------------

PAGE = """
    SELECT id FROM users
    WHERE project_id = :project_id AND is_anonymous = 0 AND id > :after
    ORDER BY id LIMIT :most
"""

PASSWORDS = "SELECT user_id, encoded FROM passwords WHERE project_id = :project_id AND user_id IN (:user_ids)"

RETURNS = {
    "OWNERS": OwnerRow,
    "ROLES": RoleRow,
    "TENANTS": IdRow,
    "DEFAULTS": DefaultRow,
    "CLAIM": OwnerRow,
    "REPLACE_PASSWORD": IdRow,
    "FIND": ImportRow,
    "TAKE": IdRow,
    "PAGE": IdRow,
    "PASSWORDS": PasswordRow,
}
