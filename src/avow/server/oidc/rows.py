"""The SQL of the OpenID provider: grants, and requests on their way."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = [
    "RETURNS",
    "DeviceRow",
    "DueRow",
    "GrantRow",
    "GrantedRow",
    "IdRow",
    "LogoutRow",
    "PolledRow",
    "ProjectRow",
    "RequestRow",
    "StateRow",
]


class IdRow(Struct, frozen=True):
    """What a statement changed."""

    id: str


class GrantRow(Struct, frozen=True):
    """A grant as its tokens need it; `audience` and `details` are JSON."""

    id: str
    application_id: str
    user_id: str
    session_id: str
    sid: str
    tenant_id: str
    issuer: str
    scopes: str
    audience: str
    details: str
    auth_time: int
    dpop_jkt: str
    is_offline: int
    rotates: int
    generation: int
    rotated_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class StateRow:
    """What tells why a code or refresh token does not count."""

    id: str
    application_id: str
    user_id: str
    code_mac: bytes = field(repr=False)
    challenge: str
    code_used_at: int | None
    rotates: int
    generation: int
    rotated_at: int
    expires_at: int
    revoked_at: int | None
    is_session_live: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request on its way; `parameters` is JSON."""

    id: str
    kind: str
    application_id: str
    issuer: str
    parameters: str = field(repr=False)
    browser_mac: bytes | None = field(repr=False)
    session_id: str
    state: str
    created_at: int
    expires_at: int


class DeviceRow(Struct, frozen=True):
    """A device that polls, and what its person said; `parameters` is JSON."""

    id: str
    issuer: str
    parameters: str
    state: str
    user_id: str
    session_id: str


class PolledRow(Struct, frozen=True):
    """A device that polls too fast, or too late."""

    id: str
    expires_at: int


class ProjectRow(Struct, frozen=True):
    """A project in which there is something to do."""

    project_id: str


class DueRow(Struct, frozen=True):
    """An application that is to be told of log-outs, and when."""

    project_id: str
    application_id: str
    due_at: int


class GrantedRow(Struct, frozen=True):
    """An application that somebody was signed in to in a session, as its tokens call it, at which issuer."""

    application_id: str
    user_id: str
    session_id: str
    issuer: str


class LogoutRow(Struct, frozen=True):
    """A log-out on its way to an application, held by one worker until `leased_until`."""

    id: str
    application_id: str
    user_id: str
    session_id: str
    issuer: str
    attempts: int
    leased_until: int
    created_at: int


# --- Grants --------------------------------------------------------------------------------------------------------

BEGIN = """
    INSERT INTO oidc_grants
        (project_id, id, application_id, user_id, session_id, sid, tenant_id, issuer, scopes, audience, details,
         auth_time, dpop_jkt, code_mac, redirect_uri, challenge, code_expires_at, is_offline, rotates, generation,
         rotated_at, created_at, expires_at, revoked_why)
    VALUES
        (:project_id, :id, :application_id, :user_id, :session_id, :session_id, :tenant_id, :issuer, :scopes, :audience,
         :details, :auth_time, :dpop_jkt, :code_mac, :redirect_uri, :challenge, :code_expires_at, :is_offline, :rotates,
         0, 0, :now, :expires_at, '')
"""

# What is switched off counts at once, although a node knows of it up to a second later.
# One statement for all that a code depends on: of two who bring it at once the second changes nothing, and a wrong
# verifier, address or client does not use it up.
SPEND = """
    UPDATE oidc_grants
    SET code_used_at = :now, generation = 1, rotated_at = :now,
        dpop_jkt = CASE WHEN :binds = 1 THEN :dpop_jkt ELSE dpop_jkt END
    WHERE project_id = :project_id AND id = :id AND application_id = :application_id AND code_mac = :code_mac
      AND code_used_at IS NULL AND code_expires_at > :now AND revoked_at IS NULL
      AND redirect_uri = :redirect_uri AND challenge = :challenge AND (dpop_jkt = '' OR dpop_jkt = :dpop_jkt)
      AND EXISTS (
        SELECT 1 FROM sessions s
        WHERE s.project_id = :project_id AND s.id = oidc_grants.session_id AND s.revoked_at IS NULL)
      AND EXISTS (SELECT 1 FROM applications a WHERE a.project_id = :project_id AND a.id = :application_id
        AND a.is_enabled = 1)
    RETURNING id, application_id, user_id, session_id, sid, tenant_id, issuer, scopes, audience, details, auth_time,
              dpop_jkt, is_offline, rotates, generation, rotated_at, expires_at
"""

