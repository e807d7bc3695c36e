"""Tables of the directory: tenants, roles, users, groups, and where tenants sign in."""

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
    reference,
    text,
)

__all__ = [
    "attribute_definitions",
    "attribute_values",
    "group_members",
    "groups",
    "login_ids",
    "membership_roles",
    "memberships",
    "permissions",
    "role_permissions",
    "roles",
    "sso_connections",
    "tenant_default_roles",
    "tenant_domains",
    "tenants",
    "user_roles",
    "users",
]

tenants = Table(
    "tenants",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    integer("created_at"),
    added_integer("is_disabled"),
    added_integer("enforces_sso"),
    text("parent_id", null=True),
    added_text("role_inheritance"),
    added_text("custom_attributes", "{}"),  # JSON object, as shown
    added_text("details", "{}"),  # JSON of what nobody searches: SSO exclusions, federated apps
    added_text("settings", "{}"),  # JSON of wire.tenants.TenantSettings that differ from the defaults
    integer("deleted_at", null=True),  # nothing of it works any more; its rows go in steps
    added_integer("takes_members"),  # users and access keys that belong to no other tenant go with it
    added_text("deleted_by"),  # the actor, for the audit of what goes later
    *owned("id"),
    Index(None, "project_id", "created_at", "id"),
    Index(None, "project_id", "name"),
)

# What is on its way out, however many tenants there are.
Index(
    "ix_tenants_deleted",
    tenants.c.project_id,
    tenants.c.id,
    sqlite_where=tenants.c.deleted_at.is_not(None),
    postgresql_where=tenants.c.deleted_at.is_not(None),
)

# Mail domains of a tenant. Of one kind, a domain belongs to one tenant.
tenant_domains = Table(
    "tenant_domains",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("kind"),  # provisioning (who has such an address joins by himself) | sso (who has one signs in there)
    text("domain"),  # as `core.addresses.domain` folds it: lower case, in ASCII
    text("tenant_id"),
    integer("position"),
    added_text("sso_id"),  # of kind sso: whose configuration it leads to; "" for the first one of the tenant
    *owned("kind", "domain"),
    reference("tenant_id", "tenants"),
    Index(None, "project_id", "tenant_id", "kind"),
    CheckConstraint("kind IN ('provisioning', 'sso')", name="kind"),
)

roles = Table(
    "roles",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("tenant_id", null=True),  # null: a role of the project
    text("name"),
    text("description"),
    integer("created_at"),
    added_integer("is_default"),  # every new user has it
    added_integer("is_private"),  # tenants' administrators neither see nor give it
    *owned("id"),
    reference("tenant_id", "tenants"),
    Index(None, "project_id", "name"),
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
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("name"),
    text("description"),
    integer("created_at"),
    *owned("id"),
    Index("uq_permissions_name", "project_id", "name", unique=True),
)

role_permissions = Table(
    "role_permissions",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("role_id"),
    text("permission_id"),
    *owned("role_id", "permission_id"),
    reference("role_id", "roles"),
    reference("permission_id", "permissions"),
    Index(None, "project_id", "permission_id"),
)

# What every new member of a tenant holds in it.
tenant_default_roles = Table(
    "tenant_default_roles",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("tenant_id"),
    text("role_id"),
    *owned("tenant_id", "role_id"),
    reference("tenant_id", "tenants"),
    reference("role_id", "roles"),
    Index(None, "project_id", "role_id"),
)

# Custom attributes that a project has defined, of users, tenants and access keys.
attribute_definitions = Table(
    "attribute_definitions",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("kind"),  # user | tenant | accesskey
    text("name"),
    text("type"),  # string | number | boolean | date | singleselect | multiselect
    text("display_name"),
    text("details"),  # JSON: options, default value, who may see and edit
    integer("created_at"),
    *owned("kind", "name"),
    CheckConstraint("kind IN ('user', 'tenant', 'accesskey')", name="kind"),
)

# The searchable form of custom attributes: one row per value, of a list one per element.
attribute_values = Table(
    "attribute_values",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("kind"),
    text("owner_id"),  # user, tenant or access key; deleted with its owner by the unit that deletes it
    text("name"),
    text("value"),  # JSON of a scalar
    *owned("kind", "owner_id", "name", "value"),
    Index(None, "project_id", "kind", "name", "value", "owner_id"),
)

