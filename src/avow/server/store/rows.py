"""The SQL of the store itself: audit events, the installation's facts, and the counters of rate limits."""

from msgspec import Struct

__all__ = ["ADD_COUNTERS", "FIND_CHECK", "FIND_REVISION", "INSERT_AUDIT", "INSERT_CHECK", "RETURNS", "SWEEP_COUNTERS"]


class CheckRow(Struct, frozen=True):
    """What the database remembers of the secret key."""

    value: str


class RevisionRow(Struct, frozen=True):
    """The schema that the database has."""

    version_num: str


class CounterRow(Struct, frozen=True):
    """A counter after it was added to."""

    key: str
    value: int


INSERT_AUDIT = """
    INSERT INTO audit_events
        (project_id, id, occurred_at, action, outcome, actor, user_id, tenant_id, address, device, data)
    VALUES
        (:project_id, :id, :now, :action, :outcome, :actor, :user_id, :tenant_id, :address, :device, :data)
"""

INSERT_CHECK = "INSERT INTO meta (name, value) VALUES ('secret_check', :value) ON CONFLICT (name) DO NOTHING"

FIND_CHECK = "SELECT value FROM meta WHERE name = 'secret_check'"

FIND_REVISION = "SELECT version_num FROM alembic_version"

# Used with a row of values per counter. A counter past its end begins anew with the new end.
ADD_COUNTERS = """
    INSERT INTO kv (key, value, expires_at) VALUES (:key, 1, :expires_at)
    ON CONFLICT (key) DO UPDATE SET
        value = CASE WHEN kv.expires_at <= :now THEN 1 ELSE kv.value + 1 END,
        expires_at = CASE WHEN kv.expires_at <= :now THEN excluded.expires_at ELSE kv.expires_at END
    RETURNING key, value
"""

SWEEP_COUNTERS = "DELETE FROM kv WHERE expires_at <= :now"

RETURNS = {"FIND_CHECK": CheckRow, "FIND_REVISION": RevisionRow, "ADD_COUNTERS": CounterRow}
