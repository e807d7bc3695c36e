"""The routes of roles.

A tenant's administrator sees the roles of that tenant and those of the project that are not private, and deletes the
tenant's own; what is out of reach answers as what does not exist.
"""

from collections.abc import Iterable, Sequence

from avow.errors import MissingArgument, NotFound
from avow.server.roles import actions
from avow.server.roles.actions import HeldRole, RoleChange, Wanted
from avow.server.roles.rows import PlaceRow
from avow.server.serving import Call, Slice, reads, writes
from avow.server.store import Tx
from avow.wire import roles as wire
from avow.wire.endpoint import Nothing
from avow.wire.roles import (
    CreateRole,
    CreateRoles,
    DeleteRoles,
    Role,
    RoleRef,
    Roles,
    SearchRoles,
    UpdateRole,
    UpdateRoles,
)

__all__ = ["SLICE"]


def create(tx: Tx, call: Call[CreateRole]) -> Role:
    """Make a role of the project, or of a tenant, from permissions that exist."""
    return _loaded(tx, [_create(tx, call, call.body)])[0]


def create_batch(tx: Tx, call: Call[CreateRoles]) -> Roles:
    """Make roles, all of them or none."""
    return Roles(roles=_loaded(tx, [_create(tx, call, each) for each in call.body.roles or ()]))


def update(tx: Tx, call: Call[UpdateRole]) -> Role:
    """Replace name, description and permissions of a role; whoever holds it notices in their next token."""
    return _loaded(tx, [_update(tx, call, call.body)])[0]


def update_batch(tx: Tx, call: Call[UpdateRoles]) -> Roles:
    """Replace roles, all of them or none."""
    return Roles(roles=_loaded(tx, [_update(tx, call, each) for each in call.body.roles or ()]))


def delete(tx: Tx, call: Call[RoleRef]) -> None:
    """Delete a role for ever; whoever held it has it no more in their next token."""
    body = call.body
    actions.delete(tx, [_reached(tx, call, body.id, body.name, body.tenant_id)], actor=call.management.actor)


def delete_batch(tx: Tx, call: Call[DeleteRoles]) -> None:
    """Delete roles for ever, all of them or none."""
    body = call.body
    found = [_reached(tx, call, each, None, body.tenant_id) for each in body.role_ids or ()]
    found += [_reached(tx, call, None, each, body.tenant_id) for each in body.role_names or ()]
    found += [_reached(tx, call, None, each.name, each.tenant_id or body.tenant_id) for each in body.roles or ()]
    if not found:
        raise MissingArgument(error_message="Name the roles to delete, or give their ids.")
    actions.delete(tx, found, actor=call.management.actor)


def load_all(tx: Tx, call: Call[Nothing]) -> Roles:
    """Return every role, of the project and of its tenants, by name.

    Where they have more than 100,000 permissions together, search for some of them.
    """
    own = call.management.tenant_id
    return _shown(call, actions.search(tx, Wanted(tenants=("", own) if own else None), most=wire.MOST_LISTED))


def search(tx: Tx, call: Call[SearchRoles]) -> Roles:
    """Return the roles that match everything asked for, by name.

    More than 100,000 permissions in roles are not looked through: name tenants, names or ids.
    """
    body = call.body
    tenants = call.confinement.within(body.tenant_ids)
    if tenants is not None and (body.include_project_roles or not body.tenant_ids):
        tenants = (*tenants, "")
    wanted = Wanted(
        tenants=tenants,
        names=body.role_names or None,
        role_ids=body.role_ids or None,
        text=body.role_name_like or "",
        permissions=body.permission_names or (),
    )
    return _shown(call, actions.search(tx, wanted, most=wire.MOST_LISTED))


def _create(tx: Tx, call: Call[object], wanted: CreateRole) -> str:
    return actions.create(
        tx,
        wanted.name,
        description=wanted.description or "",
        permissions=wanted.permission_names or (),
        tenant_id=wanted.tenant_id or None,
        is_default=bool(wanted.default),
        is_private=bool(wanted.private),
        actor=call.management.actor,
    )


def _update(tx: Tx, call: Call[object], wanted: UpdateRole) -> str:
    role = _reached(tx, call, wanted.id, wanted.name, wanted.tenant_id)
    change = RoleChange(
        name=wanted.new_name,
        description=wanted.description or "",
        permissions=wanted.permission_names or (),
        is_default=wanted.default,
        is_private=wanted.private,
    )
    actions.update(tx, role, change, actor=call.management.actor)
    return role.id


def _reached(tx: Tx, call: Call[object], role_id: str | None, name: str | None, tenant_id: str | None) -> PlaceRow:
    """Return the role that a call names, if the caller may touch it."""
    role = actions.get(tx, role_id or "", name or "", tenant_id or call.management.tenant_id or None)
    hidden = bool(call.management.tenant_id) and role.is_private
    if hidden or not call.confinement.reaches(role.tenant):
        raise NotFound(error_message=actions.MISSING)
    return role


def _loaded(tx: Tx, role_ids: Sequence[str]) -> tuple[Role, ...]:
    """Return roles as answers show them, in the order of their ids."""
    found = {role.id: role for role in actions.search(tx, Wanted(role_ids=role_ids))}
    return tuple(_role(found[each]) for each in role_ids)


def _shown(call: Call[object], found: Iterable[HeldRole]) -> Roles:
    hides = bool(call.management.tenant_id)
    return Roles(roles=tuple(_role(role) for role in found if not (hides and role.is_private)))


def _role(role: HeldRole) -> Role:
    return Role(
        id=role.id,
        name=role.name,
        description=role.description,
        permission_names=role.permissions,
        created_time=role.created_at,
        tenant_id=role.tenant_id,
        default=role.is_default,
        private=role.is_private,
    )


SLICE = Slice(
    "roles",
    (
        writes(wire.CREATE, create),
        writes(wire.CREATE_BATCH, create_batch),
        writes(wire.UPDATE, update),
        writes(wire.UPDATE_BATCH, update_batch),
        writes(wire.DELETE, delete),
        writes(wire.DELETE_BATCH, delete_batch),
        reads(wire.LOAD_ALL, load_all),
        reads(wire.SEARCH, search),
    ),
)
