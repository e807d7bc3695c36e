"""Roles: made of permissions, in the project or in a tenant, and granted. A change is in the next token."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from avow.core import ids
from avow.errors import InvalidArgument, MissingArgument, NotFound
from avow.server.roles import rows
from avow.server.roles.rows import AllowedRow, IdRow, ListedRow, PlaceRow, RoleRow
from avow.server.store import Search, Tx, in_list

__all__ = [
    "MISSING",
    "HeldRole",
    "RoleChange",
    "Wanted",
    "create",
    "delete",
    "find",
    "get",
    "grant",
    "grant_defaults",
    "held_of",
    "search",
    "update",
]

MISSING = "There is no such role."


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role with its permissions; `tenant_id` is "" for a role of the project."""

    id: str
    tenant_id: str
    name: str
    description: str
    permissions: tuple[str, ...]
    created_at: int
    is_default: bool
    is_private: bool


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What is to stand in a role; a flag of None stays as it is."""

    name: str
    description: str = ""
    permissions: tuple[str, ...] = ()
    is_default: bool | None = None
    is_private: bool | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which roles a search is for; None does not limit.

    Attributes:
        tenants: Of these tenants; "" stands for the project.
        names: Of these names.
        role_ids: With these ids.
        text: The name contains it, whatever its case.
        permissions: With all of these.
    """

    tenants: Collection[str] | None = None
    names: Collection[str] | None = None
    role_ids: Collection[str] | None = None
    text: str = ""
    permissions: Collection[str] = field(default=())


def create(
    tx: Tx,
    name: str,
    *,
    description: str = "",
    permissions: Iterable[str] = (),
    tenant_id: str | None = None,
    is_default: bool = False,
    is_private: bool = False,
    actor: str = "command",
) -> str:
    """Insert a role made of permissions that exist; return its id.

    Args:
        tx: Unit of the project.
        name: Unique in the project, or in the tenant.
        description: For people.
        permissions: Names.
        tenant_id: The tenant that the role belongs to; None for a role of the project.
        is_default: New users have it; if it is a tenant's, new members.
        is_private: Tenants' administrators neither see nor give it.
        actor: Who makes it, for the audit.

    Raises:
        InvalidArgument: The name is taken, or there is no such permission.
        NotFound: There is no such tenant.
    """
    if tenant_id is not None and tx.one(rows.FIND_TENANT, IdRow, tenant_id=tenant_id) is None:
        raise NotFound(error_message="There is no such tenant.")
    role_id = ids.directory_id(ids.ROLE, tx.now)
    made = tx.one(
        rows.INSERT,
        IdRow,
        id=role_id,
        tenant_id=tenant_id,
        name=name,
        description=description,
        is_default=int(is_default),
        is_private=int(is_private),
    )
    if made is None:
        raise _taken(name)
    _allow(tx, role_id, permissions)
    tx.audit("role.created", actor=actor, tenant_id=tenant_id or "", data={"role": role_id})
    return role_id


def find(tx: Tx, name: str, *, tenant_id: str | None = None) -> PlaceRow | None:
    """Return the role of this name, of the project or of one tenant, or None."""
    if tenant_id is None:
        return tx.one(rows.FIND_IN_PROJECT, PlaceRow, name=name)
    return tx.one(rows.FIND_IN_TENANT, PlaceRow, name=name, tenant_id=tenant_id)


def get(tx: Tx, role_id: str, name: str, tenant_id: str | None) -> PlaceRow:
    """Return the role with this id, or else of this name in the project or the tenant.

    Raises:
        MissingArgument: Neither is given.
        NotFound: There is none, or it belongs to another tenant than the one given.
    """
    if not (role_id or name):
        raise MissingArgument(error_message="Name the role, or give its id.")
    found = tx.one(rows.FIND_BY_ID, PlaceRow, id=role_id) if role_id else find(tx, name, tenant_id=tenant_id)
    if found is None or (tenant_id is not None and found.tenant != tenant_id):
        raise NotFound(error_message=MISSING)
    return found


def update(tx: Tx, role: PlaceRow, change: RoleChange, *, actor: str) -> None:
    """Replace all that a role is; who holds it keeps it.

    Raises:
        InvalidArgument: The new name is taken, or there is no such permission.
    """
    updated = tx.one(
        rows.UPDATE,
        IdRow,
        id=role.id,
        new_name=change.name,
        description=change.description,
        is_default=None if change.is_default is None else int(change.is_default),
        is_private=None if change.is_private is None else int(change.is_private),
    )
    if updated is None:
        raise _taken(change.name)
    tx.run(rows.CLEAR_PERMISSIONS, role_id=role.id)
    _allow(tx, role.id, change.permissions)
    tx.audit("role.updated", actor=actor, tenant_id=role.tenant, data={"role": role.id})


