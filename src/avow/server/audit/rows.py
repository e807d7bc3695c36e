"""The SQL of the audit: events found again, webhooks, and the events on their way to them."""

from dataclasses import dataclass, field

from msgspec import Struct

__all__ = [
    "RETURNS",
    "CountRow",
    "DueRow",
    "EventRow",
    "LeaseRow",
    "LoginIdRow",
    "NameRow",
    "UnsentRow",
    "WebhookRow",
    "sealed_row",
]


class EventRow(Struct, frozen=True):
    """An event; `data` is JSON."""

    id: str
    occurred_at: int
    action: str
    outcome: str
    actor: str
    user_id: str
    tenant_id: str
    address: str
    device_kind: str
    method: str
    data: str


class CountRow(Struct, frozen=True):
    """How many there are."""

    total: int


class LoginIdRow(Struct, frozen=True):
    """A login id of a user."""

    user_id: str
    login_id: str


class NameRow(Struct, frozen=True):
    """The webhook that a conditional write made or changed."""

    name: str


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook; `filters` is JSON, `sealed` its headers and secret."""

    name: str
    description: str
    url: str
    filters: str
    sealed: bytes = field(repr=False)
    failures: int
    due_at: int
    created_at: int


class UnsentRow(Struct, frozen=True):
    """What decides to which webhooks an event goes."""

    id: str
    occurred_at: int
    action: str
    actor: str
    tenant_id: str


class DueRow(Struct, frozen=True):
    """A webhook, when it may be called, its next event, and the oldest event that nobody has looked at yet."""

    project_id: str
    name: str
    open_at: int
    due_at: int | None
    unsent_at: int | None


class LeaseRow(Struct, frozen=True):
    """An event on its way, held by one worker until `leased_until`."""

    event_id: str
    attempts: int
    leased_until: int
    created_at: int


# --- Events ------------------------------------------------------------------------------------------------------

SEARCH = """
    SELECT e.id, e.occurred_at, e.action, e.outcome, e.actor, e.user_id, e.tenant_id, e.address, e.device_kind,
      e.method, e.data
    FROM audit_events AS e WHERE e.project_id = :project_id
"""

COUNT = "SELECT COUNT(*) AS total FROM audit_events AS e WHERE e.project_id = :project_id"

OF_LOGIN_IDS = """
    e.user_id IN (SELECT user_id FROM login_ids WHERE project_id = :project_id AND login_id IN (:login_ids))
"""

# Letters are folded as both databases do it: those of ASCII.
WITH_TEXT = """
    LOWER(e.action || ' ' || e.actor || ' ' || e.user_id || ' ' || e.tenant_id || ' ' || e.address || ' ' || e.device
          || ' ' || e.method || ' ' || e.data) LIKE :text ESCAPE '!'
"""

LOGIN_IDS = """
    SELECT user_id, login_id FROM login_ids
    WHERE project_id = :project_id AND user_id IN (:user_ids) ORDER BY user_id, login_id
"""

FIND = """
    SELECT id, occurred_at, action, outcome, actor, user_id, tenant_id, address, device_kind, method, data
    FROM audit_events WHERE project_id = :project_id AND id IN (:ids)
"""

FORGET = """
    DELETE FROM audit_events WHERE project_id = :project_id AND id IN (
        SELECT id FROM audit_events WHERE project_id = :project_id AND occurred_at <= :before
        ORDER BY occurred_at, id LIMIT :most
    )
"""

# --- Webhooks ----------------------------------------------------------------------------------------------------

LOCK_WEBHOOK = """
    UPDATE audit_webhooks SET updated_at = :now WHERE project_id = :project_id AND name = :name
    RETURNING name, description, url, filters, sealed, failures, due_at, created_at
"""

INSERT_WEBHOOK = """
    INSERT INTO audit_webhooks
        (project_id, name, description, url, filters, sealed, failures, due_at, error, created_at, updated_at)
    VALUES (:project_id, :name, :description, :url, :filters, :sealed, 0, 0, '', :now, :now)
    ON CONFLICT (project_id, name) DO NOTHING
    RETURNING name
