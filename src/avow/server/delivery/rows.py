"""The SQL of delivery: the outbox and the projects' own templates."""

from dataclasses import dataclass, field

from msgspec import Struct

from avow.server.delivery.messages import Method, OwnTemplate, Template

__all__ = [
    "DELETE_OWN_TEMPLATE",
    "DELETE_OLD",
    "DROP_OVERDUE",
    "FIND_HELD",
    "FINISH",
    "INSERT_MESSAGE",
    "LEASE",
    "LOCK_SENDS",
    "NEXT_DUE",
    "OWN_TEMPLATES",
    "EVERY_OWN_TEMPLATE",
    "PREFIX_SENDS",
    "PUT_OFF",
    "PUT_OWN_TEMPLATE",
    "RETURNS",
    "SENDS",
    "Leased",
    "NextDue",
    "PrefixSends",
    "Sends",
    "sealed_row",
]


class Sends(Struct, frozen=True):
    """The send that fills the limit of the address, and that of the project; None where there is room."""

    address_filled_at: int | None
    project_filled_at: int | None


class PrefixSends(Struct, frozen=True):
    """Attempts at sending to one phone prefix within the window, and the oldest message among them."""

    attempts: int
    oldest_at: int | None


@dataclass(frozen=True, slots=True)
class Leased:
    """A message that one worker holds until `leased_until`.

    `challenge_expires_at` is None when the challenge is dead or gone, and for messages that have none;
    `project_name` when the project is deleted.
    """

    project_id: str
    id: str
    challenge_id: str | None
    template: Template
    method: Method
    locale: str
    sealed: bytes | None = field(repr=False)
    attempts: int
    leased_until: int
    created_at: int
    challenge_expires_at: int | None
    project_name: str | None


class StoredTemplate(Struct, frozen=True):
    """A project's own words, and the message and method they are for."""

    template: str
    method: str
    locale: str
    subject: str
    text: str
    html: str


class HeldRow(Struct, frozen=True):
    """A message that somebody carries."""

    id: str


class NextDue(Struct, frozen=True):
    """When the next unfinished message of a method is due; None when there is none."""

    method: Method
    due_at: int | None


# Two sends to one address (or prefix) at once wait for each other here; otherwise neither would count the other.
LOCK_SENDS = """
INSERT INTO counters (project_id, id, value, ends_at)
VALUES (:project_id, :id, 1, :ends_at)
ON CONFLICT (project_id, id) DO UPDATE SET value = counters.value + 1, ends_at = excluded.ends_at
"""

SENDS = """
SELECT
  (SELECT created_at FROM outbox
   WHERE project_id = :project_id AND address_mac = :address_mac
     AND created_at > :address_since AND created_at <= :latest
   ORDER BY created_at DESC LIMIT 1 OFFSET :address_offset) AS address_filled_at,
  (SELECT created_at FROM outbox
   WHERE project_id = :project_id AND created_at > :project_since AND created_at <= :latest
   ORDER BY created_at DESC LIMIT 1 OFFSET :project_offset) AS project_filled_at
"""

PREFIX_SENDS = """
SELECT CAST(COALESCE(SUM(CASE WHEN attempts > 1 THEN attempts ELSE 1 END), 0) AS BIGINT) AS attempts,
  MIN(created_at) AS oldest_at
FROM outbox
WHERE project_id = :project_id AND phone_prefix = :phone_prefix AND created_at > :since AND created_at <= :latest
"""

INSERT_MESSAGE = """
INSERT INTO outbox
  (project_id, id, challenge_id, template, method, locale, address_mac, phone_prefix, sealed, state, attempts,
   due_at, leased_until, created_at, finished_at, error)
VALUES
  (:project_id, :id, :challenge_id, :template, :method, :locale, :address_mac, :phone_prefix, :sealed, :state, 0,
   :now, 0, :now, :finished_at, '')
"""