def delete(tx: Tx, found: Sequence[PlaceRow], *, actor: str) -> None:
    """Delete roles for ever; whoever held one has it no more."""
    clause, listed = in_list("ids", [role.id for role in found])
    deleted = {row.id for row in tx.all(rows.DELETE.replace("(:ids)", clause), IdRow, **listed)}
    for role in {role.id: role for role in found}.values():
        if role.id not in deleted:
            raise NotFound(error_message=MISSING)
    for tenant_id in sorted({role.tenant for role in found}):
        gone = sorted({role.id for role in found if role.tenant == tenant_id})
        tx.audit("role.deleted", actor=actor, tenant_id=tenant_id, data={"roles": gone})


def search(tx: Tx, wanted: Wanted, *, most: int | None = None) -> list[HeldRole]:
    """Return the roles that match, by name, in one statement.

    Args:
        tx: The unit.
        wanted: Which.
        most: How many permissions in roles (a role without one counts as one) are looked through; None for any number.

    Raises:
        InvalidArgument: There are more than `most`.
    """
    statement = Search(rows.SEARCH)
    if wanted.tenants is not None:
        statement.among("r.tenant", "tenants", list(wanted.tenants))
    if wanted.names is not None:
        statement.among("r.name", "names", list(wanted.names))
    if wanted.role_ids is not None:
        statement.among("r.id", "role_ids", list(wanted.role_ids))
    by_id: dict[str, list[RoleRow]] = {}
    statement.order("r.name, r.tenant, r.id, permission")
    for row in statement.listed(tx, RoleRow, most, "permissions in roles"):
        by_id.setdefault(row.id, []).append(row)
    text, needed = wanted.text.casefold(), set(wanted.permissions)
    held = [_held(found) for found in by_id.values()]
    return [role for role in held if text in role.name.casefold() and needed <= set(role.permissions)]


def held_of(tx: Tx, user_id: str, tenant_id: str, listed: Collection[tuple[str, str]]) -> frozenset[str]:
    """Return the ids, of those in a list of roles, whose role a user holds in the project or in a tenant.

    Args:
        tx: The unit.
        user_id: Who.
        tenant_id: The tenant that they act in, or "".
        listed: Id and name of each. The name counts where there is no role of this id, since lists come with copies of
            projects, and for roles of the project alone: a tenant may call its own as it likes.
    """
    if not listed:
        return frozenset()
    role_ids, ids_listed = in_list("role_ids", sorted({role_id for role_id, _ in listed}))
    names, names_listed = in_list("names", sorted({name for _, name in listed if name}))
    sql = rows.LISTED.replace("(:role_ids)", role_ids).replace("(:names)", names)
    found = tx.all(sql, ListedRow, user_id=user_id, tenant_id=tenant_id, **ids_listed, **names_listed)
    by_id = {row.id: row for row in found}
    by_name = {row.name: row for row in found if not row.tenant}
    meant = [(role_id, by_id.get(role_id) or by_name.get(name)) for role_id, name in listed]
    return frozenset(role_id for role_id, row in meant if row is not None and row.is_held)


def grant(tx: Tx, user_id: str, role_id: str, *, tenant_id: str | None = None) -> None:
    """Give a role to a user, in the project or as a member of one tenant; a second time changes nothing."""
    if tenant_id is None:
        tx.run(rows.GRANT, user_id=user_id, role_id=role_id)
    else:
        tx.run(rows.GRANT_IN_TENANT, user_id=user_id, tenant_id=tenant_id, role_id=role_id)
    tx.audit("role.granted", actor="command", user_id=user_id, tenant_id=tenant_id or "", data={"role": role_id})


def grant_defaults(tx: Tx, user_id: str) -> None:
    """Give a new user the project's default roles; what they are given is part of being created."""
    tx.run(rows.GRANT_DEFAULTS, user_id=user_id)


def _allow(tx: Tx, role_id: str, permissions: Iterable[str]) -> None:
    names = list(dict.fromkeys(permissions))
    if not names:
        return
    clause, listed = in_list("names", names)
    allowed = tx.all(rows.ALLOW.replace("(:names)", clause), AllowedRow, role_id=role_id, **listed)
    if len(allowed) != len(names):
        raise InvalidArgument(error_message="A role is made of permissions that exist; one of these does not.")


def _held(found: Sequence[RoleRow]) -> HeldRole:
    first = found[0]
    return HeldRole(
        id=first.id,
        tenant_id=first.tenant,
        name=first.name,
        description=first.description,
        permissions=tuple(row.permission for row in found if row.permission),
        created_at=first.created_at,
        is_default=bool(first.is_default),
        is_private=bool(first.is_private),
    )


def _taken(name: str) -> InvalidArgument:
    return InvalidArgument(error_message=f"There is a role named {name!r} already.")
