"""The SQL of users under management: rows locked and written whole, roles and tenants given, searches."""

from dataclasses import dataclass

__all__ = ["RETURNS", "AccountRow", "CountRow", "IdRow", "LoginIdRow", "MemberRow", "NamedRow"]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Every column of a user that management changes."""

    id: str
    status: str
    name: str
    given_name: str
    middle_name: str
    family_name: str
    email: str
    is_email_verified: int
    is_email_vouched: int
    phone: str
    is_phone_verified: int
    is_phone_vouched: int
    picture: str
    custom_attributes: str
    recovery_email: str
    is_recovery_email_verified: int
    recovery_phone: str
    is_recovery_phone_verified: int


@dataclass(frozen=True, slots=True)
class IdRow:
    """What a statement found or changed."""

    id: str


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A role, of the project (no tenant) or of one tenant."""

    id: str
    name: str
    tenant_id: str | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of a tenant, and whether they are more than that: see `accounts.reach`."""

    id: str
    is_shared: int


@dataclass(frozen=True, slots=True)
class LoginIdRow:
    """A login ID, canonical."""

    login_id: str


@dataclass(frozen=True, slots=True)
class CountRow:
    """How many there are."""

    total: int


# Locks the row until the commit, so that what is written back whole takes nothing back that another unit wrote.
LOCK = """
    UPDATE users SET updated_at = :now
    WHERE project_id = :project_id
      AND id = (SELECT l.user_id FROM login_ids l WHERE l.project_id = :project_id AND l.login_id = :login_id)
    RETURNING id, status, name, given_name, middle_name, family_name,
              email, is_email_verified, is_email_vouched, phone, is_phone_verified, is_phone_vouched,
              picture, custom_attributes, recovery_email, is_recovery_email_verified,
              recovery_phone, is_recovery_phone_verified
"""

LOCK_BY_ID = """
    UPDATE users SET updated_at = :now
    WHERE project_id = :project_id AND id = :id
    RETURNING id, status, name, given_name, middle_name, family_name,
              email, is_email_verified, is_email_vouched, phone, is_phone_verified, is_phone_vouched,
              picture, custom_attributes, recovery_email, is_recovery_email_verified,
              recovery_phone, is_recovery_phone_verified
"""

WRITE = """
    UPDATE users
    SET status = :status, name = :name, given_name = :given_name, middle_name = :middle_name,
        family_name = :family_name, name_folded = :name_folded,
        email = :email, email_folded = :email_folded,
        is_email_verified = :is_email_verified, is_email_vouched = :is_email_vouched,
        phone = :phone, is_phone_verified = :is_phone_verified, is_phone_vouched = :is_phone_vouched,
        picture = :picture, custom_attributes = :custom_attributes,
        recovery_email = :recovery_email, is_recovery_email_verified = :is_recovery_email_verified,
        recovery_phone = :recovery_phone, is_recovery_phone_verified = :is_recovery_phone_verified,
        credential_version = credential_version + :moved
    WHERE project_id = :project_id AND id = :id
"""

LOGIN_IDS = "SELECT login_id FROM login_ids WHERE project_id = :project_id AND user_id = :user_id ORDER BY login_id"

# Somebody else who has the address, as their own or to sign in with.
OTHER_OWNER = """
    SELECT u.id FROM users u
    WHERE u.project_id = :project_id AND u.id <> :user_id AND u.id IN (
        SELECT e.id FROM users e WHERE e.project_id = :project_id AND e.email_folded = :email_folded
          AND e.email_folded <> ''
        UNION ALL
        SELECT p.id FROM users p WHERE p.project_id = :project_id AND p.phone = :phone AND p.phone <> ''
        UNION ALL
        SELECT l.user_id FROM login_ids l WHERE l.project_id = :project_id AND l.login_id = :login_id
    )
    ORDER BY u.id LIMIT 1
"""

INSERT_SEED = """
    INSERT INTO totp_seeds (project_id, user_id, sealed_seed, created_at)
    VALUES (:project_id, :user_id, :sealed_seed, :now)
"""

DELETE = "DELETE FROM users WHERE project_id = :project_id AND id IN (:user_ids) RETURNING id"

TEST_USERS = """
    SELECT id FROM users WHERE project_id = :project_id AND is_test = 1 AND id > :after ORDER BY id LIMIT :most
"""

# --- Roles and tenants -------------------------------------------------------------------------------------------

# A name may stand for a role of the project and for one of the tenant: both come back.
ROLES = """
    SELECT id, name, tenant_id FROM roles
    WHERE project_id = :project_id AND name IN (:names) AND (tenant_id IS NULL OR tenant_id = :tenant_id)
