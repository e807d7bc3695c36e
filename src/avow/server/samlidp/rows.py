"""The SQL of the SAML identity provider: requests on their way, and who was signed in where."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = ["RETURNS", "IdRow", "RequestRow", "SignInRow"]


class IdRow(Struct, frozen=True):
    """What a statement made, found or changed."""

    id: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request on its way; `asked` is JSON. Without `browser_mac` no browser has come with it yet."""

    id: str
    application_id: str
    asked: str = field(repr=False)
    browser_mac: bytes | None = field(repr=False)
    session_id: str
    created_at: int


class SignInRow(Struct, frozen=True):
    """A session at a service provider: the id is its SessionIndex."""

    id: str
    application_id: str
    user_id: str
    session_id: str
    name_id: str


KEEP = """
    INSERT INTO saml_requests
        (project_id, id, application_id, asked, browser_mac, session_id, created_at, expires_at)
    VALUES (:project_id, :id, :application_id, :asked, :browser_mac, :session_id, :now, :expires_at)
"""

FIND = """
    SELECT id, application_id, asked, browser_mac, session_id, created_at FROM saml_requests
    WHERE project_id = :project_id AND id = :id AND application_id = :application_id
      AND taken_at IS NULL AND expires_at > :now
"""

# A request that was posted is the first browser's that comes with it.
BIND = """
    UPDATE saml_requests SET browser_mac = :browser_mac, session_id = :session_id
    WHERE project_id = :project_id AND id = :id AND application_id = :application_id
      AND browser_mac IS NULL AND taken_at IS NULL AND expires_at > :now
    RETURNING id, application_id, asked, browser_mac, session_id, created_at
"""

TAKE = """
    UPDATE saml_requests SET taken_at = :now
    WHERE project_id = :project_id AND id = :id AND browser_mac = :browser_mac
      AND taken_at IS NULL AND expires_at > :now
    RETURNING id
"""

FORGET_REQUESTS = """
    DELETE FROM saml_requests WHERE project_id = :project_id AND id IN (
        SELECT id FROM saml_requests WHERE project_id = :project_id AND expires_at <= :now
        ORDER BY expires_at LIMIT :most
    )
"""

# Whoever signs in at the same service provider twice in a session has the same session there.
SIGN_IN = """
    INSERT INTO saml_signins
        (project_id, id, application_id, user_id, session_id, name_id, created_at, expires_at)
    VALUES (:project_id, :id, :application_id, :user_id, :session_id, :name_id, :now, :expires_at)
    ON CONFLICT (project_id, application_id, session_id, name_id) DO UPDATE SET expires_at = excluded.expires_at
    RETURNING id
"""

CARRY = """
    UPDATE saml_signins SET session_id = :session_id
    WHERE project_id = :project_id AND session_id = :before AND user_id = :user_id
      AND EXISTS (
        SELECT 1 FROM sessions s WHERE s.project_id = :project_id AND s.id = :before AND s.revoked_at IS NULL)
      AND NOT EXISTS (
        SELECT 1 FROM saml_signins o
        WHERE o.project_id = :project_id AND o.session_id = :session_id
          AND o.application_id = saml_signins.application_id AND o.name_id = saml_signins.name_id)
"""

OF_INDEXES = """
    SELECT id, application_id, user_id, session_id, name_id FROM saml_signins
    WHERE project_id = :project_id AND application_id = :application_id AND name_id = :name_id AND id IN (:indexes)
"""

OF_NAME = """
    SELECT id, application_id, user_id, session_id, name_id FROM saml_signins
    WHERE project_id = :project_id AND application_id = :application_id AND name_id = :name_id
    ORDER BY created_at DESC LIMIT 100
"""

OTHERS = """
    SELECT id FROM saml_signins
    WHERE project_id = :project_id AND session_id IN (:session_ids) AND application_id <> :application_id
    LIMIT 1
"""

FORGET_SIGNINS = """
    DELETE FROM saml_signins WHERE project_id = :project_id AND id IN (
        SELECT id FROM saml_signins WHERE project_id = :project_id AND expires_at <= :now
        ORDER BY expires_at LIMIT :most
    )
"""

RETURNS = {
    "FIND": RequestRow,
    "BIND": RequestRow,
    "TAKE": IdRow,
    "SIGN_IN": IdRow,
    "OF_INDEXES": SignInRow,
    "OF_NAME": SignInRow,
    "OTHERS": IdRow,
}
