"""The SQL of the store itself: audit events, the installation's facts, and the counters of rate limits."""

from msgspec import Struct

__all__ = [
    "ADD_COUNTERS",
    "FIND_CHECK",
    "FIND_REVISION",
    "FIND_WEBHOOK",
    "INSERT_AUDIT",
    "INSERT_AUDITS",
    "INSERT_CHECK",
    "RETURNS",
    "SWEEP_COUNTERS",
]


class AuditRow(Struct, frozen=True):
    """Whether the event that was written waits for the project's webhooks."""

    is_unsent: int


class WebhookRow(Struct, frozen=True):
    """One of the project's webhooks."""

    name: str


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


# One statement whether or not the project has webhooks: the event itself waits for whoever looks after them.
INSERT_AUDIT = """
    INSERT INTO audit_events
        (project_id, id, occurred_at, action, outcome, actor, user_id, tenant_id, address, device, device_kind, method,
         data, is_unsent)
    VALUES
        (:project_id, :id, :now, :action, :outcome, :actor, :user_id, :tenant_id, :address, :device, :device_kind,
         :method, :data,
         CASE WHEN EXISTS (SELECT 1 FROM audit_webhooks WHERE project_id = :project_id) THEN 1 ELSE 0 END)
    RETURNING is_unsent
"""

# Run with many rows (`store.many_rows`); whether there are webhooks is asked once for all.
INSERT_AUDITS = """
    INSERT INTO audit_events
        (project_id, id, occurred_at, action, outcome, actor, user_id, tenant_id, address, device, data, is_unsent)
    VALUES
        (:project_id, :id, :now, :action, 'done', :actor, :user_id, :tenant_id, '', '', :data, :is_unsent)
    ON CONFLICT (project_id, id) DO NOTHING
"""

FIND_WEBHOOK = "SELECT name FROM audit_webhooks WHERE project_id = :project_id ORDER BY name LIMIT 1"

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

RETURNS = {
    "INSERT_AUDIT": AuditRow,
    "FIND_WEBHOOK": WebhookRow,
    "FIND_CHECK": CheckRow,
    "FIND_REVISION": RevisionRow,
    "ADD_COUNTERS": CounterRow,
}