users = Table(
    "users",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("id"),
    text("status"),  # enabled | disabled | invited
    text("name"),
    text("given_name"),
    text("middle_name"),
    text("family_name"),
    text("email"),  # as typed; "" when there is none
    text("email_folded"),
    *flag("is_email_verified"),
    text("phone"),  # E.164; "" when there is none
    *flag("is_phone_verified"),
    text("picture"),
    *flag("is_test"),
    integer("credential_version"),  # moved by every change of a credential or a proven address
    integer("created_at"),
    integer("updated_at"),
    added_text("name_folded"),  # for searches
    added_text("custom_attributes", "{}"),  # JSON object, as shown; attribute_values finds them
    added_text("external_ids", "[]"),  # JSON list
    added_text("recovery_email"),
    added_integer("is_recovery_email_verified"),
    added_text("recovery_phone"),
    added_integer("is_recovery_phone_verified"),
    added_integer("is_email_vouched"),  # an administrator marked the address verified: a first proof does not drop it
    added_integer("is_phone_vouched"),
    added_integer("is_anonymous"),  # signed in without an identity; no search finds them
    added_integer("impersonation_until"),  # until then they agree to be impersonated
    *owned("id"),
    CheckConstraint("status IN ('enabled', 'disabled', 'invited')", name="status"),
    # Pages and totals of the usual search read this index alone.
    Index("ix_users_listed", "project_id", "created_at", "id", "is_test", "is_anonymous"),
    Index(None, "project_id", "updated_at", "id"),
    Index(None, "project_id", "name_folded", "id"),
    Index(None, "project_id", "email_folded", "id"),
    Index(None, "project_id", "phone", "id"),
)

# However many users there are, their test users are found at once.
Index(
    "ix_users_test",
    users.c.project_id,
    users.c.id,
    sqlite_where=users.c.is_test == 1,
    postgresql_where=users.c.is_test == 1,
)

# Of whom nobody knows, those are deleted that have no session any more.
Index(
    "ix_users_anonymous",
    users.c.project_id,
    users.c.created_at,
    sqlite_where=users.c.is_anonymous == 1,
    postgresql_where=users.c.is_anonymous == 1,
)

login_ids = Table(
    "login_ids",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("login_id"),  # canonical form of core.addresses; unique in the project
    text("typed"),  # as shown
    text("user_id"),
    integer("created_at"),
    *owned("login_id"),
    reference("user_id", "users"),
    Index(None, "project_id", "user_id"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("tenant_id"),
    integer("created_at"),
    *owned("user_id", "tenant_id"),
    reference("user_id", "users"),
    reference("tenant_id", "tenants"),
    Index(None, "project_id", "tenant_id", "user_id"),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("role_id"),
    *owned("user_id", "role_id"),
    reference("user_id", "users"),
    reference("role_id", "roles"),
    Index(None, "project_id", "role_id", "user_id"),
)

membership_roles = Table(
    "membership_roles",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("user_id"),
    text("tenant_id"),
    text("role_id"),
    added_text("given_by"),  # the SSO configuration whose groups give it (`sso:` and its id); "" for given by hand
    *owned("user_id", "tenant_id", "role_id"),
    ForeignKeyConstraint(
        ["project_id", "user_id", "tenant_id"],
        ["memberships.project_id", "memberships.user_id", "memberships.tenant_id"],
        ondelete="CASCADE",
    ),
    reference("role_id", "roles"),
    Index(None, "project_id", "role_id", "tenant_id", "user_id"),
)

sso_connections = Table(
    "sso_connections",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("tenant_id"),
    text("id"),  # "" for the first one of a tenant
    text("kind"),  # none | saml | oidc | xaa
    text("display_name"),
    text("settings"),  # JSON, secrets left out
    data("sealed_secret", null=True),  # the client secret
    integer("created_at"),
    integer("updated_at"),
    *owned("tenant_id", "id"),
    reference("tenant_id", "tenants"),
    CheckConstraint("kind IN ('none', 'saml', 'oidc', 'xaa')", name="kind"),
)

groups = Table(
    "groups",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("tenant_id"),
    text("id"),
    text("display"),
    text("source"),  # saml | oidc | scim
    text("sso_id"),
    integer("created_at"),
    *owned("tenant_id", "id"),
    reference("tenant_id", "tenants"),
)

group_members = Table(
    "group_members",
    metadata,
    Column("project_id", TEXT, nullable=False),
    text("tenant_id"),
    text("group_id"),
    text("user_id"),
    *owned("tenant_id", "group_id", "user_id"),
    ForeignKeyConstraint(
        ["project_id", "tenant_id", "group_id"],
        ["groups.project_id", "groups.tenant_id", "groups.id"],
        ondelete="CASCADE",
    ),
    reference("user_id", "users"),
    Index(None, "project_id", "user_id"),
)