"""

TENANTS = "SELECT id FROM tenants WHERE project_id = :project_id AND id IN (:tenant_ids) AND deleted_at IS NULL"

GRANT = """
    INSERT INTO user_roles (project_id, user_id, role_id)
    SELECT r.project_id, :user_id, r.id FROM roles r
    WHERE r.project_id = :project_id AND r.id IN (:role_ids)
    ON CONFLICT DO NOTHING
"""

WITHDRAW = """
    DELETE FROM user_roles WHERE project_id = :project_id AND user_id = :user_id AND role_id IN (:role_ids)
"""

WITHDRAW_ALL = "DELETE FROM user_roles WHERE project_id = :project_id AND user_id = :user_id"

JOIN = """
    INSERT INTO memberships (project_id, user_id, tenant_id, created_at)
    SELECT t.project_id, :user_id, t.id, :now FROM tenants t
    WHERE t.project_id = :project_id AND t.id IN (:tenant_ids) AND t.deleted_at IS NULL
    ON CONFLICT DO NOTHING
    RETURNING tenant_id AS id
"""

# What every new member of these tenants holds there: the tenants' default roles, and their own roles for everybody.
GRANT_DEFAULTS = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    SELECT d.project_id, :user_id, d.tenant_id, d.role_id FROM tenant_default_roles d
    WHERE d.project_id = :project_id AND d.tenant_id IN (:tenant_ids)
    UNION
    SELECT r.project_id, :user_id, r.tenant_id, r.id FROM roles r
    WHERE r.project_id = :project_id AND r.is_default = 1 AND r.tenant_id IN (:tenant_ids)
    ON CONFLICT DO NOTHING
"""

LEAVE = """
    DELETE FROM memberships WHERE project_id = :project_id AND user_id = :user_id AND tenant_id = :tenant_id
"""

LEAVE_ALL = "DELETE FROM memberships WHERE project_id = :project_id AND user_id = :user_id"

MEMBER = """
    SELECT tenant_id AS id FROM memberships
    WHERE project_id = :project_id AND user_id = :user_id AND tenant_id = :tenant_id
"""

# What groups gave already is given by hand from now on: no recalculation of groups takes it.
GRANT_IN_TENANT = """
    INSERT INTO membership_roles (project_id, user_id, tenant_id, role_id)
    SELECT r.project_id, :user_id, :tenant_id, r.id FROM roles r
    WHERE r.project_id = :project_id AND r.id IN (:role_ids)
    ON CONFLICT (project_id, user_id, tenant_id, role_id) DO UPDATE SET given_by = excluded.given_by
"""

WITHDRAW_IN_TENANT = """
    DELETE FROM membership_roles
    WHERE project_id = :project_id AND user_id = :user_id AND tenant_id = :tenant_id AND role_id IN (:role_ids)
"""

WITHDRAW_ALL_IN_TENANT = """
    DELETE FROM membership_roles
    WHERE project_id = :project_id AND user_id = :user_id AND tenant_id = :tenant_id
"""

# --- Reach -------------------------------------------------------------------------------------------------------

# Locks the rows until the commit: nobody joins a tenant or is given a role meanwhile.
LOCK_SEVERAL = """
    UPDATE users SET updated_at = updated_at WHERE project_id = :project_id AND id IN (:user_ids) RETURNING id
"""

OWN = """
    SELECT m.user_id AS id, CASE WHEN EXISTS (
        SELECT 1 FROM memberships o
        WHERE o.project_id = :project_id AND o.user_id = m.user_id AND o.tenant_id <> :tenant_id
    ) OR EXISTS (
        SELECT 1 FROM user_roles ur JOIN roles r ON r.project_id = ur.project_id AND r.id = ur.role_id
        WHERE ur.project_id = :project_id AND ur.user_id = m.user_id AND (r.is_default = 0 OR r.is_private = 1)
    ) OR EXISTS (
        SELECT 1 FROM membership_roles mr JOIN roles r ON r.project_id = mr.project_id AND r.id = mr.role_id
        WHERE mr.project_id = :project_id AND mr.user_id = m.user_id AND mr.tenant_id = :tenant_id
          AND r.is_private = 1
    ) THEN 1 ELSE 0 END AS is_shared
    FROM memberships m
    WHERE m.project_id = :project_id AND m.tenant_id = :tenant_id AND m.user_id IN (:user_ids)
"""

# By name, as whoever may not see them would find none.
PRIVATE_ROLES = """
    SELECT name AS id FROM roles
    WHERE project_id = :project_id AND name IN (:names) AND (tenant_id IS NULL OR tenant_id = :tenant_id)
      AND is_private = 1
"""

HOLDS_ROLE = """
    SELECT h.role_id AS id FROM (
        SELECT ur.role_id FROM user_roles ur WHERE ur.project_id = :project_id AND ur.user_id = :user_id
        UNION ALL
        SELECT mr.role_id FROM membership_roles mr WHERE mr.project_id = :project_id AND mr.user_id = :user_id
    ) h LIMIT 1
"""

