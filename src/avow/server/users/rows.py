"""The SQL of users, their login IDs and what they hold."""

from msgspec import Struct

__all__ = ["RETURNS", "IdRow", "OwnerRow", "ProfileRow"]


class IdRow(Struct, frozen=True):
    """The row that a conditional write changed."""

    id: str


class OwnerRow(Struct, frozen=True):
    """Whose a login ID is."""

    user_id: str


class ProfileRow(Struct, frozen=True):
    """One fact about a user beside the user's own columns.

    `kind` says what the three texts are: `login` (login ID as typed), `role` (role, permission), `tenant` (tenant id,
    tenant name, its settings as JSON), `tenant-role` (tenant id, role, permission), `way` (`password`, `totp` or
    `webauthn`, which the user has), `identity` (protocol and way by which they have come from elsewhere),
    `application` (one that they may reach; in `PROFILES` alone); "" when there is no fact at all.
    """

    id: str
    status: str
    name: str
    given_name: str
    middle_name: str
    family_name: str
    email: str
    email_folded: str
    is_email_verified: int
    phone: str
    is_phone_verified: int
    picture: str
    is_test: int
    credential_version: int
    created_at: int
    updated_at: int
    custom_attributes: str
    external_ids: str
    recovery_email: str
    recovery_phone: str
    kind: str
    first: str
    second: str
    third: str


# A role that this user was given, and that not everybody is: of the project, or in one of their tenants.
HOLDS_MORE = """
    SELECT h.role_id AS id FROM (
        SELECT ur.role_id FROM user_roles ur
        JOIN roles r ON r.project_id = ur.project_id AND r.id = ur.role_id
        WHERE ur.project_id = :project_id AND ur.user_id = :user_id AND (r.is_default = 0 OR r.is_private = 1)
        UNION ALL
        SELECT mr.role_id FROM membership_roles mr
        JOIN roles r ON r.project_id = mr.project_id AND r.id = mr.role_id
        WHERE mr.project_id = :project_id AND mr.user_id = :user_id
          AND (r.tenant_id IS NULL OR r.is_default = 0 OR r.is_private = 1)
          AND NOT EXISTS (
            SELECT 1 FROM tenant_default_roles d
            WHERE d.project_id = mr.project_id AND d.tenant_id = mr.tenant_id AND d.role_id = mr.role_id)
    ) h LIMIT 1
"""

# One statement for all that tokens and answers say about users: the facts are a union, each branch bound to the users
# so that an index serves it.
PROFILES = """
    SELECT u.id, u.status, u.name, u.given_name, u.middle_name, u.family_name,
           u.email, u.email_folded, u.is_email_verified, u.phone, u.is_phone_verified, u.picture, u.is_test,
           u.credential_version, u.created_at, u.updated_at,
           u.custom_attributes, u.external_ids, u.recovery_email, u.recovery_phone,
           COALESCE(f.kind, '') AS kind, COALESCE(f.first, '') AS first,
           COALESCE(f.second, '') AS second, COALESCE(f.third, '') AS third
    FROM users u
    LEFT JOIN (
        SELECT l.user_id AS user_id, 'login' AS kind, l.typed AS first, '' AS second, '' AS third
        FROM login_ids l WHERE l.project_id = :project_id AND l.user_id IN (:user_ids)
        UNION ALL
        SELECT ur.user_id, 'role', r.name, COALESCE(p.name, ''), ''
        FROM user_roles ur
        JOIN roles r ON r.project_id = ur.project_id AND r.id = ur.role_id
        LEFT JOIN role_permissions rp ON rp.project_id = r.project_id AND rp.role_id = r.id
        LEFT JOIN permissions p ON p.project_id = rp.project_id AND p.id = rp.permission_id
        WHERE ur.project_id = :project_id AND ur.user_id IN (:user_ids)
        UNION ALL
        SELECT m.user_id, 'tenant', t.id, t.name, t.settings
        FROM memberships m
        JOIN tenants t ON t.project_id = m.project_id AND t.id = m.tenant_id AND t.deleted_at IS NULL
        WHERE m.project_id = :project_id AND m.user_id IN (:user_ids)
        UNION ALL
        SELECT mr.user_id, 'tenant-role', mr.tenant_id, r.name, COALESCE(p.name, '')
        FROM membership_roles mr
        JOIN roles r ON r.project_id = mr.project_id AND r.id = mr.role_id
        LEFT JOIN role_permissions rp ON rp.project_id = r.project_id AND rp.role_id = r.id
        LEFT JOIN permissions p ON p.project_id = rp.project_id AND p.id = rp.permission_id
        WHERE mr.project_id = :project_id AND mr.user_id IN (:user_ids)
        UNION ALL
        SELECT w.user_id, 'way', 'password', '', ''
        FROM passwords w WHERE w.project_id = :project_id AND w.user_id IN (:user_ids)
        UNION ALL
        SELECT s.user_id, 'way', 'totp', '', ''
        FROM totp_seeds s WHERE s.project_id = :project_id AND s.user_id IN (:user_ids)
        UNION ALL
        SELECT k.user_id, 'way', 'webauthn', k.rp_id, ''
        FROM passkeys k WHERE k.project_id = :project_id AND k.user_id IN (:user_ids)
        UNION ALL
        SELECT i.user_id, 'identity', i.protocol, i.way, ''
        FROM identities i WHERE i.project_id = :project_id AND i.user_id IN (:user_ids)
        UNION ALL
        SELECT a.user_id, 'application', a.application_id, '', ''
        FROM user_applications a
        WHERE a.project_id = :project_id AND a.user_id IN (:user_ids) AND a.application_id <> ''
    ) f ON f.user_id = u.id
    WHERE u.project_id = :project_id AND u.id IN (:user_ids)
    ORDER BY u.id, kind, first, second, third
"""

