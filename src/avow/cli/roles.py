"""`avow role ...`: named sets of permissions, of the project or of a tenant."""

from collections.abc import Callable
from dataclasses import dataclass

from avow.cli import named
from avow.cli.directory import ACTOR, Directory, directory, facts
from avow.cli.options import Where
from avow.cli.output import filled, plain, say, show, table
from avow.cli.problems import CannotStart
from avow.cli.questions import require_yes
from avow.server.roles import actions, handlers
from avow.server.roles.actions import HeldRole
from avow.server.store import Tx
from avow.wire.roles import CreateRole, Role, UpdateRole

__all__ = [
    "Details",
    "Wanted",
    "add_permissions",
    "create",
    "delete",
    "list_all",
    "remove_permissions",
    "summary",
    "update",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which roles `avow role list` is to show, as its options say."""

    text: str = ""
    tenants: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Details:
    """What a role is to be, as options say; None for what is not named."""

    name: str | None = None
    description: str | None = None
    is_default: bool | None = None
    is_private: bool | None = None


def list_all(wanted: Wanted, where: Where) -> None:
    """Print roles of the project and of its tenants, or those wanted."""

    def unit(tx: Tx) -> list[HeldRole]:
        return actions.search(
            tx,
            actions.Wanted(
                tenants=[named.tenant_id(tx, each) for each in wanted.tenants] or None,
                text=wanted.text,
                permissions=[named.permission(tx, each).name for each in wanted.permissions],
            ),
        )

    with directory(where) as opened:
        found = opened.look(unit)
    is_json = where["as_json"]
    table(
        [_facts(each) if is_json else _line(each) for each in found],
        as_json=is_json,
        empty="There is no role yet; make one with `avow role create NAME --permission PERMISSION`."
        if wanted == Wanted()
        else "There is no such role; `avow role list` shows all.",
    )


def summary(role: str, tenant: str, where: Where) -> None:
    """Print all that a role is."""
    with directory(where) as opened:
        found = _facts(opened.look(lambda tx: named.role(tx, role, tenant)))
    show(found if where["as_json"] else filled(found), as_json=where["as_json"])


def create(name: str, permissions: tuple[str, ...], tenant: str, details: Details, where: Where) -> None:
    """Make a role from permissions that exist."""

    def unit(tx: Tx) -> Role:
        body = CreateRole(
            name=name,
            description=details.description,
            permission_names=_permission_names(tx, permissions),
            tenant_id=named.tenant_id(tx, tenant) or None,
            default=details.is_default,
            private=details.is_private,
        )
        return handlers.create(tx, opened.call(body))

    with directory(where) as opened:
        made = opened.change(unit)
    place = f" --tenant {made.tenant_id}" if made.tenant_id else ""
    say(
        f"The role {made.name!r} is made: {made.id}\n\nTo give it: avow user add-role LOGIN_ID {made.id}{place}",
        facts(made),
        as_json=where["as_json"],
    )


def update(role: str, tenant: str, details: Details, where: Where) -> None:
    """Change what is named of a role; its permissions stay."""
    if details == Details():
        raise CannotStart("Say what is to change; `avow role update --help` shows what can.")
    with directory(where) as opened:
        changed = opened.change(lambda tx: _changed(opened, tx, named.role(tx, role, tenant), details))
    say(f"The role {changed.name!r} is changed.", facts(changed), as_json=where["as_json"])


def add_permissions(role: str, permissions: tuple[str, ...], tenant: str, where: Where) -> None:
    """Add permissions to a role; who holds it has them with their next token."""

    def added(tx: Tx, found: HeldRole) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*found.permissions, *_permission_names(tx, permissions))))

    _change_permissions(role, tenant, added, where)


def remove_permissions(role: str, permissions: tuple[str, ...], tenant: str, where: Where) -> None:
    """Take permissions out of a role; those that are not in it are refused."""

    def left(tx: Tx, found: HeldRole) -> tuple[str, ...]:
        gone = _permission_names(tx, permissions)
        if unknown := [each for each in gone if each not in found.permissions]:
            raise CannotStart(f"{unknown[0]!r} is not in the role; `avow role show {role}` shows what is.")
        return tuple(each for each in found.permissions if each not in gone)

    _change_permissions(role, tenant, left, where)


def delete(roles: tuple[str, ...], tenant: str, where: Where, *, is_agreed: bool) -> None:
    """Delete roles for ever, all or none."""
    with directory(where) as opened:
        found = opened.look(lambda tx: [named.role(tx, each, tenant) for each in roles])
        names = ", ".join(f"{each.name!r}" for each in found)
        require_yes(f"Delete the role(s) {names} for ever, and take them from whoever has them?", is_agreed=is_agreed)
        opened.change(
            lambda tx: actions.delete(tx, [actions.get(tx, each.id, "", None) for each in found], actor=ACTOR)
        )
    say(f"Deleted: {names}.", {"ids": [each.id for each in found], "deleted": True}, as_json=where["as_json"])


def _change_permissions(
    role: str, tenant: str, change: Callable[[Tx, HeldRole], tuple[str, ...]], where: Where
) -> None:
    def unit(tx: Tx) -> Role:
        found = named.role(tx, role, tenant)
        return _changed(opened, tx, found, Details(), change(tx, found))

    with directory(where) as opened:
        changed = opened.change(unit)
    permissions = ", ".join(changed.permission_names) or "none"
    say(
        f"The role {changed.name!r} has these permissions now: {plain(permissions)}.",
        facts(changed),
        as_json=where["as_json"],
    )


def _changed(
    opened: Directory, tx: Tx, found: HeldRole, details: Details, permissions: tuple[str, ...] | None = None
) -> Role:
    body = UpdateRole(
        id=found.id,
        new_name=found.name if details.name is None else details.name,
        description=found.description if details.description is None else details.description,
        permission_names=found.permissions if permissions is None else permissions,
        default=details.is_default,
        private=details.is_private,
    )
    return handlers.update(tx, opened.call(body))


def _permission_names(tx: Tx, permissions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(named.permission(tx, each).name for each in permissions)


def _facts(role: HeldRole) -> dict[str, object]:
    return facts(
        Role(
            id=role.id,
            name=role.name,
            description=role.description,
            permission_names=role.permissions,
            created_time=role.created_at,
            tenant_id=role.tenant_id,
            default=role.is_default,
            private=role.is_private,
        )
    )


def _line(role: HeldRole) -> dict[str, object]:
    marks = [name for name, is_so in (("default", role.is_default), ("private", role.is_private)) if is_so]
    return {
        "name": role.name,
        "tenant": role.tenant_id,
        "marks": " ".join(marks),
        "permissions": " ".join(role.permissions),
    }
