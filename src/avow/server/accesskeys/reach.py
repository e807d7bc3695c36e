"""Which access keys a management caller may touch, and what they may give one.

Nobody gives what they may not give otherwise: who names roles needs the right to give them, and who binds a key to a
user the right to change users, and to give roles if the user holds some. Who gives a key a new secret could use it, and
who activates one or says from where it may be used puts it into the world again: they need the same.

A caller of one tenant finds the keys of that tenant, and changes those that are wholly its own: of no other tenant,
without a private role and without custom claims, which applications take as the project's word.
"""

from collections.abc import Sequence

import msgspec

from avow.errors import Forbidden, InvalidArgument, NotFound
from avow.server.accesskeys import actions, rows
from avow.server.accesskeys.actions import HeldKey
from avow.server.accesskeys.rows import OwnRow, RoleRow
from avow.server.serving import Call
from avow.server.store import Tx, in_list
from avow.server.users import actions as users
from avow.wire.accesskeys import CreateAccessKey, KeyTenant

__all__ = ["require_created", "require_own", "require_right_to_use"]


def require_created(tx: Tx, call: Call[CreateAccessKey]) -> CreateAccessKey:
    """Return a key as the caller may make it; of a caller of one tenant, a key of that tenant.

    Raises:
        Forbidden: It is more than the caller may give.
        NotFound: Another tenant.
        InvalidArgument: A role that they do not see.
    """
    wanted = call.body
    if wanted.user_id:
        call.management.require("user")
        users.require_right_to_become(tx, call.management, wanted.user_id)
    if wanted.role_names or _names(wanted):
        call.management.require("role")
    tenant_id = call.management.tenant_id
    if not tenant_id:
        return wanted
    call.confinement.require(*(each.tenant_id for each in wanted.key_tenants or ()))
    if wanted.user_id or wanted.role_names or wanted.custom_claims:
        raise Forbidden(
            error_message="Only a caller of the whole project gives a key roles of the project, custom claims or a "
            "user to act for."
        )
    _require_visible(tx, tenant_id, _names(wanted))
    return msgspec.structs.replace(wanted, key_tenants=wanted.key_tenants or (KeyTenant(tenant_id=tenant_id),))


def require_own(tx: Tx, call: Call[object], key_ids: Sequence[str]) -> None:
    """Refuse keys that a caller of one tenant may not change.

    Raises:
        NotFound: One is not of the tenant.
        Forbidden: One is more than a key of the tenant.
    """
    tenant_id = call.management.tenant_id
    if not tenant_id:
        return
    clause, listed = in_list("key_ids", key_ids)
    found = tx.all(rows.OWN.replace("(:key_ids)", clause), OwnRow, tenant_id=tenant_id, **listed)
    if {row.id for row in found} != set(key_ids):
        raise NotFound(error_message=actions.MISSING)
    if any(row.is_shared for row in found):
        raise Forbidden(error_message="The access key is more than a key of this tenant.")


def require_right_to_use(tx: Tx, call: Call[object], key: HeldKey) -> None:
    """Refuse a caller who makes a key usable, for themselves or from elsewhere, that has what they may not give.

    Raises:
        Forbidden: A right is missing.
    """
    if key.row.user_id:
        call.management.require("user")
        users.require_right_to_become(tx, call.management, key.row.user_id)
    if key.held.roles or any(held.roles for held in key.held.tenants.values()):
        call.management.require("role")


def _require_visible(tx: Tx, tenant_id: str, names: Sequence[str]) -> None:
    for row in actions.roles_of(tx, names, (tenant_id,)) if names else ():
        if row.is_private:
            raise _unknown(row)


def _names(wanted: CreateAccessKey) -> list[str]:
    return [name for each in wanted.key_tenants or () for name in each.role_names or ()]


def _unknown(row: RoleRow) -> InvalidArgument:
    return InvalidArgument(error_message=f"There is no role named {row.name!r}.")