# Which applications a user may reach concerns nobody who signs in or refreshes.
_APPLICATIONS = """
        UNION ALL
        SELECT a.user_id, 'application', a.application_id, '', ''
        FROM user_applications a
        WHERE a.project_id = :project_id AND a.user_id IN (:user_ids) AND a.application_id <> ''"""

# The same for one user, which every sign-in and refresh asks.
PROFILE = (
    PROFILES.replace(_APPLICATIONS, "")
    .replace("IN (:user_ids)", "= :user_id")
    .replace("ON f.user_id = u.id", "ON 1 = 1")
)

# And nobody changes that user until the unit ends: a session is not opened beside the end of all their sessions.
PROFILE_HELD = PROFILE + "/* postgres: FOR SHARE OF u */"

# Whoever comes first in the project, read in the place of somebody who is not there; of what the first administrator
# holds, no more than most people hold.
SOMEBODY = (
    (PROFILE + "    LIMIT 2")
    .replace("= :user_id", "= (SELECT id FROM who)")
    .replace(
        "SELECT u.id",
        "WITH who AS MATERIALIZED (SELECT MIN(id) AS id FROM users WHERE project_id = :project_id)\n    SELECT u.id",
        1,
    )
)

OWNER = "SELECT user_id FROM login_ids WHERE project_id = :project_id AND login_id = :login_id"

INSERT = """
    INSERT INTO users
        (project_id, id, status, name, given_name, middle_name, family_name,
         email, email_folded, is_email_verified, phone, is_phone_verified, picture, is_test,
         credential_version, created_at, updated_at, name_folded, custom_attributes,
         is_email_vouched, is_phone_vouched)
    VALUES
        (:project_id, :id, :status, :name, :given_name, :middle_name, :family_name,
         :email, :email_folded, :is_email_verified, :phone, :is_phone_verified, :picture, :is_test,
         1, :now, :now, :name_folded, :custom_attributes,
         :is_email_vouched, :is_phone_vouched)
"""

# Somebody without a login ID, roles or a name.
INSERT_ANONYMOUS = """
    INSERT INTO users
        (project_id, id, status, name, given_name, middle_name, family_name,
         email, email_folded, is_email_verified, phone, is_phone_verified, picture, is_test,
         credential_version, created_at, updated_at, is_anonymous)
    VALUES (:project_id, :id, 'enabled', '', '', '', '', '', '', 0, '', 0, '', 0, 1, :now, :now, 1)
"""

IS_ANONYMOUS = """
    SELECT id FROM users
    WHERE project_id = :project_id AND id = :user_id AND is_anonymous = 1 AND status = 'enabled'
"""

