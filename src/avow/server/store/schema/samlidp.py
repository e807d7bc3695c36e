"""Tables of the SAML identity provider: requests that wait for a sign-in, and who was signed in where."""

from sqlalchemy import Column, Index, Table

from avow.server.store.schema.columns import TEXT, data, integer, metadata, owned, reference, text

__all__ = ["saml_requests", "saml_signins"]

# Judged requests of service providers, until their person is back from the sign-in pages; each is answered once.
saml_requests = Table(
    "saml_requests",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("application_id"),
    text("asked"),  # JSON, what the request asks for
    data("browser_mac", null=True),  # of the browser whose request it is; none before one that was posted is seen
    text("session_id"),  # that the browser had then, or ""
    integer("created_at"),
    integer("expires_at"),
    integer("taken_at", null=True),
    *owned("id"),
    reference("application_id", "applications"),
    Index(None, "project_id", "expires_at"),
)

# Sessions at service providers that came of a session here. No reference to the session: its row may go first.
saml_signins = Table(
    "saml_signins",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # the SessionIndex that the service provider was told
    text("application_id"),
    text("user_id"),
    text("session_id"),
    text("name_id"),  # what the service provider calls the person
    integer("created_at"),
    integer("expires_at"),  # when the session here ends
    *owned("id"),
    reference("application_id", "applications"),
    reference("user_id", "users"),
    Index("uq_saml_signins_session", "project_id", "application_id", "session_id", "name_id", unique=True),
    Index(None, "project_id", "application_id", "name_id"),
    Index(None, "project_id", "session_id"),
    Index(None, "project_id", "user_id"),
    Index(None, "project_id", "expires_at"),
)