# As `sessions.rows.CONTINUE`: of two refreshes at once at most one begins a generation. Of a grant that does not rotate
# `rotated_at` is when it was used last, for projects where nothing rests for longer than `idle` (0 for ever).
# A grant without a key is bound to the first one that is proven.
CONTINUE = """
    UPDATE oidc_grants
    SET generation = generation
            + CASE WHEN rotates = 1 AND generation = :presented AND rotated_at <= :now - :grace THEN 1 ELSE 0 END,
        rotated_at = CASE WHEN rotates = 1 AND generation = :presented AND rotated_at <= :now - :grace
            OR rotates = 0 THEN :now ELSE rotated_at END,
        dpop_jkt = CASE WHEN dpop_jkt = '' THEN :dpop_jkt ELSE dpop_jkt END
    WHERE project_id = :project_id AND id = :id AND application_id = :application_id
      AND is_offline = 1 AND revoked_at IS NULL AND expires_at > :now
      AND (:idle = 0 OR rotated_at > :now - :idle) AND (dpop_jkt = '' OR dpop_jkt = :dpop_jkt)
      AND (generation = :presented OR (rotates = 1 AND generation = :presented + 1 AND rotated_at > :now - :grace))
      AND EXISTS (
        SELECT 1 FROM sessions s
        WHERE s.project_id = :project_id AND s.id = oidc_grants.session_id AND s.revoked_at IS NULL)
      AND EXISTS (SELECT 1 FROM applications a WHERE a.project_id = :project_id AND a.id = :application_id
        AND a.is_enabled = 1)
    RETURNING id, application_id, user_id, session_id, sid, tenant_id, issuer, scopes, audience, details, auth_time,
              dpop_jkt, is_offline, rotates, generation, rotated_at, expires_at
"""

# Whoever has left the tenant that they act in does nothing there any more.
_IS_MEMBER = """
      AND (g.tenant_id = '' OR EXISTS (
        SELECT 1 FROM memberships m
        JOIN tenants t ON t.project_id = m.project_id AND t.id = m.tenant_id AND t.deleted_at IS NULL
        WHERE m.project_id = :project_id AND m.user_id = g.user_id AND m.tenant_id = g.tenant_id))"""

BEGUN = """
    SELECT g.id, g.application_id, g.user_id, g.session_id, g.sid, g.tenant_id, g.issuer, g.scopes, g.audience,
           g.details, g.auth_time, g.dpop_jkt, g.is_offline, g.rotates, g.generation, g.rotated_at, g.expires_at
    FROM oidc_grants g
    JOIN sessions s ON s.project_id = g.project_id AND s.id = g.session_id AND s.revoked_at IS NULL
    JOIN applications a ON a.project_id = g.project_id AND a.id = g.application_id AND a.is_enabled = 1
    WHERE g.project_id = :project_id AND g.id = :id AND g.revoked_at IS NULL AND g.code_used_at IS NOT NULL
"""

LIVE = f"{BEGUN.rstrip()}{_IS_MEMBER}"

STATE = """
    SELECT g.id, g.application_id, g.user_id, g.code_mac, g.challenge, g.code_used_at, g.rotates, g.generation,
           g.rotated_at, g.expires_at, g.revoked_at,
           CAST(CASE WHEN s.id IS NULL THEN 0 ELSE 1 END AS BIGINT) AS is_session_live
    FROM oidc_grants g
    LEFT JOIN sessions s ON s.project_id = g.project_id AND s.id = g.session_id AND s.revoked_at IS NULL
    WHERE g.project_id = :project_id AND g.id = :id
"""

REVOKE = """
    UPDATE oidc_grants SET revoked_at = :now, revoked_why = :why
    WHERE project_id = :project_id AND id = :id AND revoked_at IS NULL
    RETURNING id
"""

REVOKE_OF = """
    UPDATE oidc_grants SET revoked_at = :now, revoked_why = :why
    WHERE project_id = :project_id AND application_id = :application_id AND user_id = :user_id AND revoked_at IS NULL
    RETURNING id
"""

UNREVOKED = """
    SELECT id FROM oidc_grants
    WHERE project_id = :project_id AND application_id = :application_id AND revoked_at IS NULL ORDER BY id LIMIT :most
"""

# Those are read before: one that is refreshed in this moment is waited for, and not passed over.
REVOKE_ALL = """
    UPDATE oidc_grants SET revoked_at = :now, revoked_why = :why
    WHERE project_id = :project_id AND id IN (:ids) AND revoked_at IS NULL
"""