# Whom nobody knew is somebody from now on; of two sign-ups at once the second gets no row back.
UPGRADE = """
    UPDATE users
    SET is_anonymous = 0, name = :name, given_name = :given_name, middle_name = :middle_name,
        family_name = :family_name, name_folded = :name_folded, picture = :picture,
        email = :email, email_folded = :email_folded, is_email_verified = :is_email_verified,
        is_email_vouched = :is_email_vouched,
        phone = :phone, is_phone_verified = :is_phone_verified, is_phone_vouched = :is_phone_vouched,
        impersonation_until = 0, credential_version = credential_version + 1, updated_at = :now
    WHERE project_id = :project_id AND id = :id AND is_anonymous = 1 AND status = 'enabled'
    RETURNING id
"""

ALLOW_IMPERSONATION = """
    UPDATE users SET impersonation_until = :until
    WHERE project_id = :project_id AND id = :user_id AND status <> 'disabled' AND is_anonymous = 0 RETURNING id
"""

ALLOWS_IMPERSONATION = """
    SELECT id FROM users WHERE project_id = :project_id AND id = :user_id AND impersonation_until > :now
"""

# Whose sessions are forgotten all: nobody can ever come back as them.
FORGET_ANONYMOUS = """
    DELETE FROM users WHERE project_id = :project_id AND id IN (
        SELECT u.id FROM users u
        WHERE u.project_id = :project_id AND u.is_anonymous = 1 AND u.created_at <= :before
          AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = :project_id AND s.user_id = u.id)
        ORDER BY u.created_at LIMIT :most
    )
"""

# Who comes second gets no row back: the login ID is taken.
CLAIM_LOGIN_ID = """
    INSERT INTO login_ids (project_id, login_id, typed, user_id, created_at)
    VALUES (:project_id, :login_id, :typed, :user_id, :now)
    ON CONFLICT (project_id, login_id) DO NOTHING
    RETURNING user_id
"""

PROVE_EMAIL = """
    UPDATE users
    SET is_email_verified = 1, updated_at = :now,
        status = CASE WHEN status = 'invited' THEN 'enabled' ELSE status END,
        credential_version = credential_version + CASE WHEN is_email_verified = 1 THEN 0 ELSE 1 END
    WHERE project_id = :project_id AND id = :user_id AND email_folded = :email_folded
    RETURNING id
"""

PROVE_PHONE = """
    UPDATE users
    SET is_phone_verified = 1, updated_at = :now,
        status = CASE WHEN status = 'invited' THEN 'enabled' ELSE status END,
        credential_version = credential_version + CASE WHEN is_phone_verified = 1 THEN 0 ELSE 1 END
    WHERE project_id = :project_id AND id = :user_id AND phone = :phone
    RETURNING id
"""

# No address is proven by it, so that credentials do not move.
ADMIT = """
    UPDATE users
    SET status = 'enabled', updated_at = CASE WHEN status = 'enabled' THEN updated_at ELSE :now END
    WHERE project_id = :project_id AND id = :user_id AND status IN ('enabled', 'invited')
    RETURNING id
"""

SET_EMAIL = """
    UPDATE users
    SET email = :email, email_folded = :email_folded, is_email_verified = 1, is_email_vouched = 0, updated_at = :now,
        credential_version = credential_version + 1
    WHERE project_id = :project_id AND id = :user_id AND status <> 'disabled'
    RETURNING id
"""

SET_PHONE = """
    UPDATE users
    SET phone = :phone, is_phone_verified = 1, is_phone_vouched = 0, updated_at = :now,
        credential_version = credential_version + 1
    WHERE project_id = :project_id AND id = :user_id AND status <> 'disabled'
    RETURNING id
"""

# Of somebody who is not the owner of the account under it: number or address, and the way in by it. What an
# administrator vouched for stays: whoever signed up could not have said so.
DROP_PHONE = """
    UPDATE users
    SET phone = '', is_phone_verified = 0, updated_at = :now, credential_version = credential_version + 1
    WHERE project_id = :project_id AND id = :user_id AND is_phone_verified = 1 AND is_phone_vouched = 0
    RETURNING id
"""

DROP_EMAIL = """
    UPDATE users
    SET email = '', email_folded = '', is_email_verified = 0, updated_at = :now,
        credential_version = credential_version + 1
    WHERE project_id = :project_id AND id = :user_id AND is_email_verified = 1 AND is_email_vouched = 0
    RETURNING id
"""

DROP_LOGIN_ID = """
    DELETE FROM login_ids WHERE project_id = :project_id AND user_id = :user_id AND login_id = :login_id
"""

