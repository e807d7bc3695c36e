"""The tables of Avow, as SQLAlchemy metadata: what migrations and fresh databases are made from.

Imported by `avow migrate` and its tests only; requests never load SQLAlchemy. Types are integers (BIGINT), text
(compared bytewise on both databases) and bytes. Instants are seconds since the epoch. Every table of a project has
the primary key (project_id, ...) and every foreign key and unique index begins with project_id, so that the database
itself refuses a reference from one project into another.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TEXT as POSTGRES_TEXT

__all__ = ["UNLOGGED", "metadata"]

# Tables that PostgreSQL keeps out of its write-ahead log: a crash empties them.
UNLOGGED = {"kv"}

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_TEXT = Text().with_variant(POSTGRES_TEXT(collation="C"), "postgresql")


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, _TEXT, nullable=null)


def _int(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _bytes(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


def _flag(name: str) -> list[Column[int] | CheckConstraint]:
    return [_int(name), CheckConstraint(f"{name} IN (0, 1)", name=name)]


def _owned(*names: str) -> list[PrimaryKeyConstraint | ForeignKeyConstraint]:
    """Return the primary key (project_id, *names) and the reference to the project."""
    return [
        PrimaryKeyConstraint("project_id", *names),
        ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
    ]


def _reference(column: str, table: str) -> ForeignKeyConstraint:
    """Return a reference into the same project; the referring row goes with its target."""
    return ForeignKeyConstraint(["project_id", column], [f"{table}.project_id", f"{table}.id"], ondelete="CASCADE")


# Facts of the installation: the check value of the secret key.
meta = Table("meta", metadata, Column("name", _TEXT, primary_key=True), _text("value"))

# Counters of rate limits where no Valkey is set; losing them resets a limit and nothing else.
kv = Table(
    "kv",
    metadata,
    Column("key", _TEXT, primary_key=True),
    _int("value"),
    _int("expires_at"),
    Index(None, "expires_at"),
)

# --- Projects and keys -----------------------------------------------------------------------------------------

projects = Table(
    "projects",
    metadata,
    Column("id", _TEXT, primary_key=True),
    _text("name"),
    _text("environment"),
    _int("version"),  # moved by every change of settings or keys; nodes compare it once a second
    _text("issuer_host", null=True),
    _int("created_at"),
    Index("uq_projects_issuer_host", "issuer_host", unique=True),
)

project_settings = Table(
    "project_settings",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("name"),
    _text("value"),  # JSON of one field of wire.projects.ProjectSettings; absent rows are defaults
    *_owned("name"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),  # kid: RFC 7638 thumbprint
    _text("key_set"),  # session | oidc
    _text("algorithm"),
    _text("state"),  # next | active | retired | removed
    _text("public_jwk"),
    _bytes("sealed_private", null=True),  # erased when the key is retired
    _int("created_at"),
    _int("promoted_at", null=True),
    _int("unpublish_at", null=True),  # a retired key leaves the key set then
    *_owned("id"),
    CheckConstraint("key_set IN ('session', 'oidc')", name="key_set"),
    CheckConstraint("state IN ('next', 'active', 'retired', 'removed')", name="state"),
)
# One next and one active key per set, whatever two administrators do at once.
Index(
    "uq_signing_keys_state",
    signing_keys.c.project_id,
    signing_keys.c.key_set,
    signing_keys.c.state,
    unique=True,
    sqlite_where=signing_keys.c.state.in_(["next", "active"]),
    postgresql_where=signing_keys.c.state.in_(["next", "active"]),
)

management_keys = Table(
    "management_keys",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _text("name"),
    _bytes("secret_mac"),
    _text("status"),  # active | revoked
    _int("created_at"),
    _int("expires_at", null=True),
    *_owned("id"),
    CheckConstraint("status IN ('active', 'revoked')", name="status"),
)

# --- Directory -------------------------------------------------------------------------------------------------

tenants = Table(
    "tenants",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _text("name"),
    _int("created_at"),
    *_owned("id"),
)

roles = Table(
    "roles",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _text("tenant_id", null=True),  # null: a role of the project
    _text("name"),
    _text("description"),
    _int("created_at"),
    *_owned("id"),
    _reference("tenant_id", "tenants"),
)
# Names are unique in the project, and in each tenant. Two indexes, since a null equals nothing in a unique one.
Index(
    "uq_roles_project_name",
    roles.c.project_id,
    roles.c.name,
    unique=True,
    sqlite_where=roles.c.tenant_id.is_(None),
    postgresql_where=roles.c.tenant_id.is_(None),
)
Index(
    "uq_roles_tenant_name",
    roles.c.project_id,
    roles.c.tenant_id,
    roles.c.name,
    unique=True,
    sqlite_where=roles.c.tenant_id.is_not(None),
    postgresql_where=roles.c.tenant_id.is_not(None),
)

permissions = Table(
    "permissions",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _text("name"),
    _text("description"),
    _int("created_at"),
    *_owned("id"),
    Index("uq_permissions_name", "project_id", "name", unique=True),
)

role_permissions = Table(
    "role_permissions",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("role_id"),
    _text("permission_id"),
    *_owned("role_id", "permission_id"),
    _reference("role_id", "roles"),
    _reference("permission_id", "permissions"),
    Index(None, "project_id", "permission_id"),
)

users = Table(
    "users",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _text("status"),  # enabled | disabled | invited
    _text("name"),
    _text("given_name"),
    _text("middle_name"),
    _text("family_name"),
    _text("email"),  # as typed; "" when there is none
    _text("email_folded"),
    *_flag("is_email_verified"),
    _text("phone"),  # E.164; "" when there is none
    *_flag("is_phone_verified"),
    _text("picture"),
    *_flag("is_test"),
    _int("credential_version"),  # moved by every change of a credential or a proven address
    _int("created_at"),
    _int("updated_at"),
    *_owned("id"),
    CheckConstraint("status IN ('enabled', 'disabled', 'invited')", name="status"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "project_id", "email_folded"),
    Index(None, "project_id", "phone"),
)

login_ids = Table(
    "login_ids",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("login_id"),  # canonical form of core.addresses; unique in the project
    _text("typed"),  # as shown
    _text("user_id"),
    _int("created_at"),
    *_owned("login_id"),
    _reference("user_id", "users"),
    Index(None, "project_id", "user_id"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("user_id"),
    _text("tenant_id"),
    _int("created_at"),
    *_owned("user_id", "tenant_id"),
    _reference("user_id", "users"),
    _reference("tenant_id", "tenants"),
    Index(None, "project_id", "tenant_id", "user_id"),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("user_id"),
    _text("role_id"),
    *_owned("user_id", "role_id"),
    _reference("user_id", "users"),
    _reference("role_id", "roles"),
    Index(None, "project_id", "role_id"),
)

membership_roles = Table(
    "membership_roles",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("user_id"),
    _text("tenant_id"),
    _text("role_id"),
    *_owned("user_id", "tenant_id", "role_id"),
    ForeignKeyConstraint(
        ["project_id", "user_id", "tenant_id"],
        ["memberships.project_id", "memberships.user_id", "memberships.tenant_id"],
        ondelete="CASCADE",
    ),
    _reference("role_id", "roles"),
    Index(None, "project_id", "role_id"),
)

# --- Sessions and challenges -----------------------------------------------------------------------------------

sessions = Table(
    "sessions",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),  # the family; named in every refresh token
    _text("user_id"),
    _text("tenant_id", null=True),  # the selected tenant (claim dct)
    _int("generation"),
    *_flag("rotates"),
    _int("rotated_at"),
    _int("created_at"),
    _int("expires_at"),  # absolute, never moved
    _int("last_used_at"),
    _int("revoked_at", null=True),
    _text("revoked_why", null=True),  # logout | reuse | disabled | ...
    _text("amr"),  # space-separated, in order
    _text("claims"),  # JSON object: custom claims set by the server side, top level of the token
    _text("unsigned_claims"),  # JSON object: custom claims a client asked for, under "nsec"
    _text("address"),
    _text("device"),
    *_owned("id"),
    _reference("user_id", "users"),
    Index(None, "project_id", "user_id", "created_at"),
    Index(None, "project_id", "expires_at"),
)

challenges = Table(
    "challenges",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _text("purpose"),  # otp | magic-link | enchanted-link | enchanted-pending
    _text("subject"),  # whose: user id, or `new:` and the login ID of a sign-up; at most one live challenge per purpose
    _bytes("mac"),
    _text("binding"),  # JSON of what success does; the slice that made it reads it
    _int("attempts_left"),
    _int("created_at"),
    _int("expires_at"),
    *_owned("id"),
    Index("uq_challenges_subject", "project_id", "purpose", "subject", unique=True),
    Index(None, "project_id", "expires_at"),
)

# Guess budgets per account: counted in the unit that judges, so that no crash or cache loss gives a guess back.
counters = Table(
    "counters",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),  # what is counted: "guess:<subject>"
    _int("value"),
    _int("ends_at"),
    *_owned("id"),
    Index(None, "project_id", "ends_at"),
)

# --- Messages and audit ----------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _text("challenge_id", null=True),  # a message whose challenge is gone is dropped
    _text("template"),
    _text("method"),  # email | sms | voice | whatsapp
    _text("locale"),
    _bytes("address_mac"),  # counts sends to one address without keeping it
    _text("phone_prefix"),
    _bytes("sealed", null=True),  # address and parameters; erased when the message is finished
    _text("state"),  # waiting | leased | sent | dropped | failed
    _int("attempts"),
    _int("due_at"),
    _int("leased_until"),
    _int("created_at"),
    _int("finished_at", null=True),
    _text("error"),
    *_owned("id"),
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
    Column("project_id", _TEXT, nullable=False),
    _text("template"),
    _text("method"),
    _text("locale"),  # "" for every locale
    _text("subject"),
    _text("text"),
    _text("html"),
    _int("updated_at"),
    *_owned("template", "method", "locale"),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("project_id", _TEXT, nullable=False),
    _text("id"),
    _int("occurred_at"),
    _text("action"),  # session.opened, code.refused, ...
    _text("outcome"),  # done | refused
    _text("actor"),  # user:<id> | key:<id> | anyone | command
    _text("user_id"),  # "" when nobody is concerned; kept after the user is deleted
    _text("tenant_id"),
    _text("address"),
    _text("device"),
    _text("data"),  # JSON object of ids and outcomes, no secrets
    *_owned("id"),
    Index(None, "project_id", "occurred_at", "id"),
    Index(None, "project_id", "user_id", "occurred_at"),
)