# Of no project (see store/cross_project.py): one courier serves all of them. The condition is repeated outside the
# inner SELECT because PostgreSQL judges it again on the row it finally locks: what another courier took meanwhile is
# left alone. It is a CASE there, so that SQLite finds the rows by their key and does not scan the index once more.
# While a message is leased its due_at is the end of the lease: a dead courier's messages come due again.
LEASE = """
UPDATE outbox
SET state = 'leased', attempts = attempts + 1, leased_until = :leased_until, due_at = :leased_until
WHERE (project_id, id) IN (
    SELECT project_id, id FROM outbox
    WHERE state IN ('waiting', 'leased') AND due_at <= :now AND method = :method
    ORDER BY due_at LIMIT :most)
  AND CASE WHEN state IN ('waiting', 'leased') THEN due_at END <= :now
RETURNING project_id, id, challenge_id, template, method, locale, sealed, attempts, leased_until, created_at,
  (SELECT expires_at FROM challenges
   WHERE challenges.project_id = outbox.project_id AND challenges.id = outbox.challenge_id
     AND challenges.attempts_left > 0 AND challenges.expires_at > :now) AS challenge_expires_at,
  (SELECT name FROM projects WHERE projects.id = outbox.project_id AND projects.deleted_at IS NULL) AS project_name
"""

# One probe of the index for each method, however long the outbox is.
NEXT_DUE = """
SELECT 'email' AS method,
  (SELECT MIN(due_at) FROM outbox WHERE state IN ('waiting', 'leased') AND method = 'email') AS due_at
UNION ALL
SELECT 'sms', (SELECT MIN(due_at) FROM outbox WHERE state IN ('waiting', 'leased') AND method = 'sms')
UNION ALL
SELECT 'voice', (SELECT MIN(due_at) FROM outbox WHERE state IN ('waiting', 'leased') AND method = 'voice')
UNION ALL
SELECT 'whatsapp', (SELECT MIN(due_at) FROM outbox WHERE state IN ('waiting', 'leased') AND method = 'whatsapp')
"""

DROP_OVERDUE = """
UPDATE outbox
SET state = 'dropped', sealed = NULL, finished_at = :now, due_at = :now, error = 'nobody sends this method'
WHERE state = 'waiting' AND due_at <= :before
"""

DELETE_OLD = """
DELETE FROM outbox WHERE state IN ('sent', 'dropped', 'failed') AND due_at <= :before
"""

# The lease is part of the condition: whoever lost it to another courier writes nothing.
FINISH = """
UPDATE outbox SET state = :state, sealed = NULL, finished_at = :now, due_at = :now, error = :error
WHERE project_id = :project_id AND id = :id AND state = 'leased' AND leased_until = :leased_until
"""

PUT_OFF = """
UPDATE outbox SET state = 'waiting', due_at = :due_at, attempts = :attempts, error = :error
WHERE project_id = :project_id AND id = :id AND state = 'leased' AND leased_until = :leased_until
"""

FIND_HELD = """
SELECT id FROM outbox WHERE project_id = :project_id AND state = 'leased' AND leased_until > :now LIMIT 1
"""

OWN_TEMPLATES = """
SELECT locale, subject, text, html FROM message_templates
WHERE project_id = :project_id AND template = :template AND method = :method
"""

EVERY_OWN_TEMPLATE = """
SELECT template, method, locale, subject, text, html FROM message_templates
WHERE project_id = :project_id ORDER BY template, method, locale
"""

PUT_OWN_TEMPLATE = """
INSERT INTO message_templates (project_id, template, method, locale, subject, text, html, updated_at)
VALUES (:project_id, :template, :method, :locale, :subject, :text, :html, :now)
ON CONFLICT (project_id, template, method, locale) DO UPDATE
SET subject = excluded.subject, text = excluded.text, html = excluded.html, updated_at = excluded.updated_at
"""

DELETE_OWN_TEMPLATE = """
DELETE FROM message_templates
WHERE project_id = :project_id AND template = :template AND method = :method AND locale = :locale
"""

RETURNS = {
    "SENDS": Sends,
    "PREFIX_SENDS": PrefixSends,
    "LEASE": Leased,
    "FIND_HELD": HeldRow,
    "NEXT_DUE": NextDue,
    "OWN_TEMPLATES": OwnTemplate,
    "EVERY_OWN_TEMPLATE": StoredTemplate,
}


def sealed_row(project_id: str, message_id: str) -> str:
    """Return where a sealed letter lies, for the vault."""
    return f"outbox.sealed:{project_id}:{message_id}"