# --- Searches ----------------------------------------------------------------------------------------------------

FIND = "SELECT u.id FROM users u WHERE u.project_id = :project_id AND u.is_anonymous = 0"

COUNT = "SELECT COUNT(*) AS total FROM users u WHERE u.project_id = :project_id AND u.is_anonymous = 0"

IN_TENANTS = """u.id IN (
    SELECT m.user_id FROM memberships m WHERE m.project_id = :project_id AND m.tenant_id IN (:tenant_ids))"""

# Of a condition on what belongs to users there are two forms. One finds who meets it; the other is asked of each user
# whom the rest of the search leaves, and is the one to take where that is few.
WITH_ROLES = """u.id IN (
    SELECT ur.user_id FROM user_roles ur
    WHERE ur.project_id = :project_id AND ur.role_id IN (
        SELECT r.id FROM roles r WHERE r.project_id = :project_id AND r.name IN (:role_names))
    UNION ALL
    SELECT mr.user_id FROM membership_roles mr
    WHERE mr.project_id = :project_id AND mr.role_id IN (
        SELECT r.id FROM roles r WHERE r.project_id = :project_id AND r.name IN (:role_names)))"""

HOLDING_ROLES = """EXISTS (
    SELECT 1 FROM user_roles ur JOIN roles r ON r.project_id = ur.project_id AND r.id = ur.role_id
    WHERE ur.project_id = :project_id AND ur.user_id = u.id AND r.name IN (:role_names))
    OR EXISTS (
    SELECT 1 FROM membership_roles mr JOIN roles r ON r.project_id = mr.project_id AND r.id = mr.role_id
    WHERE mr.project_id = :project_id AND mr.user_id = u.id AND r.name IN (:role_names))"""

WITH_ROLE_NAMES_IN_TENANT = """u.id IN (
    SELECT mr.user_id FROM memberships m
    JOIN membership_roles mr
      ON mr.project_id = m.project_id AND mr.user_id = m.user_id AND mr.tenant_id = m.tenant_id
    JOIN roles r ON r.project_id = mr.project_id AND r.id = mr.role_id
    WHERE m.project_id = :project_id AND m.tenant_id = :tenant AND r.name IN (:roles)
    GROUP BY mr.user_id HAVING COUNT(DISTINCT r.name) >= :least)"""

WITH_ROLE_IDS_IN_TENANT = """u.id IN (
    SELECT mr.user_id FROM membership_roles mr
    WHERE mr.project_id = :project_id AND mr.tenant_id = :tenant AND mr.role_id IN (:roles)
    GROUP BY mr.user_id HAVING COUNT(DISTINCT mr.role_id) >= :least)"""

WITH_LOGIN_IDS = """u.id IN (
    SELECT l.user_id FROM login_ids l WHERE l.project_id = :project_id AND l.login_id IN (:login_ids))"""

WITH_ATTRIBUTE = """u.id IN (
    SELECT v.owner_id FROM attribute_values v
    WHERE v.project_id = :project_id AND v.kind = 'user' AND v.name = :attribute AND v.value IN (:attribute_values))"""

WITH_TEXT = """u.name_folded LIKE :folded ESCAPE '!' OR u.email_folded LIKE :text ESCAPE '!'
    OR u.phone LIKE :text ESCAPE '!' OR u.id IN (
        SELECT l.user_id FROM login_ids l
        WHERE l.project_id = :project_id AND l.login_id LIKE :text ESCAPE '!')"""

HAVING_TEXT = """u.name_folded LIKE :folded ESCAPE '!' OR u.email_folded LIKE :text ESCAPE '!'
    OR u.phone LIKE :text ESCAPE '!' OR EXISTS (
        SELECT 1 FROM login_ids l
        WHERE l.project_id = :project_id AND l.user_id = u.id AND l.login_id LIKE :text ESCAPE '!')"""

# --- Applications --------------------------------------------------------------------------------------------------

WITH_APPLICATIONS = """u.id IN (
    SELECT a.user_id FROM user_applications a
    WHERE a.project_id = :project_id AND a.application_id IN (:application_ids))"""

RETURNS = {
    "LOCK": AccountRow,
    "LOCK_BY_ID": AccountRow,
    "LOGIN_IDS": LoginIdRow,
    "OTHER_OWNER": IdRow,
    "DELETE": IdRow,
    "TEST_USERS": IdRow,
    "ROLES": NamedRow,
    "TENANTS": IdRow,
    "JOIN": IdRow,
    "MEMBER": IdRow,
    "LOCK_SEVERAL": IdRow,
    "OWN": MemberRow,
    "PRIVATE_ROLES": IdRow,
    "HOLDS_ROLE": IdRow,
    "FIND": IdRow,
    "COUNT": CountRow,
}
