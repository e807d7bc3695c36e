"""The SQL of identities, of provider tokens, and of what a sign-in elsewhere fills in."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "IdRow", "IdentityRow", "TokenRow", "sealed_row"]


class IdRow(Struct, frozen=True):
    """What a statement changed or found."""

    id: str


class IdentityRow(Struct, frozen=True):
    """Who somebody is elsewhere, and whom that leads to."""

    user_id: str
    way: str
    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A provider's token, sealed."""

    provider_user_id: str
    sealed: bytes = field(repr=False)
    scopes: str
    expires_at: int | None


def sealed_row(project_id: str, user_id: str, provider: str) -> str:
    """Return the name of the place that a provider's token is sealed for."""
    return f"provider_tokens.sealed:{project_id}:{user_id}:{provider}"


# The identity is looked up and marked as used by one statement; who it leads to is in the row that comes back.
USE = """
    UPDATE identities SET last_used_at = :now
    WHERE project_id = :project_id AND way = :way AND issuer = :issuer AND subject = :subject
    RETURNING user_id, way, issuer, subject
"""

# Who comes second gets no row back: the identity leads to somebody.
CONNECT = """
    INSERT INTO identities
        (project_id, way, protocol, issuer, subject, user_id, tenant_id, created_at, last_used_at)
    VALUES (:project_id, :way, :protocol, :issuer, :subject, :user_id, :tenant_id, :now, :now)
    ON CONFLICT (project_id, way, issuer, subject) DO NOTHING
    RETURNING user_id, way, issuer, subject
"""

LIST = """
    SELECT user_id, way, issuer, subject FROM identities
    WHERE project_id = :project_id AND user_id = :user_id ORDER BY way, issuer, subject
"""

DISCONNECT_WAY = "DELETE FROM identities WHERE project_id = :project_id AND way = :way"

# What the person has not said themselves.
FILL = """
    UPDATE users
    SET name = CASE WHEN name = '' THEN :name ELSE name END,
        given_name = CASE WHEN given_name = '' THEN :given_name ELSE given_name END,
        middle_name = CASE WHEN middle_name = '' THEN :middle_name ELSE middle_name END,
        family_name = CASE WHEN family_name = '' THEN :family_name ELSE family_name END,
        name_folded = CASE WHEN name_folded = '' THEN :name_folded ELSE name_folded END,
        picture = CASE WHEN picture = '' THEN :picture ELSE picture END,
        updated_at = :now
    WHERE project_id = :project_id AND id = :user_id
      AND ((name = '' AND :name <> '') OR (picture = '' AND :picture <> ''))
    RETURNING id
"""

KEEP_TOKENS = """
    INSERT INTO provider_tokens
        (project_id, user_id, provider, provider_user_id, sealed, scopes, expires_at, updated_at)
    VALUES (:project_id, :user_id, :provider, :provider_user_id, :sealed, :scopes, :expires_at, :now)
    ON CONFLICT (project_id, user_id, provider) DO UPDATE
    SET provider_user_id = excluded.provider_user_id, sealed = excluded.sealed, scopes = excluded.scopes,
        expires_at = excluded.expires_at, updated_at = excluded.updated_at
"""

TOKENS = """
    SELECT provider_user_id, sealed, scopes, expires_at FROM provider_tokens
    WHERE project_id = :project_id AND user_id = :user_id AND provider = :provider
"""

FORGET_TOKENS_OF = "DELETE FROM provider_tokens WHERE project_id = :project_id AND provider = :provider"

# Who comes second gets no row back: the assertion has signed somebody in.
USE_ASSERTION = """
    INSERT INTO saml_assertions (project_id, id, expires_at) VALUES (:project_id, :id, :expires_at)
    ON CONFLICT (project_id, id) DO NOTHING
    RETURNING id
"""

FORGET_ASSERTIONS = """
    DELETE FROM saml_assertions WHERE project_id = :project_id AND id IN (
        SELECT id FROM saml_assertions WHERE project_id = :project_id AND expires_at <= :now
        ORDER BY expires_at LIMIT :most
    )
"""

RETURNS = {
    "USE": IdentityRow,
    "CONNECT": IdentityRow,
    "LIST": IdentityRow,
    "FILL": IdRow,
    "TOKENS": TokenRow,
    "USE_ASSERTION": IdRow,
}
