"""The SQL of signing keys, of keys for SAML, and of management keys."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "ManagementKeyRow", "SamlKeyRow", "SigningKeyRow", "sealed_key_row"]


@dataclass(frozen=True, slots=True)
class SigningKeyRow:
    """A signing key; the private half is sealed and gone once the key is retired."""

    id: str
    key_set: str
    algorithm: str
    state: str
    public_jwk: str
    sealed_private: bytes | None = field(repr=False)
    created_at: int
    promoted_at: int | None
    unpublish_at: int | None


@dataclass(frozen=True, slots=True)
class SamlKeyRow:
    """A key of the project for SAML."""

    id: str
    certificate: str
    sealed_private: bytes = field(repr=False)


class ManagementKeyRow(Struct, frozen=True):
    """A management key as lists show it."""

    id: str
    name: str
    description: str
    status: str
    permitted_ips: str
    rights: str
    tenant_id: str | None
    created_at: int
    expires_at: int | None
    deactivated_at: int | None


@dataclass(frozen=True, slots=True)
class SecretRow:
    """What a shown secret is compared with, and what the key may do."""

    id: str
    secret_mac: bytes = field(repr=False)
    permitted_ips: str
    rights: str
    tenant_id: str | None
    expires_at: int | None


class PromotedRow(Struct, frozen=True):
    """When a key began to sign."""

    promoted_at: int


class IdRow(Struct, frozen=True):
    """The row that a conditional write changed."""

    id: str


INSERT_SIGNING_KEY = """
    INSERT INTO signing_keys
        (project_id, id, key_set, algorithm, state, public_jwk, sealed_private, created_at, promoted_at)
    VALUES
        (:project_id, :id, :key_set, :algorithm, :state, :public_jwk, :sealed_private, :now, :promoted_at)
"""

PUBLISHED = """
    SELECT id, key_set, algorithm, state, public_jwk, sealed_private, created_at, promoted_at, unpublish_at
    FROM signing_keys
    WHERE project_id = :project_id
      AND (state IN ('next', 'active') OR (state = 'retired' AND unpublish_at > :now))
    ORDER BY key_set, state, created_at, id
"""

EVERY_SIGNING_KEY = """
    SELECT id, key_set, algorithm, state, public_jwk, sealed_private, created_at, promoted_at, unpublish_at
    FROM signing_keys WHERE project_id = :project_id
    ORDER BY key_set, created_at, id
"""

RETIRE_ACTIVE = """
    UPDATE signing_keys SET state = 'retired', sealed_private = NULL, unpublish_at = :unpublish_at
    WHERE project_id = :project_id AND key_set = :key_set AND state = 'active'
    RETURNING id
"""

PROMOTE_NEXT = """
    UPDATE signing_keys SET state = 'active', promoted_at = :now
    WHERE project_id = :project_id AND key_set = :key_set AND state = 'next'
    RETURNING id
"""

REMOVE_RETIRED = """
    UPDATE signing_keys SET state = 'removed', unpublish_at = :now
    WHERE project_id = :project_id AND id = :id AND state = 'retired'
    RETURNING id, key_set, algorithm, state, public_jwk, sealed_private, created_at, promoted_at, unpublish_at
"""

# The first key that began to sign after another one; keys that were promoted in the same second count as well.
SUCCESSOR = """
    SELECT promoted_at FROM signing_keys
    WHERE project_id = :project_id AND key_set = :key_set AND id <> :id AND promoted_at >= :since
    ORDER BY promoted_at, id LIMIT 1
"""

INSERT_MANAGEMENT_KEY = """
    INSERT INTO management_keys
        (project_id, id, name, description, secret_mac, status, permitted_ips, rights, tenant_id, created_at,
         expires_at)
    VALUES
        (:project_id, :id, :name, :description, :secret_mac, 'active', :permitted_ips, :rights, :tenant_id, :now,
         :expires_at)
"""

LIST_MANAGEMENT_KEYS = """
    SELECT id, name, description, status, permitted_ips, rights, tenant_id, created_at, expires_at, deactivated_at
    FROM management_keys
    WHERE project_id = :project_id ORDER BY created_at, id
"""

FIND_MANAGEMENT_KEY = """
    SELECT id, name, description, status, permitted_ips, rights, tenant_id, created_at, expires_at, deactivated_at
    FROM management_keys
    WHERE project_id = :project_id AND id = :id
"""

# A key of a tenant lives no longer than the tenant.
FIND_SECRET = """
    SELECT id, secret_mac, permitted_ips, rights, tenant_id, expires_at FROM management_keys k
    WHERE project_id = :project_id AND id = :id AND status = 'active' AND deactivated_at IS NULL
      AND (expires_at IS NULL OR expires_at > :now)
      AND (tenant_id IS NULL
           OR EXISTS (
               SELECT 1 FROM tenants t
               WHERE t.project_id = :project_id AND t.id = k.tenant_id AND t.deleted_at IS NULL))
"""

REVOKE_MANAGEMENT_KEY = """
    UPDATE management_keys SET status = 'revoked'
    WHERE project_id = :project_id AND id = :id AND status = 'active'
    RETURNING id
"""

# When a tenant goes, so do its keys: another tenant may get its id later.
REVOKE_KEYS_OF_TENANT = """
    UPDATE management_keys SET status = 'revoked'
    WHERE project_id = :project_id AND tenant_id = :tenant_id AND status = 'active'
    RETURNING id
"""

REVOKE_ALL = "UPDATE management_keys SET status = 'revoked' WHERE project_id = :project_id AND status = 'active'"

# First come, first kept: of two who make a key at the same time both use one.
ADD_SAML_KEY = """
    INSERT INTO saml_keys (project_id, id, certificate, sealed_private, created_at)
    VALUES (:project_id, :id, :certificate, :sealed_private, :now)
    ON CONFLICT (project_id, id) DO NOTHING
"""

SAML_KEYS = "SELECT id, certificate, sealed_private FROM saml_keys WHERE project_id = :project_id ORDER BY id"

RETURNS = {
    "SAML_KEYS": SamlKeyRow,
    "PUBLISHED": SigningKeyRow,
    "EVERY_SIGNING_KEY": SigningKeyRow,
    "RETIRE_ACTIVE": IdRow,
    "PROMOTE_NEXT": IdRow,
    "REMOVE_RETIRED": SigningKeyRow,
    "SUCCESSOR": PromotedRow,
    "LIST_MANAGEMENT_KEYS": ManagementKeyRow,
    "FIND_MANAGEMENT_KEY": ManagementKeyRow,
    "FIND_SECRET": SecretRow,
    "REVOKE_MANAGEMENT_KEY": IdRow,
    "REVOKE_KEYS_OF_TENANT": IdRow,
}


def sealed_key_row(project_id: str, key_id: str) -> str:
    """Return where the sealed private half of a key for SAML lies, for the vault."""
    return f"saml_keys/sealed_private/{project_id}/{key_id}"
