"""Who is meant: tenants, roles, permissions, access keys and users, named by their id or as people call them."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from avow.cli.problems import CannotStart
from avow.errors import AuthException, UserMissing
from avow.server.accesskeys import actions as keys
from avow.server.accesskeys.actions import HeldKey
from avow.server.accounts import actions as accounts
from avow.server.permissions import actions as permissions
from avow.server.permissions.actions import PermissionRow
from avow.server.roles import actions as roles
from avow.server.roles.actions import HeldRole
from avow.server.store import Tx
from avow.server.tenants import actions as tenants
from avow.server.tenants.actions import HeldTenant
from avow.server.users import actions as users
from avow.server.users.actions import Profile
from avow.wire.accounts import OneUser

__all__ = ["key", "login_id", "permission", "role", "role_names", "tenant", "tenant_id", "user"]

T = TypeVar("T")


def tenant(tx: Tx, named: str) -> HeldTenant:
    """Return a tenant by id or name.

    Raises:
        CannotStart: There is none, or several have the name.
    """
    found = tenants.search(tx, tenants.Wanted(tenant_ids=(named,)))
    found = found or tenants.search(tx, tenants.Wanted(names=(named,)))
    return _only("tenant", named, [(each.id, each) for each in found], "`avow tenant list` shows those there are")


def tenant_id(tx: Tx, named: str) -> str:
    """Return the id of a tenant by id or name; of "" it is ""."""
    return tenant(tx, named).id if named else ""


def role(tx: Tx, named: str, tenant_named: str = "") -> HeldRole:
    """Return a role by id, or by its name in the project or in a tenant.

    Raises:
        CannotStart: There is none, or no such tenant.
    """
    place = tenant_id(tx, tenant_named)
    by_id = roles.search(tx, roles.Wanted(role_ids=(named,)))
    if by_id and place in ("", by_id[0].tenant_id):
        return by_id[0]
    by_name = roles.search(tx, roles.Wanted(names=(named,)))
    if found := [each for each in by_name if each.tenant_id == place]:
        return found[0]
    if by_name and not place:
        raise CannotStart(
            f"There is no role {named!r} of the project, but one of {by_name[0].tenant_id}; name the tenant with "
            "--tenant."
        )
    raise CannotStart(f"There is no role {named!r}; `avow role list` shows those there are.")


def role_names(tx: Tx, named: Iterable[str]) -> tuple[str, ...]:
    """Return the names of roles that are named by id or by name; whether they exist is judged where they are given."""
    wanted = tuple(dict.fromkeys(named))
    known = {each.id: each.name for each in roles.search(tx, roles.Wanted(role_ids=wanted))} if wanted else {}
    return tuple(known.get(each, each) for each in wanted)


def permission(tx: Tx, named: str) -> PermissionRow:
    """Return a permission by id or name.

    Raises:
        CannotStart: There is none.
    """
    for each in permissions.every(tx):
        if named in (each.id, each.name):
            return each
    raise CannotStart(f"There is no permission {named!r}; `avow permission list` shows those there are.")


def key(tx: Tx, named: str) -> HeldKey:
    """Return an access key by id or name.

    Raises:
        CannotStart: There is none, or several have the name.
    """
    found = keys.search(tx, keys.Wanted(key_ids=(named,))) or keys.search(tx, keys.Wanted(names=(named,)))
    return _only(
        "access key", named, [(each.row.id, each) for each in found], "`avow accesskey list` shows those there are"
    )


def user(tx: Tx, named: str) -> Profile:
    """Return a user by id or login ID.

    Raises:
        CannotStart: There is none.
    """
    profile = users.find(tx, named)
    if profile is None:
        try:
            profile = accounts.load(tx, OneUser(login_id=named))
        except UserMissing:
            raise CannotStart(f"There is no user {named!r}; `avow user list {named}` searches.") from None
        except AuthException as refused:
            raise CannotStart(f"{named!r} is no login ID and no user id: {refused.error_message}") from None
    return profile


def login_id(tx: Tx, named: str) -> str:
    """Return a login ID of a user by id or login ID.

    Raises:
        CannotStart: There is no such user, or they have none (they are anonymous).
    """
    found = user(tx, named).login_ids
    if not found:
        raise CannotStart(f"The user {named!r} is anonymous, and can only be shown, signed out and deleted.")
    return found[0]


def _only(what: str, named: str, found: Sequence[tuple[str, T]], otherwise: str) -> T:
    if len(found) == 1:
        return found[0][1]
    if not found:
        raise CannotStart(f"There is no {what} {named!r}; {otherwise}.")
    ids = ", ".join(each for each, _ in found[:5])
    raise CannotStart(f"{len(found)} of the name {named!r} are there; give the id of one {what}: {ids}.")
