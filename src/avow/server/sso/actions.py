"""SSO configurations of tenants: made, changed under a lock, found and deleted; the client secret sealed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from avow.core import ids
from avow.errors import InvalidArgument, NotFound
from avow.server.federation.identities import forget_way
from avow.server.federation.starts import Way
from avow.server.roles import actions as roles
from avow.server.sso import rows, stored
from avow.server.sso.rows import ConnectionRow, IdRow
from avow.server.sso.stored import GroupsRole, Settings
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.wire.sso import DEFAULT_SSO_ID, RoleMapping

__all__ = [
    "MISSING",
    "Connection",
    "client_secret",
    "connection_id",
    "create",
    "delete",
    "given_by",
    "load",
    "load_all",
    "lock",
    "role_ids",
    "role_mappings",
    "save",
]

MISSING = "There is no such SSO configuration."
MOST_CONNECTIONS: Final = 20  # of one tenant

_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Connection:
    """One SSO configuration of a tenant.

    Attributes:
        tenant_id: Whose.
        id: "" for the first one of the tenant.
        kind: `none`, `saml` or `oidc`: how people sign in.
        display_name: For people.
        settings: Everything but the secret.
        sealed_secret: The client secret, or None.
    """

    tenant_id: str
    id: str = ""
    kind: str = "none"
    display_name: str = ""
    settings: Settings = field(default_factory=Settings)
    sealed_secret: bytes | None = field(default=None, repr=False)

    @property
    def sso_id(self) -> str:
        """Return its id on the wire."""
        return self.id or DEFAULT_SSO_ID


def connection_id(sso_id: str | None) -> str:
    """Return the id of a configuration that callers name; "" for the first one of a tenant.

    Raises:
        InvalidArgument: It is no id.
    """
    if not sso_id or sso_id == DEFAULT_SSO_ID:
        return ""
    if not _ID.fullmatch(sso_id):
        raise InvalidArgument(error_message="An ssoId is made of up to 64 letters, digits, hyphens and the like.")
    return sso_id


def given_by(connection: str) -> str:
    """Return what marks the roles that groups of a configuration gave."""
    return f"sso:{connection}"


def load(tx: Tx, tenant_id: str, connection: str) -> Connection:
    """Return a configuration; the first one of a tenant is there even before it is set up.

    Raises:
        NotFound: There is none.
    """
    row = tx.one(rows.FIND, ConnectionRow, tenant_id=tenant_id, id=connection)
    if row is None and connection:
        raise NotFound(error_message=MISSING)
    return _connection(tenant_id, row) if row else Connection(tenant_id)


def load_all(tx: Tx, tenant_id: str) -> list[Connection]:
    """Return every configuration of a tenant, the first one first."""
    found = [_connection(tenant_id, row) for row in tx.all(rows.LIST, ConnectionRow, tenant_id=tenant_id)]
    return found if found and not found[0].id else [Connection(tenant_id), *found]


def lock(tx: Tx, tenant_id: str, connection: str) -> Connection:
    """Return a configuration and keep it for this unit until its commit.

    Raises:
        NotFound: There is none, or no such tenant.
    """
    if connection:
        row = tx.one(rows.LOCK, ConnectionRow, tenant_id=tenant_id, id=connection)
    else:
        row = tx.one(rows.LOCK_FIRST, ConnectionRow, tenant_id=tenant_id)
    if row is None:
        raise NotFound(error_message=MISSING)
    return _connection(tenant_id, row)


def save(tx: Tx, after: Connection, *, secret: str = "", what: str, actor: str) -> None:
    """Replace a configuration that this unit has locked.

    Args:
        tx: The unit.
        after: What it is to be.
        secret: A new client secret; "" leaves the one in `after`.
        what: What was changed, for the audit.
        actor: Who changes it.
    """
    sealed = after.sealed_secret
    if secret:
        sealed = tx.vault.seal(secret.encode(), row=rows.sealed_row(tx.project_id, after.tenant_id, after.id))
    tx.run(
        rows.UPDATE,
        tenant_id=after.tenant_id,
        id=after.id,
        kind=after.kind,
        settings=stored.encoded(after.settings),
        sealed_secret=sealed,
    )
    tx.audit("sso.changed", actor=actor, tenant_id=after.tenant_id, data={"sso": after.sso_id, "what": what})


def client_secret(tx: Tx, connection: Connection) -> str:
    """Return the client secret of a configuration, for a sign-in alone; "" when it has none.

    Raises:
        SealBroken: The secret key of the server is not the one that sealed it, or it was sealed for another place.
    """
    if connection.sealed_secret is None:
        return ""
    row = rows.sealed_row(tx.project_id, connection.tenant_id, connection.id)
    return tx.vault.open(connection.sealed_secret, row=row).decode()


def create(tx: Tx, tenant_id: str, display_name: str, connection: str, *, actor: str) -> Connection:
    """Insert a further configuration, empty as yet; its id is made up unless one is given.

    Raises:
        InvalidArgument: The tenant has one of this id, or as many as it may.
        NotFound: There is no such tenant.
    """
    tenants.get(tx, tenant_id)
    made = connection or ids.directory_id("O", tx.now)
    row = tx.one(rows.INSERT, IdRow, tenant_id=tenant_id, id=made, display_name=display_name, most=MOST_CONNECTIONS)
    if row is None:
        raise InvalidArgument(
            error_message=f"The tenant has an SSO configuration {made!r} already, or {MOST_CONNECTIONS} of them."
        )
    tx.audit("sso.created", actor=actor, tenant_id=tenant_id, data={"sso": made})
    return Connection(tenant_id, made, display_name=display_name)


def delete(tx: Tx, tenant_id: str, connection: str, *, actor: str) -> None:
    """Delete a configuration with its secret, domains, identities and groups, for ever; roles that these gave stay.

    Raises:
        NotFound: There is none, or no such tenant.
    """
    tenants.get(tx, tenant_id)
    row = tx.one(rows.DELETE, IdRow, tenant_id=tenant_id, id=connection)
    if row is None and connection:
        raise NotFound(error_message=MISSING)
    tenants.set_sso_domains(tx, tenant_id, connection, ())
    tx.run(rows.DELETE_GROUPS, tenant_id=tenant_id, sso_id=connection)
    forget_way(tx, Way(kind="sso", name=connection, tenant_id=tenant_id))
    deleted = Connection(tenant_id, connection)
    tx.audit("sso.deleted", actor=actor, tenant_id=tenant_id, data={"sso": deleted.sso_id})


def role_mappings(tx: Tx, tenant_id: str, given: Iterable[RoleMapping]) -> tuple[GroupsRole, ...]:
    """Return mappings with the ids of their roles; raises as `role_ids`."""
    mappings = list(given)
    found = role_ids(tx, tenant_id, [each.role_name or "" for each in mappings])
    return tuple(
        GroupsRole(role_id=role_id, groups=tuple(dict.fromkeys(each.groups or ())))
        for each, role_id in zip(mappings, found, strict=True)
    )


def role_ids(tx: Tx, tenant_id: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of roles by name; one of the tenant comes before one of the project.

    Raises:
        InvalidArgument: There is no such role.
    """
    wanted = list(names)
    if not wanted:
        return ()
    found = roles.search(tx, roles.Wanted(tenants=("", tenant_id), names=list(dict.fromkeys(wanted))))
    by_name = {role.name: role.id for role in sorted(found, key=lambda role: role.tenant_id)}
    if unknown := [name for name in wanted if name not in by_name]:
        raise InvalidArgument(error_message=f"There is no role {unknown[0]!r} in the project or the tenant.")
    return tuple(by_name[name] for name in wanted)


def _connection(tenant_id: str, row: ConnectionRow) -> Connection:
    return Connection(
        tenant_id=tenant_id,
        id=row.id,
        kind=row.kind,
        display_name=row.display_name,
        settings=stored.decoded(row.settings),
        sealed_secret=row.sealed_secret,
    )