"""

# A changed webhook is tried at once.
UPDATE_WEBHOOK = """
    UPDATE audit_webhooks
    SET description = :description, url = :url, filters = :filters, sealed = :sealed, failures = 0, due_at = 0,
      error = '', updated_at = :now
    WHERE project_id = :project_id AND name = :name
"""

DELETE_WEBHOOK = "DELETE FROM audit_webhooks WHERE project_id = :project_id AND name = :name"

COUNT_WEBHOOKS = "SELECT COUNT(*) AS total FROM audit_webhooks WHERE project_id = :project_id"

WEBHOOKS = """
    SELECT name, description, url, filters, sealed, failures, due_at, created_at FROM audit_webhooks
    WHERE project_id = :project_id ORDER BY name
"""

# --- On their way ------------------------------------------------------------------------------------------------

# Of no project (see store/cross_project.py): one worker serves all of them. Two probes of an index for each webhook,
# however many events there are.
DUE = """
    SELECT w.project_id, w.name, w.due_at AS open_at,
      (SELECT MIN(d.due_at) FROM audit_deliveries AS d
       WHERE d.project_id = w.project_id AND d.webhook = w.name AND d.state IN ('waiting', 'leased')) AS due_at,
      (SELECT MIN(e.occurred_at) FROM audit_events AS e
       WHERE e.project_id = w.project_id AND e.is_unsent = 1) AS unsent_at
    FROM audit_webhooks AS w
    JOIN projects AS p ON p.id = w.project_id AND p.deleted_at IS NULL
    ORDER BY w.project_id, w.name
"""

# The condition is repeated outside: PostgreSQL judges it again on the row it finally locks, so that an event which
# another worker has looked at meanwhile is left alone.
TAKE_UNSENT = """
    UPDATE audit_events SET is_unsent = 0
    WHERE project_id = :project_id AND is_unsent = 1 AND id IN (
        SELECT id FROM audit_events WHERE project_id = :project_id AND is_unsent = 1
        ORDER BY occurred_at LIMIT :most)
    RETURNING id, occurred_at, action, actor, tenant_id
"""

INSERT_DELIVERY = """
    INSERT INTO audit_deliveries
        (project_id, webhook, event_id, state, attempts, due_at, leased_until, created_at, error)
    VALUES (:project_id, :webhook, :event_id, 'waiting', 0, :now, 0, :now, '')
    ON CONFLICT (project_id, webhook, event_id) DO NOTHING
"""

COUNT_OPEN = """
    SELECT COUNT(*) AS total FROM (
        SELECT 1 AS one FROM audit_deliveries
        WHERE project_id = :project_id AND webhook = :webhook AND state IN ('waiting', 'leased') LIMIT :most
    ) AS few
"""

# While a receiver is away one worker probes, and the next one not before `later`.
CLAIM_PROBE = """
    UPDATE audit_webhooks SET due_at = :later
    WHERE project_id = :project_id AND name = :name AND failures > 0 AND due_at <= :now
    RETURNING name
"""

# Of a project that was deleted nothing is sent any more.
FIND_WEBHOOK = """
    SELECT w.name, w.description, w.url, w.filters, w.sealed, w.failures, w.due_at, w.created_at
    FROM audit_webhooks w
    JOIN projects p ON p.id = w.project_id AND p.deleted_at IS NULL
    WHERE w.project_id = :project_id AND w.name = :name
"""

# As of the outbox: while an event is leased its due_at is the end of the lease, so that a dead worker's events come
# due again, and the condition stands outside once more, as a CASE.
LEASE = """
    UPDATE audit_deliveries
    SET state = 'leased', attempts = attempts + 1, leased_until = :leased_until, due_at = :leased_until
    WHERE project_id = :project_id AND webhook = :webhook AND event_id IN (
        SELECT event_id FROM audit_deliveries
        WHERE project_id = :project_id AND webhook = :webhook AND state IN ('waiting', 'leased') AND due_at <= :now
        ORDER BY due_at LIMIT :most)
      AND CASE WHEN state IN ('waiting', 'leased') THEN due_at END <= :now
    RETURNING event_id, attempts, leased_until, created_at