# The grants of somebody who has signed in again: only who has just ended the session in their place may run it.
CARRY = """
    UPDATE oidc_grants SET session_id = :session_id
    WHERE project_id = :project_id AND session_id = :before AND user_id = :user_id
    RETURNING id
"""

IS_OF_SESSION = """
    SELECT id FROM oidc_grants WHERE project_id = :project_id AND session_id = :session_id AND sid = :sid LIMIT 1
"""

# A grant without refresh tokens is of no use when its access tokens are over.
# Of a session that applications are told of, the last grant of each stays until the session has ended.
FORGET_GRANTS = """
    DELETE FROM oidc_grants WHERE project_id = :project_id AND id IN (
        SELECT g.id FROM oidc_grants g
        WHERE g.project_id = :project_id AND g.expires_at <= :before
          AND NOT EXISTS (
            SELECT 1 FROM sessions s
            WHERE s.project_id = :project_id AND s.id = g.session_id AND s.is_heard = 1 AND s.expires_at > :now
              AND NOT EXISTS (
                SELECT 1 FROM oidc_grants l
                WHERE l.project_id = :project_id AND l.session_id = g.session_id
                  AND l.application_id = g.application_id AND l.issuer = g.issuer AND l.sid = g.sid
                  AND l.expires_at > g.expires_at))
        ORDER BY g.expires_at LIMIT :most
    )
"""

# --- Log-outs ------------------------------------------------------------------------------------------------------

# Of no project (see store/cross_project.py): one herald serves all of them.
ENDED = """
    SELECT DISTINCT s.project_id FROM sessions s
    JOIN projects p ON p.id = s.project_id AND p.deleted_at IS NULL
    WHERE s.is_heard = 1 AND s.revoked_at IS NOT NULL
"""

DUE_LOGOUTS = """
    SELECT l.project_id, l.application_id, MIN(l.due_at) AS due_at FROM oidc_logouts l
    JOIN projects p ON p.id = l.project_id AND p.deleted_at IS NULL
    GROUP BY l.project_id, l.application_id ORDER BY MIN(l.due_at)
"""

# The condition stands outside too, as in `audit.rows.TAKE_UNSENT`: of two heralds one takes a session.
TAKE_ENDED = """
    UPDATE sessions SET is_heard = 0
    WHERE project_id = :project_id AND is_heard = 1 AND revoked_at IS NOT NULL AND id IN (
        SELECT id FROM sessions WHERE project_id = :project_id AND is_heard = 1 AND revoked_at IS NOT NULL
        ORDER BY revoked_at LIMIT :most)
    RETURNING id
"""

GRANTED_IN = """
    SELECT DISTINCT application_id, user_id, sid AS session_id, issuer FROM oidc_grants
    WHERE project_id = :project_id AND session_id IN (:session_ids)
"""

KEEP_LOGOUT = """
    INSERT INTO oidc_logouts
        (project_id, id, application_id, user_id, session_id, issuer, state, attempts, due_at, leased_until, created_at,
         error)
    VALUES
        (:project_id, :id, :application_id, :user_id, :session_id, :issuer, 'waiting', 0, :now, 0, :now, '')
    ON CONFLICT (project_id, id) DO NOTHING
"""

LEASE_LOGOUTS = """
    UPDATE oidc_logouts
    SET state = 'leased', attempts = attempts + 1, leased_until = :leased_until, due_at = :leased_until
    WHERE project_id = :project_id AND application_id = :application_id AND due_at <= :now AND id IN (
        SELECT id FROM oidc_logouts
        WHERE project_id = :project_id AND application_id = :application_id AND due_at <= :now
        ORDER BY due_at LIMIT :most)
    RETURNING id, application_id, user_id, session_id, issuer, attempts, leased_until, created_at
"""

# The lease is part of each condition: whoever lost it to another herald writes nothing.
END_LOGOUT = """
    DELETE FROM oidc_logouts WHERE project_id = :project_id AND id = :id AND leased_until = :leased_until
"""

PUT_OFF_LOGOUT = """
    UPDATE oidc_logouts
    SET state = 'waiting', leased_until = 0, due_at = :due_at, attempts = :attempts, error = :error
    WHERE project_id = :project_id AND id = :id AND leased_until = :leased_until
"""

# --- Requests ------------------------------------------------------------------------------------------------------

KEEP = """
    INSERT INTO oidc_requests
        (project_id, id, kind, application_id, issuer, parameters, browser_mac, user_id, session_id, state, polled_at,
         created_at, expires_at)
    VALUES
        (:project_id, :id, :kind, :application_id, :issuer, :parameters, :browser_mac, '', :session_id, 'waiting', 0,
         :now, :expires_at)
"""

