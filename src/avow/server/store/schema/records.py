"""Tables of messages, audit, and what is kept for administrators."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table

from avow.server.store.schema.columns import (
    TEXT,
    added_integer,
    added_text,
    data,
    flag,
    integer,
    metadata,
    owned,
    text,
)

__all__ = [
    "audit_deliveries",
    "audit_events",
    "audit_webhooks",
    "flows",
    "lists",
    "message_templates",
    "outbox",
    "themes",
]

lists = Table(
    "lists",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    text("description"),
    text("type"),  # texts | ips | json
    text("document"),  # JSON: the entries in their order, or the object of a list of type json
    integer("created_at"),
    integer("updated_at"),
    *owned("id"),
    Index("uq_lists_name", "project_id", "name", unique=True),
)

flows = Table(
    "flows",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    text("description"),
    *flag("is_disabled"),
    text("etag"),
    text("document"),  # JSON of the flow
    text("screens"),  # JSON list
    integer("updated_at"),
    *owned("id"),
)

themes = Table(
    "themes",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("document"),  # JSON
    integer("updated_at"),
    *owned("id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("challenge_id", null=True),  # a message whose challenge is gone is dropped
    text("template"),
    text("method"),  # email | sms | voice | whatsapp
    text("locale"),
    data("address_mac"),  # counts sends to one address without keeping it
    text("phone_prefix"),
    data("sealed", null=True),  # address and parameters; erased when the message is finished
    text("state"),  # waiting | leased | sent | dropped | failed
    integer("attempts"),
    integer("due_at"),
    integer("leased_until"),
    integer("created_at"),
    integer("finished_at", null=True),
    text("error"),
    *owned("id"),
    CheckConstraint("state IN ('waiting', 'leased', 'sent', 'dropped', 'failed')", name="state"),
    Index(None, "project_id", "address_mac", "created_at"),
    Index(None, "project_id", "phone_prefix", "created_at"),
    Index(None, "project_id", "created_at"),
    Index("ix_outbox_due", "state", "due_at"),
)

# What a courier looks for, however many finished messages there are.
Index(
    "ix_outbox_open",
    outbox.c.method,
    outbox.c.due_at,
    sqlite_where=outbox.c.state.in_(["waiting", "leased"]),
    postgresql_where=outbox.c.state.in_(["waiting", "leased"]),
)

# A project's own words for a message; absent rows are the built-in templates.
message_templates = Table(
    "message_templates",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("template"),
    text("method"),
    text("locale"),  # "" for every locale
    text("subject"),
    text("text"),
    text("html"),
    integer("updated_at"),
    *owned("template", "method", "locale"),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    integer("occurred_at"),
    text("action"),  # session.opened, code.refused, ...
    text("outcome"),  # done | refused
    text("actor"),  # user:<id> | key:<id> | anyone | command
    text("user_id"),  # "" when nobody is concerned; kept after the user is deleted
    text("tenant_id"),
    text("address"),
    text("device"),
    text("data"),  # JSON object of ids and outcomes, no secrets
    added_text("method"),  # of sign-in; "" where there is none
    added_text("device_kind"),  # Desktop | Mobile | Tablet | Bot | Unknown, or "" where no device is known
    added_integer("is_unsent"),  # 1 until it was looked at for the project's webhooks, if there are any
    *owned("id"),
    Index(None, "project_id", "occurred_at", "id"),
    Index(None, "project_id", "user_id", "occurred_at"),
    Index(None, "project_id", "tenant_id", "occurred_at"),
)

# What was not looked at for webhooks yet, however many events there are.
Index(
    "ix_audit_events_unsent",
    audit_events.c.project_id,
    audit_events.c.occurred_at,
    sqlite_where=audit_events.c.is_unsent == 1,
    postgresql_where=audit_events.c.is_unsent == 1,
)

# Where audit events are sent to.
audit_webhooks = Table(
    "audit_webhooks",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("name"),
    text("description"),
    text("url"),
    text("filters"),  # JSON list
    data("sealed"),  # JSON: headers, the secret that signs
    integer("failures"),  # in a row; 0 while the receiver takes what it is sent
    integer("due_at"),  # while it does not: when to try again
    text("error"),
    integer("created_at"),
    integer("updated_at"),
    *owned("name"),
)

# Events on their way to one webhook each; the row goes when the event has arrived.
audit_deliveries = Table(
    "audit_deliveries",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("webhook"),
    text("event_id"),
    text("state"),  # waiting | leased | dead
    integer("attempts"),
    integer("due_at"),
    integer("leased_until"),
    integer("created_at"),
    text("error"),
    *owned("webhook", "event_id"),
    ForeignKeyConstraint(
        ["project_id", "webhook"], ["audit_webhooks.project_id", "audit_webhooks.name"], ondelete="CASCADE"
    ),
    CheckConstraint("state IN ('waiting', 'leased', 'dead')", name="state"),
    Index("ix_audit_deliveries_dead", "project_id", "state", "due_at"),
)

Index(
    "ix_audit_deliveries_open",
    audit_deliveries.c.project_id,
    audit_deliveries.c.webhook,
    audit_deliveries.c.due_at,
    sqlite_where=audit_deliveries.c.state.in_(["waiting", "leased"]),
    postgresql_where=audit_deliveries.c.state.in_(["waiting", "leased"]),
)

# How far the import of a file of users has come; moved by the unit that writes the users.
imports = Table(
    "imports",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # of the file and its format
    text("source"),  # the file, as people call it
    integer("position"),  # number of the last line that is done
    data("digest"),  # of every line up to there, one after the other
    integer("created"),
    integer("updated"),
    integer("rejected"),
    text("refusals"),  # JSON list of number and reason: those of the last unit, which the report may lack
    integer("report_bytes"),  # length of the report before them
    integer("started_at"),
    integer("updated_at"),
    integer("finished_at", null=True),
    *owned("id"),
)