"""

# The lease is part of each condition: whoever lost it to another worker writes nothing.
DELIVERED = """
    DELETE FROM audit_deliveries
    WHERE project_id = :project_id AND webhook = :webhook AND state = 'leased' AND leased_until = :leased_until
      AND event_id IN (:event_ids)
"""

PUT_OFF = """
    UPDATE audit_deliveries SET state = 'waiting', due_at = :due_at, attempts = :attempts, error = :error
    WHERE project_id = :project_id AND webhook = :webhook AND state = 'leased' AND leased_until = :leased_until
      AND event_id = :event_id
"""

# Those of a lease that were not tried go back as they were.
RELEASE = """
    UPDATE audit_deliveries SET state = 'waiting', due_at = :now, attempts = attempts - 1
    WHERE project_id = :project_id AND webhook = :webhook AND state = 'leased' AND leased_until = :leased_until
      AND event_id IN (:event_ids)
"""

GIVE_UP = """
    UPDATE audit_deliveries SET state = 'dead', due_at = :now, error = :error
    WHERE project_id = :project_id AND webhook = :webhook AND state = 'leased' AND leased_until = :leased_until
      AND event_id IN (:event_ids)
"""

GIVE_UP_OLD = """
    UPDATE audit_deliveries SET state = 'dead', due_at = :now, error = 'the receiver was away for a day'
    WHERE project_id = :project_id AND webhook = :webhook AND event_id IN (
        SELECT event_id FROM audit_deliveries
        WHERE project_id = :project_id AND webhook = :webhook AND state = 'waiting' AND created_at <= :before
        LIMIT :most)
"""

# What is due only later, since an earlier attempt failed, is due now that the receiver is back.
HURRY = """
    UPDATE audit_deliveries SET due_at = :now
    WHERE project_id = :project_id AND webhook = :webhook AND event_id IN (
        SELECT event_id FROM audit_deliveries
        WHERE project_id = :project_id AND webhook = :webhook AND state = 'waiting' AND due_at > :now LIMIT :most)
"""

RECOVERED = """
    UPDATE audit_webhooks SET failures = 0, due_at = 0, error = ''
    WHERE project_id = :project_id AND name = :name AND failures > 0
    RETURNING name
"""

FAILED = """
    UPDATE audit_webhooks SET failures = failures + 1, due_at = :due_at, error = :error
    WHERE project_id = :project_id AND name = :name
    RETURNING name, description, url, filters, sealed, failures, due_at, created_at
"""

FORGET_DEAD = """
    DELETE FROM audit_deliveries WHERE project_id = :project_id AND (webhook, event_id) IN (
        SELECT webhook, event_id FROM audit_deliveries
        WHERE project_id = :project_id AND state = 'dead' AND due_at <= :before LIMIT :most
    )
"""

RETURNS = {
    "SEARCH": EventRow,
    "COUNT": CountRow,
    "LOGIN_IDS": LoginIdRow,
    "FIND": EventRow,
    "LOCK_WEBHOOK": WebhookRow,
    "INSERT_WEBHOOK": NameRow,
    "COUNT_WEBHOOKS": CountRow,
    "WEBHOOKS": WebhookRow,
    "FIND_WEBHOOK": WebhookRow,
    "DUE": DueRow,
    "TAKE_UNSENT": UnsentRow,
    "COUNT_OPEN": CountRow,
    "CLAIM_PROBE": NameRow,
    "LEASE": LeaseRow,
    "RECOVERED": NameRow,
    "FAILED": WebhookRow,
}


def sealed_row(project_id: str, name: str) -> str:
    """Return where the sealed part of a webhook lies, for the vault."""
    return f"audit_webhooks.sealed:{project_id}:{name}"