# A code that somebody else shows in this moment is not shown twice: the caller makes another one.
KEEP_DEVICE = """
    INSERT INTO oidc_requests
        (project_id, id, kind, application_id, issuer, parameters, secret_mac, user_code, user_id, session_id, state,
         polled_at, created_at, expires_at)
    VALUES
        (:project_id, :id, 'device', :application_id, :issuer, :parameters, :secret_mac, :user_code, '', '', 'waiting',
         0, :now, :expires_at)
    ON CONFLICT (project_id, user_code) DO NOTHING
    RETURNING id
"""

SHOWN = """
    SELECT id, kind, application_id, issuer, parameters, browser_mac, session_id, state, created_at, expires_at
    FROM oidc_requests
    WHERE project_id = :project_id AND user_code = :user_code AND kind = 'device' AND state = 'waiting'
      AND taken_at IS NULL AND expires_at > :now
"""

ANSWER = """
    UPDATE oidc_requests SET state = :state, user_id = :user_id, session_id = :session_id
    WHERE project_id = :project_id AND id = :id AND kind = 'device' AND state = 'waiting'
      AND taken_at IS NULL AND expires_at > :now
    RETURNING id
"""

# What a person has allowed a device that has not asked since. The devices of a project that wait are few.
DENY = """
    UPDATE oidc_requests SET state = 'denied'
    WHERE project_id = :project_id AND application_id = :application_id AND user_id = :user_id AND kind = 'device'
      AND state = 'allowed' AND taken_at IS NULL AND expires_at > :now
    RETURNING id
"""

DENY_ALL = """
    UPDATE oidc_requests SET state = 'denied'
    WHERE project_id = :project_id AND application_id = :application_id AND kind = 'device'
      AND state = 'allowed' AND taken_at IS NULL AND expires_at > :now
"""

SAY = "UPDATE oidc_requests SET parameters = :parameters WHERE project_id = :project_id AND id = :id"

# Each poll is noted, so that of two at once one is too fast; a code that was answered is taken with it.
POLL = """
    UPDATE oidc_requests
    SET taken_at = CASE WHEN state = 'waiting' THEN taken_at ELSE :now END, polled_at = :now
    WHERE project_id = :project_id AND id = :id AND kind = 'device' AND application_id = :application_id
      AND secret_mac = :secret_mac AND taken_at IS NULL AND expires_at > :now AND polled_at <= :now - :interval
    RETURNING id, issuer, parameters, state, user_id, session_id
"""

POLLED = """
    UPDATE oidc_requests SET polled_at = :now
    WHERE project_id = :project_id AND id = :id AND kind = 'device' AND application_id = :application_id
      AND secret_mac = :secret_mac AND taken_at IS NULL
    RETURNING id, expires_at
"""

FIND = """
    SELECT id, kind, application_id, issuer, parameters, browser_mac, session_id, state, created_at, expires_at
    FROM oidc_requests
    WHERE project_id = :project_id AND id = :id AND kind = :kind AND taken_at IS NULL AND expires_at > :now
"""

TAKE = """
    UPDATE oidc_requests SET taken_at = :now
    WHERE project_id = :project_id AND id = :id AND kind = :kind AND taken_at IS NULL AND expires_at > :now
    RETURNING id, kind, application_id, issuer, parameters, browser_mac, session_id, state, created_at, expires_at
"""

FORGET_REQUESTS = """
    DELETE FROM oidc_requests WHERE project_id = :project_id AND id IN (
        SELECT id FROM oidc_requests WHERE project_id = :project_id AND expires_at <= :now
        ORDER BY expires_at LIMIT :most
    )
"""

RETURNS = {
    "SPEND": GrantRow,
    "CONTINUE": GrantRow,
    "BEGUN": GrantRow,
    "LIVE": GrantRow,
    "STATE": StateRow,
    "REVOKE": IdRow,
    "REVOKE_OF": IdRow,
    "UNREVOKED": IdRow,
    "DENY": IdRow,
    "CARRY": IdRow,
    "IS_OF_SESSION": IdRow,
    "ENDED": ProjectRow,
    "DUE_LOGOUTS": DueRow,
    "TAKE_ENDED": IdRow,
    "GRANTED_IN": GrantedRow,
    "LEASE_LOGOUTS": LogoutRow,
    "FIND": RequestRow,
    "TAKE": RequestRow,
    "KEEP_DEVICE": IdRow,
    "SHOWN": RequestRow,
    "ANSWER": IdRow,
    "POLL": DeviceRow,
    "POLLED": PolledRow,
}