DROP_PASSKEYS = """
    DELETE FROM passkeys
    WHERE project_id = :project_id AND user_id = :user_id
      AND EXISTS (
          SELECT 1 FROM login_ids l
          WHERE l.project_id = :project_id AND l.login_id = :login_id AND l.user_id = :user_id)
"""

# What management of the whole project set stays.
DROP_PASSWORD = """
    DELETE FROM passwords
    WHERE project_id = :project_id AND user_id = :user_id AND is_own = 1
      AND EXISTS (
          SELECT 1 FROM login_ids l
          WHERE l.project_id = :project_id AND l.login_id = :login_id AND l.user_id = :user_id)
"""

# What management gave stays.
DROP_SEED = """
    DELETE FROM totp_seeds
    WHERE project_id = :project_id AND user_id = :user_id AND is_own = 1
      AND EXISTS (
          SELECT 1 FROM login_ids l
          WHERE l.project_id = :project_id AND l.login_id = :login_id AND l.user_id = :user_id)
"""

DROP_RECOVERY_CODES = """
    DELETE FROM recovery_codes
    WHERE project_id = :project_id AND user_id = :user_id
      AND EXISTS (
          SELECT 1 FROM login_ids l
          WHERE l.project_id = :project_id AND l.login_id = :login_id AND l.user_id = :user_id)
"""

# Who somebody is elsewhere, where they came without a proven address of this account.
DROP_IDENTITIES = """
    DELETE FROM identities
    WHERE project_id = :project_id AND user_id = :user_id
      AND EXISTS (
          SELECT 1 FROM login_ids l
          WHERE l.project_id = :project_id AND l.login_id = :login_id AND l.user_id = :user_id)
"""

SET_STATUS = """
    UPDATE users SET status = :status, updated_at = :now
    WHERE project_id = :project_id AND id = :user_id RETURNING id
"""

# By the word of an identity provider that is in charge of the person.
DESCRIBE = """
    UPDATE users
    SET name = :name, given_name = :given_name, middle_name = :middle_name, family_name = :family_name,
        name_folded = :name_folded, picture = :picture, custom_attributes = :custom_attributes, updated_at = :now
    WHERE project_id = :project_id AND id = :user_id
    RETURNING id
"""

DELETE = "DELETE FROM users WHERE project_id = :project_id AND id = :user_id RETURNING id"

KNOWN_APPLICATIONS = "SELECT id FROM applications WHERE project_id = :project_id AND id IN (:application_ids)"

# The row of no application says that the user reaches those named alone, be there any left or not.
LIMIT_APPLICATIONS = """
    INSERT INTO user_applications (project_id, user_id, application_id) VALUES (:project_id, :user_id, '')
    ON CONFLICT DO NOTHING
"""

ADD_APPLICATIONS = """
    INSERT INTO user_applications (project_id, user_id, application_id)
    SELECT a.project_id, :user_id, a.id FROM applications a
    WHERE a.project_id = :project_id AND a.id IN (:application_ids)
    ON CONFLICT DO NOTHING
"""

REMOVE_APPLICATIONS = """
    DELETE FROM user_applications
    WHERE project_id = :project_id AND user_id = :user_id AND application_id IN (:application_ids)
"""

IS_LIMITED = """
    SELECT user_id AS id FROM user_applications WHERE project_id = :project_id AND user_id = :user_id LIMIT 1
"""

FREE_APPLICATIONS = "DELETE FROM user_applications WHERE project_id = :project_id AND user_id = :user_id"

RETURNS = {
    "HOLDS_MORE": IdRow,
    "PROFILES": ProfileRow,
    "PROFILE": ProfileRow,
    "PROFILE_HELD": ProfileRow,
    "SOMEBODY": ProfileRow,
    "OWNER": OwnerRow,
    "CLAIM_LOGIN_ID": OwnerRow,
    "PROVE_EMAIL": IdRow,
    "PROVE_PHONE": IdRow,
    "ADMIT": IdRow,
    "IS_ANONYMOUS": IdRow,
    "UPGRADE": IdRow,
    "ALLOW_IMPERSONATION": IdRow,
    "ALLOWS_IMPERSONATION": IdRow,
    "SET_EMAIL": IdRow,
    "SET_PHONE": IdRow,
    "DROP_PHONE": IdRow,
    "DROP_EMAIL": IdRow,
    "SET_STATUS": IdRow,
    "DESCRIBE": IdRow,
    "DELETE": IdRow,
    "KNOWN_APPLICATIONS": IdRow,
    "IS_LIMITED": IdRow,
}
