"""Tables of sessions, challenges and guess budgets."""

from sqlalchemy import Column, Index, Table

from avow.server.store.schema.columns import (
    TEXT,
    added_integer,
    added_text,
    data,
    flag,
    integer,
    metadata,
    owned,
    reference,
    text,
)

__all__ = ["challenges", "counters", "flow_executions", "sessions"]

sessions = Table(
    "sessions",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # the family; named in every refresh token
    text("user_id"),
    text("tenant_id", null=True),  # the selected tenant (claim dct)
    integer("generation"),
    *flag("rotates"),
    integer("rotated_at"),
    integer("created_at"),
    integer("expires_at"),  # absolute, never moved
    integer("last_used_at"),
    integer("revoked_at", null=True),
    text("revoked_why", null=True),  # logout | reuse | disabled | ...
    text("amr"),  # space-separated, in order
    text("claims"),  # JSON object: custom claims set by the server side, top level of the token
    text("unsigned_claims"),  # JSON object: custom claims a client asked for, under "nsec"
    text("address"),
    text("device"),
    added_text("impersonator"),  # user id of who acts in the name of the user (claim act), or ""
    added_integer("awaits_factor"),  # a second factor is asked for: no session token until it is there
    added_integer("strong_at"),  # when an app or a passkey was last shown, in it or in what it goes on from; 0: never
    added_integer("is_heard"),  # 1: an application wants to be told when it ends, and was not yet
    *owned("id"),
    reference("user_id", "users"),
    Index(None, "project_id", "user_id", "created_at"),
    Index(None, "project_id", "expires_at"),
)

# Whoever is disabled acts in nobody's name any more; very few sessions are of that kind.
Index(
    "ix_sessions_impersonator",
    sessions.c.project_id,
    sessions.c.impersonator,
    sqlite_where=sessions.c.impersonator != "",
    postgresql_where=sessions.c.impersonator != "",
)

# Sessions that have ended, of which an application is to be told: what the herald looks for.
Index(
    "ix_sessions_heard",
    sessions.c.project_id,
    sessions.c.revoked_at,
    sqlite_where=(sessions.c.is_heard == 1) & sessions.c.revoked_at.is_not(None),
    postgresql_where=(sessions.c.is_heard == 1) & sessions.c.revoked_at.is_not(None),
)

challenges = Table(
    "challenges",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("purpose"),  # otp | magic-link | enchanted-link | enchanted-pending
    text("subject"),  # whose: user id, or `new:` and the login ID of a sign-up; at most one live challenge per purpose
    data("mac"),
    text("binding"),  # JSON of what success does; the slice that made it reads it
    integer("attempts_left"),
    integer("created_at"),
    integer("expires_at"),
    *owned("id"),
    Index("uq_challenges_subject", "project_id", "purpose", "subject", unique=True),
    Index(None, "project_id", "expires_at"),
)

# Guess budgets per account: counted in the unit that judges, so that no crash or cache loss gives a guess back.
counters = Table(
    "counters",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),  # what is counted: "guess:<subject>"
    integer("value"),
    integer("ends_at"),
    *owned("id"),
    Index(None, "project_id", "ends_at"),
)

# Sign-in flows on their way. What they know lies sealed in `state`; `seq` is what every step of a browser names.
flow_executions = Table(
    "flow_executions",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("flow_id"),
    integer("flow_version"),
    text("step"),  # the screen it waits at
    text("screen_key"),  # unguessable part of the screen's address, another one for each screen
    integer("seq"),  # how many steps were taken
    data("state"),
    text("user_id"),  # of the session whose tokens have not been handed out yet
    text("session_id"),
    integer("created_at"),
    integer("expires_at"),
    integer("ended_at", null=True),
    *owned("id"),
    Index(None, "project_id", "expires_at"),
)
