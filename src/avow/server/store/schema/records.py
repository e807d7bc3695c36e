"""Tables of messages, audit, and what is kept for administrators."""

from sqlalchemy import CheckConstraint, Column, Index, Table

from avow.server.store.schema.columns import TEXT, data, flag, integer, metadata, owned, reference, text

__all__ = ["audit_events", "audit_webhooks", "flows", "list_entries", "lists", "message_templates", "outbox", "themes"]

lists = Table(
    "lists",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    text("description"),
    text("type"),  # texts | ips | json
    text("document"),  # JSON of a list of type json; "" otherwise
    integer("created_at"),
    integer("updated_at"),
    *owned("id"),
    Index("uq_lists_name", "project_id", "name", unique=True),
)

list_entries = Table(
    "list_entries",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("list_id"),
    text("value"),
    *owned("list_id", "value"),
    reference("list_id", "lists"),
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
    *owned("id"),
    Index(None, "project_id", "occurred_at", "id"),
    Index(None, "project_id", "user_id", "occurred_at"),
    Index(None, "project_id", "tenant_id", "occurred_at"),
)

# Where audit events are sent to. Events are sent in their order; the position is behind the last one that arrived.
audit_webhooks = Table(
    "audit_webhooks",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("name"),
    text("url"),
    data("sealed"),  # JSON: headers, the secret that signs
    integer("position_at"),
    text("position_id"),
    integer("failures"),
    integer("due_at"),
    integer("leased_until"),
    text("error"),
    integer("created_at"),
    *owned("name"),
    Index("ix_audit_webhooks_due", "due_at"),
)
